"""How long does the package mit_semseg take to predict a photo with one of its nets: channels_last, autocast?

    python benchmarks/peers/semseg_step.py --net=resnet50dilated_ppm_deepsup --precision=bfloat16

Needs `pip install torch mit_semseg`. Weights are random. The last line is JSON, as step.py's.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import torch
from mit_semseg.models import mobilenet, models, resnet

from benchmarks.measure import parse, random_batch, report_step, request_parser, time_steps

NETS = {  # row of FCN_model.NETS: (what the package wraps, the encoder, the decoder, its fc_dim)
    'mobilenetv2dilated_c1_deepsup': (models.MobileNetV2Dilated, mobilenet.mobilenetv2, 'c1_deepsup', 320),
    'resnet18dilated_c1_deepsup': (models.ResnetDilated, resnet.resnet18, 'c1_deepsup', 512),
    'resnet18dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet18, 'ppm_deepsup', 512),
    'resnet50dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet50, 'ppm_deepsup', 2048),
    'resnet101dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet101, 'ppm_deepsup', 2048),
    'resnet50_upernet': (models.Resnet, resnet.resnet50, 'upernet', 2048),
    'resnet101_upernet': (models.Resnet, resnet.resnet101, 'upernet', 2048),
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Prediction(torch.nn.Module):
    """Photos uint8 [B, H, W, 3] -> ids [B, H, W], as the package's test.py: the largest softmax of the full size."""

    def __init__(self, net, num_classes):
        super().__init__()
        wrap, encoder, decoder, fc_dim = NETS[net]
        self.encoder = wrap(encoder())
        self.decoder = models.ModelBuilder.build_decoder(decoder, fc_dim, num_classes - 1, '', use_softmax=True)
        for name, values in (('mean', MEAN), ('std', STD)):
            self.register_buffer(name, 255 * torch.tensor(values)[:, None, None])

    def forward(self, photos):
        """See the class."""
        pixels = (photos.permute(0, 3, 1, 2).float() - self.mean) / self.std
        maps = self.encoder(pixels.contiguous(memory_format=torch.channels_last), return_feature_maps=True)
        return self.decoder(maps, segSize=photos.shape[1:3]).argmax(1).add(1).byte()


def main():
    """Times the prediction of the command line."""
    request = parse(request_parser(__doc__, modes=('infer',)))
    torch.set_num_threads(request.threads)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    net = Prediction(request.net, request.num_classes).train(False).to(device, memory_format=torch.channels_last)
    photos, _ = random_batch(request)

    @torch.inference_mode()
    def step():
        with torch.autocast(device, getattr(torch, request.precision), enabled=request.precision != 'float32'):
            return net(torch.from_numpy(photos).to(device)).cpu().numpy()

    report_step(request, time_steps(step, request.steps), 'GPU' if device == 'cuda' else 'CPU',
                torch=torch.__version__)


if __name__ == '__main__':
    main()
