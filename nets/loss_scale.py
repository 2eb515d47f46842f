"""Loss scaling for float16, whose smallest gradients would become zero (Micikevicius et al., arXiv 1710.03740)."""
import collections

from TensorflowUtils import tf

SCOPE = 'loss_scale'
START = 2. ** 15

# loss: the scaled loss; unscaled: function from a gradient of it to one of the loss itself; judge: function from those
# to (taken, judged): whether all are finite, and whether that is as it should be
Scaled = collections.namedtuple('Scaled', 'loss unscaled judge')


def scaled_loss(loss):
    """Scales a loss as far as its gradients stay finite: a step in which one does not halves the scale, 2000 that are
    finite double it.

    A step that is lost to a scale above 1 is as it should be; with scale 1 it shows that training diverges. The scale
    belongs to no checkpoint: a run that goes on finds it anew.
    """
    with tf.name_scope(SCOPE + '/'):
        scale = tf.train.experimental.DynamicLossScale(initial_loss_scale=START)
        now = tf.identity(scale())

    def judge(gradients):
        with tf.name_scope(SCOPE + '/'):  # names outside it, such as Adam's in a checkpoint, are those without a scale
            update, finite = scale.update(gradients)
        with tf.control_dependencies([update]):
            taken = tf.logical_and(tf.is_finite(loss), finite)
        return taken, tf.logical_and(tf.is_finite(loss), tf.logical_or(finite, now > 1.))

    return Scaled(loss * now, lambda gradient: gradient / now, judge)


def without_scale(loss):
    """The Scaled of precisions that need no scale.

    A gradient that is not finite shows in the gradients of biases and normalizations, so the large kernels' need not
    be searched.
    """
    def judge(gradients):
        small = [tf.reduce_all(tf.is_finite(gradient)) for gradient in gradients if len(gradient.shape) < 2]
        finite = tf.reduce_all(tf.stack([tf.is_finite(loss)] + small))
        return finite, finite

    return Scaled(loss, lambda gradient: gradient, judge)
