"""One optimizer step: gradients, loss scaling, weight decay, clipping, towers on several devices, several workers."""
import collections

from fcn8s.nets.all_sum import ALONE, all_sum
from fcn8s.nets.layers import CHANGES
from fcn8s.utils.tf1 import tf

SCOPE = 'loss_scale'
INITIAL_SCALE = 2. ** 15

# loss: the scaled loss; unscale: function from a gradient of it to one of the loss itself; check_gradients: function
# from the latter and the loss that all workers share to two bool tensors (apply, finite): whether to apply the step,
# and whether training is still healthy
Scaled = collections.namedtuple('Scaled', 'loss unscale check_gradients')

# What training fetches and feeds. images, annotations, encoder_rate, decoder_rate: placeholders; step: the global
# step, a variable; train: the op of one step; finite: whether it was applied, or lost to float16's loss scale;
# progress: {name: scalar}; validate: (ids, loss, summed weight of the pixels) without dropout; variables: the net's
# own; saved: those, the optimizer's and the step; stop: see Step.
TrainingGraph = collections.namedtuple(
    'TrainingGraph', 'images annotations encoder_rate decoder_rate step train loss finite progress validate variables '
                     'saved end_points gradients stop')
# train: the op; gradients: list of pairs (gradient, variable); finite: bool tensor, False if the step was not finite
# for another reason than the loss scale; loss: scalar, of all workers; stop: None, or for several workers (placeholder,
# to be fed with 1 by one that is to stop; how many said so)
Step = collections.namedtuple('Step', 'train gradients finite loss stop')


def scaled_loss(loss):
    """Scales a loss up as far as its gradients stay finite, because small gradients underflow in float16.

    A gradient that is not finite halves the scale; 2000 finite steps double it. Above scale 1 such a step is normal, at
    scale 1 it means that training diverges. The scale is not saved: a resumed run finds it again.
    """
    with tf.name_scope(SCOPE + '/'):
        scale = tf.train.experimental.DynamicLossScale(initial_loss_scale=INITIAL_SCALE)
        now = tf.identity(scale())

    def check_gradients(gradients, loss):
        with tf.name_scope(SCOPE + '/'):  # keeps the names of Adam's variables the same as without a scale
            update, finite = scale.update(gradients)
        with tf.control_dependencies([update]):
            apply = tf.logical_and(tf.is_finite(loss), finite)
        return apply, tf.logical_and(tf.is_finite(loss), tf.logical_or(finite, now > 1.))

    return Scaled(loss * now, lambda gradient: gradient / now, check_gradients)


def without_scale(loss):
    """The Scaled of a precision that needs no scale.

    Checks the gradients of biases and normalizations only: any value that is not finite reaches them.
    """
    def check_gradients(gradients, loss):
        small = [tf.reduce_all(tf.is_finite(gradient)) for gradient in gradients if len(gradient.shape) < 2]
        finite = tf.reduce_all(tf.stack([tf.is_finite(loss)] + small))
        return finite, finite

    return Scaled(loss, lambda gradient: gradient, check_gradients)


def in_towers(tower, devices, *batches):
    """Splits each of `batches` [B, ...] among the devices; returns the results of tower(number, *parts) as a list.

    devices: as tf.device takes them; their number must divide B. The collection CHANGES gets those of every tower.
    """
    if len(devices) == 1:
        with tf.device(devices[0]):
            return [tower(0, *batches)]
    towers = []
    for number, (device, parts) in enumerate(zip(devices, zip(*(tf.split(batch, len(devices)) for batch in batches)))):
        with tf.device(device):
            towers.append(tower(number, *parts))
    return towers


# How a net is trained, step by step.
#   optimizer, momentum   'adam', 'adamw', or 'sgd' with this momentum
#   weight_decay, l2      L2 penalties: on all kernels, and on those of the decoder alone; adamw's weight_decay is
#                         decoupled from the gradients (Loshchilov and Hutter, arXiv 1711.05101)
#   clip_norm             largest global norm of the gradients, 0 for no limit
#   skip_nonfinite        whether a step that is not finite still advances global_step
#   keep_prob             probability that dropout keeps a value, None for that of each layer as published
#   fix_bn                whether batch normalization uses its moving averages and leaves them unchanged
#   precision             of the layers; weights and loss are float32
#   seed                  of dropout
StepOptions = collections.namedtuple(
    'StepOptions', 'optimizer momentum weight_decay l2 clip_norm skip_nonfinite keep_prob fix_bn precision seed')
StepOptions.__new__.__defaults__ = ('adam', 0.9, 0., 0., 0., False, None, False, 'float32', 0)


