"""How long is a prediction of fcn8s in OpenVINO, converted from PyTorch?

    python benchmarks/peers/openvino_step.py --precision=bfloat16

Needs torch and openvino; runs on the CPU. The last line is JSON, as step.py's.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import openvino
import torch

from benchmarks.measure import parse, random_batch, report_step, request_parser, time_steps
from benchmarks.peers.torch_net import FCN8s, Prediction

HINTS = {'float32': 'f32', 'bfloat16': 'bf16', 'float16': 'f16'}


def compiled_net(net, photos, precision, threads):
    """The compiled model: photos uint8 [B, H, W, 3] -> [ids uint8 [B, H, W]]."""
    with torch.inference_mode():
        model = openvino.convert_model(Prediction(net.train(False)), example_input=torch.from_numpy(photos),
                                       input=list(photos.shape))
    return openvino.compile_model(model, 'CPU', {
        'INFERENCE_PRECISION_HINT': HINTS[precision], 'INFERENCE_NUM_THREADS': threads, 'PERFORMANCE_HINT': 'LATENCY'})


def main():
    """Times the prediction of the command line."""
    request = parse(request_parser(__doc__, modes=('infer',)))
    photos, _ = random_batch(request)
    predict = compiled_net(FCN8s(request.num_classes, request.net_width), photos, request.precision, request.threads)
    timing = time_steps(lambda: predict([photos])[0], request.steps)
    report_step(request, timing, 'CPU', openvino=openvino.__version__)


if __name__ == '__main__':
    main()
