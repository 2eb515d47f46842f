"""The nets of the package mit_semseg, of any width, with random weights, and their files.

Needs torch and mit_semseg: import it behind pytest.importorskip of both.
"""
import collections
import contextlib
import os
from unittest import mock

import numpy as np
import torch
import torch_nets
from mit_semseg.lib.nn import SynchronizedBatchNorm2d
from mit_semseg.models import mobilenet, models, resnet
from torch import nn

ARCHITECTURES = {  # row of NETS: (encoder's class, its ResNet, decoder, fc_dim)
    'mobilenetv2dilated_c1_deepsup': (models.MobileNetV2Dilated, mobilenet.mobilenetv2, 'c1_deepsup', 320),
    'resnet18dilated_c1_deepsup': (models.ResnetDilated, resnet.resnet18, 'c1_deepsup', 512),
    'resnet18dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet18, 'ppm_deepsup', 512),
    'resnet50dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet50, 'ppm_deepsup', 2048),
    'resnet101dilated_ppm_deepsup': (models.ResnetDilated, resnet.resnet101, 'ppm_deepsup', 2048),
    'resnet50_upernet': (models.Resnet, resnet.resnet50, 'upernet', 2048),
    'resnet101_upernet': (models.Resnet, resnet.resnet101, 'upernet', 2048),
}


@contextlib.contextmanager
def divided_channels(divisor, scores):
    """Inside it the package's layers have fewer channels, but for those of the photo and the scores."""
    def thin(channels):
        return channels if channels in (3, scores) else channels // divisor

    class Conv2d(nn.Conv2d):
        def __init__(self, inputs, outputs, *args, groups=1, **how):
            groups = groups if groups == 1 else thin(groups)
            super().__init__(thin(inputs), thin(outputs), *args, groups=groups, **how)

    class BatchNorm2d(SynchronizedBatchNorm2d):
        def __init__(self, channels):
            super().__init__(thin(channels))

    with mock.patch.object(nn, 'Conv2d', Conv2d), mock.patch.object(models, 'BatchNorm2d', BatchNorm2d), \
            mock.patch.object(resnet, 'BatchNorm2d', BatchNorm2d), \
            mock.patch.object(mobilenet, 'BatchNorm2d', BatchNorm2d):
        yield


def make(row, scores, divisor=1, use_softmax=True):
    """(encoder, decoder) of a row in eval mode, with random weights and statistics, and scores of about N(0, 4)."""
    wrap, depth, name, fc_dim = ARCHITECTURES[row]
    with divided_channels(divisor, scores):
        encoder, decoder = wrap(depth()), models.ModelBuilder.build_decoder(name, fc_dim, scores, '', use_softmax)
    for seed, net in enumerate((encoder, decoder)):
        torch_nets.randomized(net, seed)
    maps = encoder(torch.randn(1, 3, 64, 96), return_feature_maps=True)
    last = last_layer(decoder)
    hook = last.register_forward_hook(lambda layer, inputs, outputs: layer.weight.data.mul_(2 / outputs.std()))
    decoder(maps, segSize=(64, 96))
    hook.remove()
    return encoder, decoder


def last_layer(decoder):
    """The 1x1 convolution that makes the scores."""
    return decoder.conv_last[-1] if isinstance(decoder.conv_last, nn.Sequential) else decoder.conv_last


def save(folder, encoder, decoder):
    """Writes both state_dicts; returns the encoder's path."""
    for name, net in (('encoder', encoder), ('decoder', decoder)):
        torch.save(net.state_dict(), os.path.join(str(folder), f'{name}_epoch_20.pth'))
    return os.path.join(str(folder), 'encoder_epoch_20.pth')


def pixels(photos):
    """The package's normalization: uint8 [B, H, W, 3] -> float32 [B, 3, H, W]."""
    x = torch.from_numpy(photos.transpose(0, 3, 1, 2).copy()).float() / 255
    mean, std = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (x - mean) / std


def softmax(encoder, decoder, photos, dtype=torch.float32, size=None):
    """Probabilities [B, H, W, scores] of photos, uint8 [B, h, w, 3], computed in dtype; size: (H, W), if not (h, w)."""
    with torch.no_grad():
        maps = encoder.to(dtype)(pixels(photos).to(dtype), return_feature_maps=True)
        return torch_nets.nhwc(decoder.to(dtype)(maps, segSize=size or photos.shape[1:3]))


# loss: before the step; updates: {name of a parameter: what the step added to it}, kernels as [h, w, in, out]
Trained = collections.namedtuple('Trained', 'loss updates')


def trained(encoder, decoder, photos, annotations, stride, rates):
    """One step of the package's training, without dropout; returns Trained.

    annotations: ids, uint8 [B, H, W], of which 0 and those beyond the scores do not count; rates: for encoder, decoder.
    """
    decoder.use_softmax = False
    scores = last_layer(decoder).out_channels
    small = annotations[:, stride // 2::stride, stride // 2::stride].astype(np.int64) - 1  # the package's segm_rounded
    small[small >= scores] = -1
    scale = 0.4 if hasattr(decoder, 'cbr_deepsup') else None
    net = models.SegmentationModule(encoder, decoder, nn.NLLLoss(ignore_index=-1), scale).train()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout2d):
            layer.p = 0.
    before = {name: array.clone() for half in (encoder, decoder) for name, array in half.named_parameters()}
    loss, _ = net({'img_data': pixels(photos), 'seg_label': torch.from_numpy(small)})
    loss.backward()
    for half, rate in zip((encoder, decoder), rates):
        torch.optim.SGD([{'params': [p for p in half.parameters() if p.ndim > 1], 'weight_decay': 1e-4},
                         {'params': [p for p in half.parameters() if p.ndim == 1], 'weight_decay': 0.}],
                        rate, 0.9).step()
    updates = {name: (array - before[name]).detach().numpy() for half in (encoder, decoder)
               for name, array in half.named_parameters()}
    return Trained(loss.item(), {name: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
                                 for name, array in updates.items()})