def training_step(loss, encoder_rate, decoder_rate, decoder, global_step, options=StepOptions(), towers=1,
                  group=ALONE):
    """One optimizer step, with separate learning rates for encoder and decoder.

    A step whose loss or gradient is not finite changes no variable and no moving average of layers.CHANGES; with
    options.skip_nonfinite it still advances global_step.

    Args:
      loss: scalar, this worker's part; encoder_rate, decoder_rate: floats or scalar tensors.
      decoder: names of the decoder's variables.
      options: StepOptions; precision float16 scales the loss.
      towers: how many there are; several compute each gradient on the device of its forward op. The moving averages of
        batch normalization follow the mean over all towers of all workers.
      group: the workers, of which each takes the same step; their losses and gradients are summed.

    Returns:
      A Step.
    """
    variables = tf.trainable_variables()
    in_decoder = {v.op.name for v in variables} & set(decoder)
    scaled = scaled_loss(loss) if options.precision == 'float16' else without_scale(loss)
    gradients = tf.gradients(scaled.loss, variables, colocate_gradients_with_ops=towers > 1)
    gradients = [scaled.unscale(gradient) for gradient in gradients]
    # gradients read the variables in place, so no variable may change before all gradients are computed
    with tf.control_dependencies([_in_layer_dtype(gradient) for gradient in gradients]):
        gradients, changes, loss, stop = _over_workers(gradients, _summed_changes(), loss, group)
        apply, finite = scaled.check_gradients(gradients, loss)
    gradients = list(zip(gradients, variables))
    decoupled = options.weight_decay if options.optimizer == 'adamw' else 0.
    penalty = options.weight_decay - decoupled
    gradients = [(_decayed(g, v, penalty + (options.l2 if v.op.name in in_decoder else 0.)), v) for g, v in gradients]
    if options.clip_norm:
        clipped, _ = tf.clip_by_global_norm([g for g, _ in gradients], options.clip_norm)
        gradients = list(zip(clipped, variables))

    groups = [(_optimizer(options, rate), rate,
               [pair for pair in gradients if (pair[1].op.name in in_decoder) == is_decoder])
              for rate, is_decoder in ((encoder_rate, False), (decoder_rate, True))]

    def apply_gradients():
        steps = []
        for optimizer, rate, pairs in groups:
            shrunk = [tf.assign_sub(v, rate * decoupled * v).op for _, v in pairs if decoupled and _is_kernel(v)]
            with tf.control_dependencies(shrunk):
                steps += [optimizer.apply_gradients(
                    [(tf.cast(_in_layer_dtype(g), v.dtype.base_dtype), v) for g, v in pairs])] if pairs else []
        count = towers * group.size
        return tf.group(steps + [tf.assign_sub(average, change / count if count > 1 else change)
                                 for average, change in changes])

    applied = tf.cond(apply, apply_gradients, tf.no_op)
    with tf.control_dependencies([applied]):
        advance = tf.logical_or(finite, options.skip_nonfinite)
        train = tf.assign_add(global_step, tf.cast(advance, tf.int64)).op
    return Step(train, gradients, finite, loss, stop)


def _summed_changes():
    """[(moving average, sum of its changes in all towers)] of the collection CHANGES."""
    changes = collections.OrderedDict()
    for average, change in tf.get_collection(CHANGES):
        changes.setdefault(average.op.name, (average, []))[1].append(change)
    return [(average, tf.add_n(parts) if len(parts) > 1 else parts[0]) for average, parts in changes.values()]


def _over_workers(gradients, changes, loss, group):
    """(gradients, changes, loss, stop): summed over all workers, in one go; the last as in a Step."""
    if group.size == 1:
        return gradients, changes, loss, None
    stop = tf.placeholder_with_default(tf.zeros([]), [], 'stop')
    loss, stops, *sums = all_sum([loss, stop] + [_in_layer_dtype(gradient) for gradient in gradients]
                                 + [change for _, change in changes], group)
    changes = [(average, change) for (average, _), change in zip(changes, sums[len(gradients):])]
    return sums[:len(gradients)], changes, loss, (stop, stops)


def _in_layer_dtype(gradient):
    """A variable's gradient in its layer's dtype: bfloat16 gradients take half the memory while they wait."""
    return gradient.op.inputs[0] if gradient.op.type == 'Cast' else gradient


def _optimizer(options, rate):
    if options.optimizer in ('adam', 'adamw'):
        return tf.train.AdamOptimizer(rate)
    return tf.train.MomentumOptimizer(rate, options.momentum)


def _decayed(gradient, variable, decay):
    """The gradient of the loss plus decay / 2 times the squared norm of a kernel."""
    return gradient + decay * variable if decay and _is_kernel(variable) else gradient


def _is_kernel(variable):
    return len(variable.shape) > 1
