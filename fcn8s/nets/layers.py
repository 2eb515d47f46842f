"""The layers of the nets: convolutions, pooling, batch normalization, resampling."""
from fcn8s.devices import takes_plain_ops
from fcn8s.nets.fast_conv import conv2d
from fcn8s.utils.tf1 import tf
from TensorflowUtils import conv2d as plain_conv2d
from TensorflowUtils import normal, weight


def conv(x, name, size, channels, stride=1, rate=1, bias=False, start=None):
    """A convolution and its variables: [B, H, W, in] -> [B, ceil(H / stride), ceil(W / stride), channels].

    Args:
      name: the kernel is called name_w, [size, size, in, channels], and the bias name_b, [channels].
      size: odd; rate * (size - 1) / 2 zeros are padded on each side.
      rate: dilation, the distance of the inputs that a kernel sees; 1 where stride is not.
      start: initializer of the kernel; None keeps the size of activations in front of a ReLU.
    """
    start = start or normal(size * size * int(x.shape[3]))
    kernel = weight(name + '_w', [size, size, x.shape[3], channels], start, x.dtype)
    y = _convolved(x, kernel, size, stride, rate)
    if bias:
        y = tf.nn.bias_add(y, weight(name + '_b', [channels], tf.zeros_initializer(), x.dtype))
    return y


def max_pool(x, size, padding=0):
    """Max pooling with stride 2, [B, H, W, C] -> [B, floor((H + 2 * padding - size) / 2) + 1, ..., C].

    The padding is never the maximum; a last row or column that fills no window is left out.
    """
    if padding:
        x = tf.pad(x, _sides(padding), constant_values=x.dtype.min)
    return tf.nn.max_pool(x, [1, size, size, 1], [1, 2, 2, 1], 'VALID')


def _convolved(x, kernel, size, stride, rate):
    if stride > 1:
        return tf.nn.conv2d(tf.pad(x, _sides(size // 2)), kernel, [1, stride, stride, 1], 'VALID')
    if rate == 1:
        return conv2d(x, kernel)
    if takes_plain_ops():
        return plain_conv2d(x, kernel, rate=rate)
    # TensorFlow's own dilated convolution has no gradient on a CPU. Every rate-th row and column is an image here.
    filled = [[0, -tf.shape(x)[1] % rate], [0, -tf.shape(x)[2] % rate]]
    images = tf.space_to_batch_nd(x, [rate, rate], filled)
    return tf.batch_to_space_nd(conv2d(images, kernel), [rate, rate], filled)


def _sides(padding):
    return [[0, 0], [padding, padding], [padding, padding], [0, 0]]


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


def adaptive_avg_pool(x, bins):
    """The means of bins x bins areas that cover x: [B, H, W, C] -> [B, bins, bins, C], any H and W.

    Area i spans rows floor(i * H / bins) to ceil((i + 1) * H / bins), likewise columns, as in PyTorch's
    AdaptiveAvgPool2d; neighbours overlap where bins does not divide H.
    """
    channels = int(x.shape[3])
    height, width = tf.shape(x)[1], tf.shape(x)[2]
    rows = tf.cast(_areas(height, bins), x.dtype)
    columns = tf.cast(_areas(width, bins), x.dtype)
    # reshapes alone, so that x is nowhere transposed
    y = tf.matmul(rows, tf.reshape(x, [-1, height, width * channels]))  # [B, bins, W * C]
    y = tf.matmul(columns, tf.reshape(y, [-1, width, channels]))        # [B * bins, bins, C]
    return tf.reshape(y, [-1, bins, bins, channels])


def resize_bilinear(x, like):
    """Bilinear interpolation to the height and width of the tensor `like`: [B, h, w, C] -> float32 [B, H, W, C].

    Corners are aligned: the corner pixels' centres map onto each other, as in PyTorch before 0.4.
    """
    y = tf.image.resize_bilinear(tf.cast(x, tf.float32), tf.shape(like)[1:3], align_corners=True)
    y.set_shape([x.shape[0], like.shape[1], like.shape[2], x.shape[3]])
    return y


def _areas(length, bins):
    """float32 [1, bins, length]: row i holds the weights that average area i."""
    i = tf.range(bins)[:, None]
    start, end = i * length // bins, ((i + 1) * length + bins - 1) // bins
    position = tf.range(length)
    inside = tf.logical_and(position >= start, position < end)
    return (tf.cast(inside, tf.float32) / tf.cast(end - start, tf.float32))[None]
