"""How much of an inference's time is the net's own: photos are decoded and results written while the net runs.

    python benchmarks/pipeline.py --steps=200                       # photos of 480x640
    python benchmarks/pipeline.py --steps=200 --logs_dir=logs/demo  # a trained net

An untrained net finds all classes as noise, whose PNG and legend take four times as long to write as a trained net's.
Efficiency is the time of the net alone on the same batches of photos, over the time of the whole inference from files
to files; --rounds takes turns. The last line is JSON.
"""
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import positive, print_result, tensorflow_device
from benchmarks.photos import write_photos
from benchmarks.workloads import open_inference, our_parser, parse_ours
from fcn8s.data.photos import read_photo
from fcn8s.prediction.inputs import plan_folders
from fcn8s.prediction.outputs import Results
from fcn8s.prediction.photos import Job, Tally, infer_photos
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.prediction.shards import ALL
from fcn8s.utils.tf1 import tf


def main():
    """Measures as the command line says."""
    parser = our_parser(__doc__, modes=('infer',))
    parser.set_defaults(height=480, width=640, steps=200)
    parser.add_argument('--rounds', type=positive, default=1, help='turns of the whole inference and of the net alone')
    parser.add_argument('--logs_dir', help='run whose net to use (default: an untrained net)')
    request = parse_ours(parser)
    whole, alone = [], []
    with tempfile.TemporaryDirectory() as folder, open_net(request) as segmenter:
        write_photos(folder, 'photos', request.steps, request.height, request.width, request.num_classes)
        photos = os.path.join(folder, 'images', 'photos')
        infer(segmenter, photos, os.path.join(folder, 'warm'), 8)
        for number in range(request.rounds):
            whole.append(infer(segmenter, photos, os.path.join(folder, str(number)), request.steps))
            alone.append(run_net(segmenter, photos, request.steps))
    result = {'seconds': statistics.median(whole), 'net_alone_seconds': statistics.median(alone),
              'efficiency': statistics.median(a / w for a, w in zip(alone, whole))}
    print('{seconds:.1f} s in all, {net_alone_seconds:.1f} s for the net alone: efficiency {efficiency:.2f}'.format(
        **result))
    print_result(dict(vars(request), **result, device=tensorflow_device(tf)), tensorflow=tf.version.VERSION)


def open_net(request):
    """The Segmenter to measure."""
    return Segmenter(request.logs_dir, precision=request.precision) if request.logs_dir else open_inference(request)


def infer(segmenter, folder, output_dir, count):
    """Seconds of the inference of the first photos of a folder, pictures written as FCN_infer.py does by default."""
    work = plan_folders([folder], Results(output_dir, 'overlay', False), ALL)
    items = list(work)[:count]
    job, tally = Job(segmenter, segmenter.net.classes, 'overlay', False, lambda item: False, None), Tally()
    started = time.perf_counter()
    infer_photos(items, count, job, tally)
    assert not tally.errors, tally.errors
    return time.perf_counter() - started


def run_net(segmenter, folder, count):
    """Seconds that the net alone takes for as many photos, in the batches in which it gets them."""
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))[:count]
    seconds = 0.
    for batch in segmenter.batches(map(read_photo, paths)):
        started = time.perf_counter()
        segmenter.predict(batch)
        seconds += time.perf_counter() - started
    return seconds


if __name__ == '__main__':
    main()
