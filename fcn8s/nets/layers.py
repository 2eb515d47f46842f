"""The layers of the nets: they make their variables; fcn8s.nets.fast_conv chooses how convolutions are computed.

    conv2d, conv2d_transpose            with kernel and bias
    depthwise_conv2d, conv_bn           without bias
    max_pool, adaptive_avg_pool         as PyTorch pools; TensorflowUtils.pool is VGG's
    batch_norm, resize_bilinear
    Build, Dropout                      what one build of a net has in common

Feature maps are [batch, height, width, channels].
"""
import collections

from fcn8s.nets.fast_conv import convolve, convolve_each_channel, convolve_transposed
from fcn8s.utils.tf1 import tf
from TensorflowUtils import dropout, normal, weight


class Dropout(collections.namedtuple('Dropout', 'seed keep_prob')):
    """All dropout of one net.

    seed: int64 [2]; equal seeds drop equal values. keep_prob: in place of what the net was published with, or None.
    """

    def __call__(self, x, layer, keep_prob, whole_channels=False):
        """Drops values, or whole channels, of x: the output of layer number `layer`, published with this keep_prob."""
        seed = self.seed + tf.constant([layer, 0], tf.int64)
        return dropout(x, self.keep_prob or keep_prob, seed, whole_channels)


def keep_all(x, layer, keep_prob, whole_channels=False):
    """Stands for a Dropout where none is wanted: returns x."""
    del layer, keep_prob, whole_channels
    return x


class Build(collections.namedtuple('Build', 'width training drop')):
    """How a net is built: every encoder and head takes one.

    width: hidden layers have this part of their published channels. training: whether batch normalization uses and
    gathers the batch's statistics. drop: a Dropout, or keep_all.
    """

    def scaled(self, channels):
        """The channels of a hidden layer published with `channels`: at least 1."""
        return max(1, int(round(channels * self.width)))


Build.__new__.__defaults__ = (1., False, keep_all)


def conv2d(x, name, size, channels, stride=1, rate=1, bias=True, start=None):
    """A convolution and its variables: [B, H, W, in] -> [B, ceil(H / stride), ceil(W / stride), channels].

    Args:
      name: of the variables name_w, [size, size, in, channels], and name_b, [channels]; or a pair of their names.
      size: odd; each side is padded by rate * (size - 1) / 2 zeros, which is SAME padding if stride is 1.
      rate: dilation, the distance of the inputs that a kernel sees; must be 1 if stride is not.
      bias: whether there is one; it starts at 0.
      start: initializer of the kernel; None is normal_start(), for a layer with ReLU.
    """
    kernel_name, bias_name = _variable_names(name)
    kernel = weight(kernel_name, [size, size, x.shape[3], channels], start or normal_start(), x.dtype)
    bias = weight(bias_name, [channels], tf.zeros_initializer(), x.dtype) if bias else None
    return convolve(x, kernel, bias, stride, rate)


def depthwise_conv2d(x, name, size, stride=1, rate=1):
    """A convolution of each channel on its own: [B, H, W, C] -> [B, ceil(H / stride), ceil(W / stride), C].

    Its variable is name_w, [size, size, 1, C]; it has no bias. Otherwise as conv2d.
    """
    kernel = weight(name + '_w', [size, size, 1, x.shape[3]], normal_start(), x.dtype)
    return convolve_each_channel(x, kernel, stride, rate)


def conv_bn(x, conv_name, bn_name, size, channels, training, stride=1, rate=1):
    """A convolution without bias, and batch normalization."""
    return batch_norm(conv2d(x, conv_name, size, channels, stride, rate, bias=False), bn_name, training)


