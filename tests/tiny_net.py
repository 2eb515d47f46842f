"""A net that is built and stepped in no time, for tests of what surrounds training; importing adds it to NETS.

Its checkpoints take 6 MB, so that a save takes long enough to be interrupted.
"""
from FCN_model import NETS, Net
from TensorflowUtils import conv2d, normal, tf

WIDE = 8192


def encoder(pixels, width=1., training=False, drop=None):
    """One convolution of 8x8 and one of 1x1, at an eighth of the height and width."""
    x = tf.nn.relu(conv2d(pixels / 100, tf.get_variable('first', [8, 8, 3, 64], initializer=normal(192)), stride=8))
    x = tf.nn.relu(conv2d(x, tf.get_variable('wide', [1, 1, 64, WIDE], initializer=normal(64))))
    return {'wide': drop(x, 0, 0.8) if drop else x}


def head(end_points, like, num_classes, width=1., training=False, drop=None):
    """Scores, brought to the size of `like`."""
    weights = tf.get_variable('score', [1, 1, WIDE, num_classes], initializer=normal(WIDE, 1.))
    bias = tf.get_variable('bias', [num_classes], initializer=tf.zeros_initializer())
    return tf.image.resize_nearest_neighbor(conv2d(end_points['wide'], weights, bias), tf.shape(like)[1:3])


NETS['tiny'] = Net(encoder, head, (128.,) * 3, (1.,) * 3, None, 8, True, 'the tests')
TRAIN = ('--net=tiny', '--pretrained=none', '--learning_rate=1e-3', '--validation_num=0')
