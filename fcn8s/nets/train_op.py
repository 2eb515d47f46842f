"""One optimizer step: gradients, loss scaling, decay, clipping, towers."""
import collections

from fcn8s.nets.layers import CHANGES
from fcn8s.utils.tf1 import tf

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


def in_towers(tower, devices, *batches):
    """What tower(number, *parts) returns of the parts of each of `batches` [B, ...] on each device: a list of tuples.

    devices: as tf.device takes them; B is a multiple of their number. The moving averages of batch normalization follow
    the first tower alone, as in PyTorch's DataParallel.
    """
    if len(devices) == 1:
        with tf.device(devices[0]):
            return [tower(0, *batches)]
    towers = []
    for number, (device, parts) in enumerate(zip(devices, zip(*(tf.split(batch, len(devices)) for batch in batches)))):
        known = tf.get_collection(CHANGES)
        with tf.device(device):
            towers.append(tower(number, *parts))
        if number:
            tf.get_collection_ref(CHANGES)[:] = known
    return towers


# What one step is made of. optimizer: 'adam' or 'sgd' (with momentum); weight_decay: of all kernels; l2: the same of
# the decoder's alone; clip_norm: gradients are scaled down to this joint norm, 0 never; skip_nonfinite: a step that
# is not finite is passed over.
Recipe = collections.namedtuple('Recipe', 'optimizer momentum weight_decay l2 clip_norm skip_nonfinite keep_prob '
                                            'fix_bn precision seed')
Recipe.__new__.__defaults__ = ('adam', 0.9, 0., 0., 0., False, None, False, 'float32', 0)


def training_step(loss, encoder_rate, decoder_rate, decoder, global_step, recipe=Recipe(), scale_loss=False,
                  colocate=False):
    """One step of the optimizer, with a learning rate each for the encoder and the decoder.

    A step whose loss or gradient is not finite changes no variable, nor a moving average of batch_norm.CHANGES; with
    recipe.skip_nonfinite it still advances global_step.

    Args:
      loss: scalar; encoder_rate, decoder_rate: floats or scalar tensors.
      decoder: names of the variables that are the decoder's.
      scale_loss: whether gradients are float16's, see fcn8s.nets.train_op.
      colocate: whether each gradient is computed on the device of what it is the gradient of.

    Returns:
      (the op, gradients and variables: list of pairs, finite: bool tensor, False where the step was not taken and no
      scale is to blame).
    """
    variables = tf.trainable_variables()
    in_decoder = {v.op.name for v in variables} & set(decoder)
    scaled = scaled_loss(loss) if scale_loss else without_scale(loss)
    gradients = tf.gradients(scaled.loss, variables, colocate_gradients_with_ops=colocate)
    gradients = [(scaled.unscaled(g), v) for g, v in zip(gradients, variables)]
    # Gradients read the variables in place, so that none may change before all gradients are there.
    with tf.control_dependencies([_of_layer(gradient) for gradient, _ in gradients]):
        taken, finite = scaled.judge([gradient for gradient, _ in gradients])
    gradients = [(_decayed(g, v, recipe.weight_decay + (recipe.l2 if v.op.name in in_decoder else 0.)), v)
                 for g, v in gradients]
    if recipe.clip_norm:
        clipped, _ = tf.clip_by_global_norm([g for g, _ in gradients], recipe.clip_norm)
        gradients = list(zip(clipped, variables))

    groups = [(_optimizer(recipe, rate), [pair for pair in gradients if (pair[1].op.name in in_decoder) == is_decoder])
              for rate, is_decoder in ((encoder_rate, False), (decoder_rate, True))]

    def apply():
        steps = [optimizer.apply_gradients([(tf.cast(_of_layer(g), v.dtype.base_dtype), v) for g, v in pairs])
                 for optimizer, pairs in groups if pairs]
        return tf.group(steps + [tf.assign_sub(average, change) for average, change in tf.get_collection(CHANGES)])

    applied = tf.cond(taken, apply, tf.no_op)
    with tf.control_dependencies([applied]):
        advance = tf.logical_or(finite, recipe.skip_nonfinite)
        return tf.assign_add(global_step, tf.cast(advance, tf.int64)).op, gradients, finite


def _of_layer(gradient):
    """A variable's gradient in its layer's dtype: in bfloat16 all that wait for each other take half the memory."""
    return gradient.op.inputs[0] if gradient.op.type == 'Cast' else gradient


def _optimizer(recipe, rate):
    if recipe.optimizer == 'adam':
        return tf.train.AdamOptimizer(rate)
    return tf.train.MomentumOptimizer(rate, recipe.momentum)


def _decayed(gradient, variable, decay):
    """The gradient of the loss plus decay / 2 times the kernel's squares."""
    return gradient + decay * variable if decay and _is_kernel(variable) else gradient


def _is_kernel(variable):
    return len(variable.shape) > 1
