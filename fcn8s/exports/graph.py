"""The graph that is exported: a photo of any size in, class ids out, resizing included."""
import contextlib

from fcn8s.data.photos import round_up
from fcn8s.devices import plain_ops
from fcn8s.nets.pillow_resampling import enlarge_bilinear, resize_nearest, resize_nearest_exact
from fcn8s.utils.tf1 import tf
from fcn8s.weights.restore import load_arrays
from FCN_model import build_scores
from TensorflowUtils import create_session

IMAGES, IDS, PROBABILITIES = 'images', 'ids', 'probabilities'


def tensorflow_graph(net, with_class_0):
    """Builds what Segmenter.predict does, for TensorFlow's own formats; returns the net's variables.

    Its tensors: images, uint8 [B, H, W, 3]; ids, uint8 [B, H, W]; probabilities, float32 [B, H, W, N]. The ids are
    resized as Pillow resizes, to the bit.

    Args:
      net: a NetConfig.
      with_class_0: False excludes class 0 from the ids.
    """
    # resource variables, because TensorFlow 2 can load no others
    scores, height, width = _scores(net, use_resource=True)
    tf.identity(resize_nearest(scores.ids(with_class_0), height, width), IDS)
    softmax = tf.nn.softmax(scores.logits)
    tf.image.resize_bilinear(softmax, [height, width], half_pixel_centers=True, name=PROBABILITIES)
    return tf.global_variables()


def portable_graph(net, with_class_0):
    """The same without probabilities, of ops that every runtime computes alike: see resize_nearest_exact."""
    scores, height, width = _scores(net, use_resource=False)
    ids = tf.cast(scores.ids(with_class_0), tf.int32)
    tf.cast(resize_nearest_exact(ids, height, width), tf.uint8, name=IDS)
    return tf.global_variables()


def _scores(net, use_resource):
    images = tf.placeholder(tf.uint8, [None, None, None, 3], IMAGES)
    height, width = tf.unstack(tf.shape(images)[1:3])
    pixels = tf.cast(enlarge_bilinear(images, round_up(height), round_up(width)), tf.float32)
    with plain_ops(), tf.variable_scope(tf.get_variable_scope(), use_resource=use_resource):
        return build_scores(net.net, pixels, net.num_classes, net.width)[0], height, width


@contextlib.contextmanager
def filled(graph_of, segmenter, with_class_0):
    """Yields a session with one of the graphs above, filled with a Segmenter's weights."""
    with tf.Graph().as_default() as graph, create_session(graph) as session:
        variables = graph_of(segmenter.net, with_class_0)
        names = {variable.op.name: variable.op.name for variable in variables}
        shapes = {variable.op.name: variable.shape.as_list() for variable in variables}
        load_arrays(session, variables, names, segmenter.array, shapes)  # not from the file, which may be gone
        yield session
