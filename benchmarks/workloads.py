"""The project's own steps, just as training and prediction take them, to be timed and profiled."""
import contextlib
import tempfile

from benchmarks.measure import parse, random_batch, request_parser
from benchmarks.untrained import untrained_run
from fcn8s.devices import assume_frozen_weights, resolve_precision
from fcn8s.nets.train_op import Recipe
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.tf1 import tf, use_version_1
from fcn8s.weights.restore import initialize
from FCN_model import NetConfig, training_graph
from TensorflowUtils import create_session

LEARNING_RATE = 1e-5


def our_parser(doc, **options):
    """The flags of a benchmark of the project's own; options: as for request_parser."""
    return request_parser(doc, auto_precision=True, xla=True, **options)


def parse_ours(parser):
    """The request of the command line, its precision resolved. To be called before TensorFlow starts."""
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

    wrap: function session -> what stands in for it, for a look at what it runs.
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
    """A Segmenter."""
    with tempfile.TemporaryDirectory() as folder:
        untrained_run(folder, request.net, request.num_classes, request.net_width)
        with Segmenter(folder, precision=request.precision) as segmenter:
            yield segmenter


@contextlib.contextmanager
def open_training(request, wrap=unwrapped):
    """A step of FCN_train with Adam, fed and fetched as the Trainer does between two summaries.

    photos uint8 [B, H, W, 3], annotations uint8 [B, H, W] -> dict with the loss.
    """
    with tf.Graph().as_default(), create_session() as session:
        graph = training_graph(NetConfig(request.net, request.num_classes, request.net_width),
                               Recipe(precision=request.precision))
        initialize(session, tf.global_variables())
        session.graph.finalize()
        session = wrap(session)
        fetches = {'loss': graph.loss, 'finite': graph.finite, 'train': graph.train}

        def step(photos, annotations):
            return session.run(fetches, {graph.images: photos, graph.annotations: annotations,
                                         graph.encoder_rate: LEARNING_RATE, graph.decoder_rate: LEARNING_RATE})
        yield step
