"""Convolution and max pooling that pad both sides alike, as PyTorch does.

TensorFlow's SAME pads less on the left and top where a stride of 2 leaves an odd number of zeros to place, so that
weights trained in PyTorch would see everything shifted by a pixel.
"""
from nets.fast_conv import conv2d
from TensorflowUtils import conv2d as plain_conv2d
from TensorflowUtils import normal, takes_plain_ops, tf, weight


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
