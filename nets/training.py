"""What is minimized, and the step that does it: loss, accuracy, optimizers."""
import collections

from nets.batch_norm import CHANGES
from nets.loss_scale import scaled_loss, without_scale
from TensorflowUtils import tf

# What one step is made of. optimizer: 'adam' or 'sgd' (with momentum); weight_decay: of all kernels; l2: the same of
# the decoder's alone; clip_norm: gradients are scaled down to this joint norm, 0 never; skip_nonfinite: a step that
# is not finite is passed over.
Recipe = collections.namedtuple('Recipe', 'optimizer momentum weight_decay l2 clip_norm skip_nonfinite')
Recipe.__new__.__defaults__ = ('adam', 0.9, 0., 0., 0., False)


def valid_pixels(annotations, num_classes, ignored=()):
    """bool [B, H, W]: the pixels of uint8 [B, H, W] that count, labelled 0..num_classes-1 and not one of `ignored`."""
    valid = annotations <= num_classes - 1  # in uint8: a GPU brings int32 to the CPU to compare it
    for label in ignored:
        valid = tf.logical_and(valid, tf.not_equal(annotations, label))
    return valid


def segmentation_loss(logits, annotations, valid, class_weights=None):
    """Softmax cross-entropy in nats, the mean over the valid pixels (0 where there is none); see summed_loss."""
    return tf.div_no_nan(*summed_loss(logits, annotations, valid, class_weights))


def summed_loss(logits, annotations, valid, class_weights=None):
    """(the valid pixels' softmax cross-entropies in nats, each times its weight, summed; the sum of the weights).

    logits float [B, H, W, N]; annotations uint8 [B, H, W]; valid bool [B, H, W]; class_weights: N floats, each
    pixel's weight by its class, or None for 1. A pixel that is not valid enters the op as class 0 with weight 0, for a
    label outside [0, N) makes NaN on a GPU and an error on a CPU.
    """
    labels = tf.where(valid, tf.cast(annotations, tf.int32), tf.zeros_like(annotations, tf.int32))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.cast(logits, tf.float32))
    weights = tf.cast(valid, tf.float32)
    if class_weights is not None:
        weights *= tf.gather(tf.constant(class_weights, tf.float32), labels)
    return tf.reduce_sum(losses * weights), tf.reduce_sum(weights)


def pixel_accuracy(ids, annotations, valid):
    """The share of the valid pixels whose id is right, in 0..1; uint8 [B, H, W] twice, bool [B, H, W]."""
    right = tf.logical_and(tf.equal(ids, annotations), valid)
    return tf.div_no_nan(tf.reduce_sum(tf.cast(right, tf.float32)), tf.reduce_sum(tf.cast(valid, tf.float32)))


def training_step(loss, encoder_rate, decoder_rate, decoder, global_step, recipe=Recipe(), scale_loss=False,
                  colocate=False):
    """One step of the optimizer, with a learning rate each for the encoder and the decoder.

    A step whose loss or gradient is not finite changes no variable, nor a moving average of batch_norm.CHANGES; with
    recipe.skip_nonfinite it still advances global_step.

    Args:
      loss: scalar; encoder_rate, decoder_rate: floats or scalar tensors.
      decoder: names of the variables that are the decoder's.
      scale_loss: whether gradients are float16's, see nets.loss_scale.
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