def conv2d_transpose(x, name, size, channels, like, bias=True, start=None):
    """A transposed convolution to the height and width of `like`: [B, h, w, in] -> [B, H, W, channels].

    Its stride is size / 2, so each output sees 2x2 inputs; its padding is SAME. The kernel is [size, size, channels,
    in]. Otherwise as conv2d.
    """
    kernel, bias = transpose_weights(x, name, size, channels, bias, start)
    return convolve_transposed(x, kernel, bias, size // 2, like)


def transpose_weights(x, name, size, channels, bias=True, start=None):
    """(kernel, bias or None) of conv2d_transpose with these arguments."""
    kernel_name, bias_name = _variable_names(name)
    kernel = weight(kernel_name, [size, size, channels, x.shape[3]], start or normal_start(transposed=True), x.dtype)
    return kernel, weight(bias_name, [channels], tf.zeros_initializer(), x.dtype) if bias else None


def normal_start(gain=2., transposed=False):
    """Initializer of a kernel that keeps the size of activations: TensorflowUtils.normal for the inputs of an output.

    transposed: the kernel is conv2d_transpose's, [h, w, out, in], of which each output sees 2x2 inputs.
    """
    def initializer(shape, dtype=None, partition_info=None):
        del partition_info
        fan_in = 4 * shape[3] if transposed else shape[0] * shape[1] * shape[2]
        return normal(fan_in, gain)(shape, dtype or tf.float32)
    return initializer


def _variable_names(name):
    return (name + '_w', name + '_b') if isinstance(name, str) else name


def max_pool(x, size, padding=0):
    """Max pooling of stride 2: [B, H, W, C] -> [B, floor((H + 2 * padding - size) / 2) + 1, ..., C].

    The padding is never the maximum; a last row or column that fills no window is left out.
    """
    if padding:
        x = tf.pad(x, [[0, 0], [padding] * 2, [padding] * 2, [0, 0]], constant_values=x.dtype.min)
    return tf.nn.max_pool(x, [1, size, size, 1], [1, 2, 2, 1], 'VALID')


MOMENTUM = 0.1    # of a batch in the moving averages
EPSILON = 1e-5    # added to the variance; TensorFlow raises it to 1.001e-5 for cuDNN
CHANGES = 'moving_average_changes'  # collection of (moving average, what an applied step subtracts from it)


def batch_norm(x, name, training, scale_start=None):
    """Normalizes each channel: [B, H, W, C] -> the same shape and dtype.

    Its variables are float32 [C]: name_scale, name_bias and, not trainable, name_mean and name_variance.

    Args:
      training: True normalizes by the batch's mean and biased variance, and adds to the collection CHANGES what moves
        the averages towards its mean and unbiased variance; False normalizes by the moving averages.
      scale_start: initializer of name_scale; None is 1.
    """
    def variable(part, start, trainable=True):
        return tf.get_variable(f'{name}_{part}', [x.shape[3]], tf.float32, start, trainable=trainable)

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
        batch = tf.where(tf.is_finite(batch), batch, average)  # an overflow must not stay in the averages
        tf.add_to_collection(CHANGES, (average, momentum * (average - batch)))
    return y


def adaptive_avg_pool(x, bins):
    """The means of bins x bins areas that cover x: [B, H, W, C] -> [B, bins, bins, C], any H and W.

    Area i spans rows floor(i * H / bins) to ceil((i + 1) * H / bins), likewise columns, as in PyTorch's
    AdaptiveAvgPool2d; neighbours overlap if bins does not divide H.
    """
    channels = int(x.shape[3])
    height, width = tf.shape(x)[1], tf.shape(x)[2]
    rows = tf.cast(_areas(height, bins), x.dtype)
    columns = tf.cast(_areas(width, bins), x.dtype)
    # reshapes alone, so that x is nowhere transposed
    y = tf.matmul(rows, tf.reshape(x, [-1, height, width * channels]))  # [B, bins, W * C]
    y = tf.matmul(columns, tf.reshape(y, [-1, width, channels]))        # [B * bins, bins, C]
    return tf.reshape(y, [-1, bins, bins, channels])


def _areas(length, bins):
    """float32 [1, bins, length]: row i holds the weights that average area i."""
    i = tf.range(bins)[:, None]
    start, end = i * length // bins, ((i + 1) * length + bins - 1) // bins
    position = tf.range(length)
    inside = tf.logical_and(position >= start, position < end)
    return (tf.cast(inside, tf.float32) / tf.cast(end - start, tf.float32))[None]


def resize_bilinear(x, like, aligned=True):
    """Bilinear interpolation to the height and width of the tensor `like`: [B, h, w, C] -> float32 [B, H, W, C].

    aligned: the corner pixels' centres map onto each other, as in PyTorch before 0.4; False maps the corners of the
    images onto each other, as PyTorch does since (align_corners=False).
    """
    y = tf.image.resize_bilinear(tf.cast(x, tf.float32), tf.shape(like)[1:3], align_corners=aligned,
                                 half_pixel_centers=not aligned)
    y.set_shape([x.shape[0], like.shape[1], like.shape[2], x.shape[3]])
    return y
