"""Batch normalization (Ioffe and Szegedy, arXiv 1502.03167) with PyTorch's constants."""
from TensorflowUtils import tf

MOMENTUM = 0.1    # of a batch in the moving averages
EPSILON = 1e-5    # added to the variance; TensorFlow raises it to 1.001e-5 for cuDNN
CHANGES = 'moving_average_changes'  # collection of pairs (moving average, what a step that is taken subtracts from it)


def batch_norm(x, name, training, scale_start=None):
    """Normalizes each channel: [B, H, W, C] -> the same shape and dtype.

    Its variables, float32 [C]: name_scale, name_bias and, not trainable, name_mean, name_variance.

    Args:
      training: True normalizes by the batch's mean and biased variance and puts into the collection CHANGES what
        moves the averages towards its mean and unbiased variance; False normalizes by the moving averages.
      scale_start: initializer of name_scale; None is 1.
    """
    def variable(part, start, trainable=True):
        return tf.get_variable('%s_%s' % (name, part), [x.shape[3]], tf.float32, start, trainable=trainable)

    scale = variable('scale', scale_start or tf.ones_initializer())
    bias = variable('bias', tf.zeros_initializer())
    mean = variable('mean', tf.zeros_initializer(), trainable=False)
    variance = variable('variance', tf.ones_initializer(), trainable=False)
    if not training:
        return tf.nn.fused_batch_norm(x, scale, bias, mean, variance, epsilon=EPSILON, is_training=False)[0]

    y, batch_mean, batch_variance = tf.nn.fused_batch_norm(x, scale, bias, epsilon=EPSILON)
    # a single value has no variance: a lone image in pyramid pooling's 1x1 would pull the average to 0
    count = tf.reduce_prod(tf.shape(x)[:3])
    momentum = tf.where(count > 1, MOMENTUM, 0.)
    for average, batch in ((mean, batch_mean), (variance, batch_variance)):
        batch = tf.where(tf.is_finite(batch), batch, average)  # a step that overflows must not stay in the averages
        tf.add_to_collection(CHANGES, (average, momentum * (average - batch)))
    return y
