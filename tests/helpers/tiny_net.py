"""A net that is built and stepped in no time, for tests of what surrounds training; importing adds it to NETS.

Its checkpoints take 6 MB, so that a save takes long enough to be interrupted.
"""
from fcn8s.nets.layers import batch_norm
from fcn8s.nets.scores import from_logits
from fcn8s.utils.tf1 import tf
from FCN_model import NETS, Net
from TensorflowUtils import conv2d, normal, weight

WIDE = 8192


def encoder(pixels, build):
    """One convolution of 8x8 and one of 1x1, at an eighth of the height and width."""
    x = tf.nn.relu(conv2d(pixels / 100, weight('first', [8, 8, 3, 64], normal(192), pixels.dtype), stride=8))
    x = tf.nn.relu(conv2d(x, weight('wide', [1, 1, 64, WIDE], normal(64), x.dtype)))
    return {'wide': build.drop(x, 0, 0.8)}


def head(end_points, like, num_classes, build):
    """Scores, brought to the size of `like`."""
    del build
    x = end_points['wide']
    weights = weight('score', [1, 1, x.shape[3], num_classes], normal(WIDE, 1.), x.dtype)
    bias = weight('bias', [num_classes], tf.zeros_initializer(), x.dtype)
    return from_logits(tf.image.resize_nearest_neighbor(conv2d(x, weights, bias), tf.shape(like)[1:3]))


def normalized_encoder(pixels, build):
    """One convolution, batch normalization and dropout, at an eighth of the height and width."""
    x = conv2d(pixels / 100, weight('first', [8, 8, 3, WIDE // 128], normal(192), pixels.dtype), stride=8)
    x = tf.nn.relu(batch_norm(x, 'normalized', build.training))
    return {'wide': build.drop(x, 0, 0.8)}


NETS['tiny'] = Net(encoder, head, (128.,) * 3, (1.,) * 3, None, 8, True, None, 'the tests')
NETS['tiny_bn'] = NETS['tiny']._replace(encoder=normalized_encoder)
TRAIN = ('--net=tiny', '--pretrained=none', '--learning_rate=1e-3', '--validation_num=0')
