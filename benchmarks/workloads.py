"""The project's own steps, as training and prediction run them, to be timed and profiled.

    python benchmarks/workloads.py FOLDER NET NUM_CLASSES NET_WIDTH     writes the run folder of an untrained net
"""
import contextlib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.measure import parse, random_batch, request_parser
from fcn8s.config import save_config
from fcn8s.data.classes import generic_classes
from fcn8s.devices import assume_frozen_weights, resolve_precision
from fcn8s.nets.all_sum import ALONE
from fcn8s.nets.train_op import StepOptions
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.tf1 import tf, use_version_1
from fcn8s.weights.restore import initialize
from fcn8s.weights.saver import CheckpointSaver
from FCN_model import NetConfig, build, training_graph
from TensorflowUtils import create_session

LEARNING_RATE = 1e-5


def our_parser(doc, **options):
    """The flags of a benchmark of our own code; options: as for request_parser."""
    return request_parser(doc, auto_precision=True, xla=True, **options)


def parse_ours(parser):
    """Parses the command line and resolves the precision. Call it before TensorFlow starts."""
    request = parse(parser)
    if request.mode != 'train':
        assume_frozen_weights()  # as FCN_test and FCN_infer do
    use_version_1()
    request.precision = resolve_precision(request.precision)
    return request


def unwrapped(session):
    """The session itself."""
    return session


@contextlib.contextmanager
def open_step(request, wrap=unwrapped):
    """A context of a function that takes one step of request.mode on a batch of noise.

    wrap: function session -> a replacement that can watch what it runs.
    """
    photos, annotations = random_batch(request)
    if request.mode == 'infer':
        with open_inference(request) as segmenter:
            segmenter._session = wrap(segmenter._session)
            yield lambda: segmenter.predict_batch(photos)
    else:
        with open_training(request, wrap) as step:
            yield lambda: step(photos, annotations)


@contextlib.contextmanager
def open_inference(request):
    """A context of a Segmenter of an untrained net: a net's time does not depend on its weights."""
    with tempfile.TemporaryDirectory() as folder:
        untrained_run(folder, request.net, request.num_classes, request.net_width)
        with Segmenter(folder, precision=request.precision) as segmenter:
            yield segmenter


@contextlib.contextmanager
def open_training(request, wrap=unwrapped, open_session=create_session, group=ALONE):
    """A context of a training step with Adam, fed and fetched as FCN_train does between two summaries.

    open_session: function without arguments; group: the workers, a fcn8s.nets.all_sum.Group.
    photos uint8 [B, H, W, 3], annotations uint8 [B, H, W] -> dict with the loss.
    """
    with tf.Graph().as_default(), open_session() as session:
        graph = training_graph(NetConfig(request.net, request.num_classes, request.net_width),
                               StepOptions(precision=request.precision), group=group)
        initialize(session, tf.global_variables())
        session.graph.finalize()
        session = wrap(session)
        fetches = {'loss': graph.loss, 'finite': graph.finite, 'train': graph.train}

        def step(photos, annotations):
            return session.run(fetches, {graph.images: photos, graph.annotations: annotations,
                                         graph.encoder_rate: LEARNING_RATE, graph.decoder_rate: LEARNING_RATE})
        yield step


def untrained_run(folder, net, num_classes, net_width):
    """Writes the run folder in a new process, whose memory is not counted as Segmenter's."""
    subprocess.run([sys.executable, os.path.abspath(__file__), folder, net, str(num_classes), str(net_width)],
                   check=True)


def write_untrained(folder, net, num_classes, net_width):
    """Writes a checkpoint and its config.json, so that Segmenter can be timed as users run it."""
    num_classes, net_width = int(num_classes), float(net_width)
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(0)
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), num_classes, net_width)
        session.run(tf.global_variables_initializer())
        CheckpointSaver(folder, tf.global_variables(), tf.global_variables()).save(session, 0)
    save_config(folder, NetConfig(net, num_classes, net_width, generic_classes(num_classes)), {})


if __name__ == '__main__':
    write_untrained(*sys.argv[1:])
