"""How long does a photo take from the disk to its scores, or to the step that learns from it, and what waits for what?

    python benchmarks/end_to_end.py --mode=test --steps=20
    python benchmarks/end_to_end.py --mode=train --steps=10 --batch_size=2

test: FCN_test's own reading, prediction and scoring, seconds per photo, in turns with
peers/plain_testing.py's in float32.
train: FCN_train's own reader and step. Photos are of --height x --width, and the net sees them at multiples of 32.
The last line is JSON: seconds of a step, and the shares of reading that the step waits for, of the net and of scoring.
"""
import contextlib
import functools
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np

from batch_reader import BatchReader
from benchmarks.measure import positive, print_result, spread, tensorflow_device
from benchmarks.peers.plain_testing import test_plainly
from benchmarks.peers.tf1_step import open_plain, tensorflow
from benchmarks.photos import write_photos
from benchmarks.workloads import open_inference, open_training, our_parser, parse_ours
from fcn8s.data.classes import generic_classes
from fcn8s.data.photos import network_size
from fcn8s.data.records import Dataset
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.metrics import per_image_scores
from fcn8s.prediction.tiles import max_batch_size
from fcn8s.utils.tf1 import tf
from read_data import read_dataset

PARTS = ('reading', 'net', 'scoring')


def main():
    """Tests or trains as the command line says."""
    parser = our_parser(__doc__, modes=('test', 'train'))
    parser.set_defaults(width=683)
    parser.add_argument('--rounds', type=positive, default=1, help='turns of testing, ours and plainly')
    request = parse_ours(parser)
    if request.mode == 'test' and request.batch_size != 1:
        parser.error('testing chooses its batches itself: leave --batch_size out')
    with tempfile.TemporaryDirectory() as folder:
        batch = max_batch_size(network_size(request.height, request.width)) if request.mode == 'test' else 1
        count = batch * (1 + -(-request.steps // batch))  # the first batch is left out, the others are full
        write_photos(folder, 'training', count, request.height, request.width, request.num_classes)
        records = read_dataset(folder, 'training', request.num_classes).records
        result = test_both(records, request) if request.mode == 'test' else train(records, request)
    print_result(dict(vars(request), **result, device=tensorflow_device(tf)), tensorflow=tf.version.VERSION)


def test_both(records, request):
    """The result of testing: ours, and 'plain'."""
    ours, plain = [], []
    with open_inference(request) as segmenter, open_plain(
            tensorflow(), 'infer', request.num_classes, request.net_width) as predict_plainly:
        for _ in range(request.rounds):
            ours += test(records, segmenter, request.num_classes)[:request.steps]
            plain += list(test_plainly(records, predict_plainly, request.num_classes))[1:request.steps + 1]
    result = dict(described('ours', ours), plain=described('plain', plain))
    result['plain_over_ours'] = result['plain']['median_seconds'] / result['median_seconds']
    print(f'plain over ours: {result["plain_over_ours"]:.2f}')
    return result


def test(records, segmenter, num_classes):
    """[seconds by PARTS] of each record after the first batch."""
    rows, first, total, read, net, last = [], 0, 0, 0., 0., time.perf_counter()

    def timed(examples):
        nonlocal first, read, net, last
        first = first or len(examples)
        start = time.perf_counter()
        ids = segmenter.predict_batch(np.stack([example.image for example in examples]))
        read, last = (start - last) / len(examples), time.perf_counter()
        net = (last - start) / len(examples)
        return ids

    batches = functools.partial(segmenter.batches, photo_of=lambda example: example.image)
    dataset = Dataset(records, generic_classes(num_classes))
    with contextlib.closing(evaluate(dataset, timed, batches=batches)) as results:
        for result in results:
            total = total + result.full
            per_image_scores(result.small)
            rows.append((read, net, time.perf_counter() - last))
            last = time.perf_counter()
    return rows[first:]


def train(records, request):
    """The result of training with the reader; the first step is left out."""
    rows = []
    with open_training(request) as step, BatchReader(Dataset(records, generic_classes(request.num_classes)),
                                                            request.batch_size) as reader:
        for _ in range(request.steps + 1):
            start = time.perf_counter()
            batch = next(reader)
            read = time.perf_counter()
            step(batch.images, batch.annotations)
            rows.append((read - start, time.perf_counter() - read, 0.))
    result = described('ours', rows[1:])
    result['images_per_second'] = request.batch_size / result['median_seconds']
    print(f'{result["images_per_second"]:.2f} photos a second')
    return result


def described(who, rows):
    """Prints and returns the spread of the steps' seconds, and the share of each of PARTS; rows: seconds by PARTS."""
    total = sum(map(sum, rows))
    result = dict(spread([sum(row) for row in rows]),
                  shares={part: sum(seconds) / total for part, seconds in zip(PARTS, zip(*rows))})
    print('{}: median {median_seconds:.4f} s, {min_seconds:.4f} to {max_seconds:.4f}; '.format(who, **result)
          + ', '.join(f'{part} {share:.1%}' for part, share in result['shares'].items()))
    return result


if __name__ == '__main__':
    main()
