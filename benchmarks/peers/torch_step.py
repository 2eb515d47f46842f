"""How long is a step of fcn8s in PyTorch: channels_last, autocast, fused Adam?

    python benchmarks/peers/torch_step.py --precision=bfloat16

Uses the GPU if there is one. The last line is JSON, as step.py's.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import torch
from torch.nn import functional as F

from benchmarks.measure import parse, random_batch, report_step, request_parser, time_steps
from benchmarks.peers.torch_net import FCN8s, Prediction

LEARNING_RATE = 1e-5


def inference_step(net, photos, device, autocast):
    """A function that takes photos from numpy to the net and returns ids uint8 [B, H, W] in numpy."""
    predict = Prediction(net.train(False))

    @torch.inference_mode()
    def step():
        with autocast():
            return predict(torch.from_numpy(photos).to(device)).cpu().numpy()
    return step


def training_step(net, photos, annotations, device, autocast, scaled):
    """A function that takes a step of Adam and returns the loss; scaled: whether gradients need a scaled loss."""
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE, fused=True)
    scaler = torch.amp.GradScaler(device, enabled=scaled)

    def step():
        with autocast():
            logits = net(torch.from_numpy(photos).to(device))
        loss = F.cross_entropy(logits.float(), torch.from_numpy(annotations).to(device).long())
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.item()
    return step


def main():
    """Times the step of the command line."""
    request = parse(request_parser(__doc__))
    torch.set_num_threads(request.threads)
    torch.backends.cudnn.benchmark = True  # TensorFlow too tries the GPU's algorithms at first
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    net = FCN8s(request.num_classes, request.net_width).to(device, memory_format=torch.channels_last)
    photos, annotations = random_batch(request)

    def autocast():
        return torch.autocast(device, getattr(torch, request.precision), enabled=request.precision != 'float32')

    if request.mode == 'infer':
        step = inference_step(net, photos, device, autocast)
    else:
        step = training_step(net, photos, annotations, device, autocast, request.precision == 'float16')
    timing = time_steps(step, request.steps)
    report_step(request, timing, 'GPU' if device == 'cuda' else 'CPU', torch=torch.__version__)


if __name__ == '__main__':
    main()
