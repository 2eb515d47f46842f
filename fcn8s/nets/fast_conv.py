"""Chooses how a convolution is computed: by TensorFlow's own op, as one matrix product, or by Winograd's algorithm.

All forms compute the same sums, up to rounding. Layers and scores call `convolve`, `convolve_transposed` and
`argmax_by_strips`, and this module alone decides what is fastest on this device:

    GPU, plain_ops()              TensorFlow's ops: cuDNN needs no help
    bfloat16, kernels above 3x3   a matrix product: with a kernel such as fc6's 7x7 on a small map, oneDNN's convolution
                                  has a tenth of its speed; also 1x1 of thousands of channels, such as fc7
    float32, kernels above 3x3    the same if oneDNN caches kernels: as fast, without a second copy of the kernel
    float32, 3x3, many channels   Winograd's algorithm
    float32, others               TensorFlow's op, with gradients in forms that oneDNN computes faster
"""
import contextlib
import functools

from fcn8s.devices import onednn_caches_kernels, use_plain_ops
from fcn8s.nets import winograd
from fcn8s.utils.tf1 import tf
from TensorflowUtils import conv2d as plain_conv2d
from TensorflowUtils import conv2d_transpose as plain_conv2d_transpose

# input channels times output channels from which Winograd's algorithm is faster: for a convolution, for its gradients
WINOGRAD_MIN, WINOGRAD_GRADIENT_MIN = 64 * 128, 64 * 64
MATMUL_MIN = 2048 * 2048  # the same for a 1x1 convolution as a matrix product: fc7's gradients


def convolve(x, kernel, bias=None, stride=1, rate=1):
    """A convolution: [B, H, W, in] and [size, size, in, out] -> [B, ceil(H / stride), ceil(W / stride), out].

    size is odd. Each side is padded by rate * (size - 1) / 2 zeros: SAME padding for stride 1, PyTorch's for a larger
    stride. rate is the dilation; stride and rate must not both be above 1.
    """
    if stride > 1 and int(kernel.shape[0]) == 1 and not use_plain_ops():
        x, stride = x[:, ::stride, ::stride], 1  # oneDNN's gradients of it overrun their memory (TensorFlow 2.21)
    if stride > 1:
        padding = [int(kernel.shape[0]) // 2] * 2
        x = tf.pad(x, [[0, 0], padding, padding, [0, 0]])
        return _add(bias, tf.nn.conv2d(x, kernel, [1, stride, stride, 1], 'VALID'))
    if rate == 1:
        return _form(x.dtype, kernel)(x, kernel, bias)
    if use_plain_ops():
        return _add(bias, plain_conv2d(x, kernel, rate=rate))
    # TensorFlow's dilated convolution has no gradient on a CPU, so every rate-th row and column becomes an image
    filled = [[0, -tf.shape(x)[1] % rate], [0, -tf.shape(x)[2] % rate]]
    images = tf.space_to_batch_nd(x, [rate, rate], filled)
    y = _form(x.dtype, kernel, dilated=True)(images, kernel, None)
    return _add(bias, tf.batch_to_space_nd(y, [rate, rate], filled))


def convolve_each_channel(x, kernel, stride=1, rate=1):
    """A convolution of each channel on its own: [B, H, W, C] and [size, size, 1, C]. Otherwise as convolve."""
    kernel = tf.transpose(kernel, [0, 1, 3, 2])
    if stride > 1:
        padding = [int(kernel.shape[0]) // 2] * 2
        return tf.nn.depthwise_conv2d(tf.pad(x, [[0, 0], padding, padding, [0, 0]]), kernel, [1, stride, stride, 1],
                                      'VALID')
    return tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], 'SAME', rate=[rate, rate])


def _form(dtype, kernel, dilated=False):
    """The function (x, kernel, bias) to compute a convolution of stride 1 with; dilated: x is many small images."""
    if use_plain_ops():
        return plain_conv2d
    by_matmul = dtype == tf.bfloat16 or dtype == tf.float32 and onednn_caches_kernels()
    if by_matmul and not dilated and (int(kernel.shape[0]) > 3 or _is_size(kernel, 1, MATMUL_MIN)):
        return functools.partial(conv2d_as_matmul, fuse_bias=dtype == tf.bfloat16)
    if dtype != tf.float32:
        return plain_conv2d
    return conv2d_by_winograd if _is_3x3(kernel, WINOGRAD_MIN) else conv2d_with_fast_gradients


def convolve_transposed(x, kernel, bias, stride, like):
    """A transposed convolution to the height and width of `like`: see TensorflowUtils.conv2d_transpose."""
    as_matmul = x.dtype == tf.bfloat16 and not use_plain_ops()
    return (conv2d_transpose_as_matmul if as_matmul else plain_conv2d_transpose)(x, kernel, bias, stride, like)


def argmax_by_strips():
    """Whether class ids of a transposed convolution are faster to compute strip by strip than from all scores."""
    return not use_plain_ops()


def conv2d_as_matmul(x, kernel, bias=None, fuse_bias=True):
    """TensorflowUtils.conv2d of stride 1, with an odd square kernel, as one product of shifted copies of x and kernel.

    fuse_bias: whether the bias directly follows the product. TensorFlow then fuses the two, and oneDNN may cache a
    reordered copy of the kernel for the fused op.
    """
    out = int(kernel.shape[3])
    y = tf.matmul(shifted_rows(x, int(kernel.shape[0])), tf.reshape(kernel, [-1, out]))
    shape = tf.concat([tf.shape(x)[:3], [out]], 0)
    return tf.reshape(_add(bias, y), shape) if fuse_bias else _add(bias, tf.reshape(y, shape))


def shifted_rows(x, size):
    """The inputs of each output of a size x size convolution, size odd: [B, H, W, C] -> [B * H * W, size ** 2 * C]."""
    if size == 1:
        return tf.reshape(x, [-1, int(x.shape[3])])
    height, width = tf.unstack(tf.shape(x)[1:3])
    padded = tf.pad(x, [[0, 0], [size // 2] * 2, [size // 2] * 2, [0, 0]])
    shifted = [tf.slice(padded, [0, i, j, 0], [-1, height, width, -1]) for i in range(size) for j in range(size)]
    return tf.reshape(tf.concat(shifted, axis=3), [-1, size * size * int(x.shape[3])])


def conv2d_transpose_as_matmul(x, kernel, bias, stride, like):
    """TensorflowUtils.conv2d_transpose with a kernel twice its stride, as one product (Shi et al., arXiv 1609.07009).

    Each place of x, with its neighbours, gives stride x stride pixels.
    """
    classes = int(kernel.shape[2])
    neighbours = patches_2x2(x)
    y = tf.matmul(tf.reshape(neighbours, [-1, int(neighbours.shape[3])]), phases(kernel, stride))
    y = tf.reshape(y, tf.concat([tf.shape(neighbours)[:3], [stride * stride * classes]], 0))
    return _add(bias, phases_to_pixels(y, stride, tf.shape(like)[1], tf.shape(like)[2]))


def patches_2x2(x):
    """Each place and its neighbours above and to the left: [B, h, w, C] -> [B, h + 1, w + 1, 4 * C], zero-padded."""
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.concat([x[:, :-1, :-1], x[:, :-1, 1:], x[:, 1:, :-1], x[:, 1:, 1:]], axis=3)


def phases(kernel, stride):
    """The matrix from patches_2x2 to pixels: kernel [2 * stride, 2 * stride, N, C] -> [4 * C, stride ** 2 * N]."""
    size, classes, channels = 2 * stride, int(kernel.shape[2]), int(kernel.shape[3])
    assert kernel.shape[:2].as_list() == [size, size]
    split = tf.reshape(kernel, [2, stride, 2, stride, classes, channels])
    split = tf.reverse(split, [0, 2])  # the neighbour before a place gets the second half of the kernel
    return tf.reshape(tf.transpose(split, [0, 2, 5, 1, 3, 4]), [4 * channels, stride * stride * classes])


def phases_to_pixels(x, stride, height, width):
    """[B, h + 1, w + 1, stride ** 2 * N] -> [B, height, width, N], cropped as SAME padding crops."""
    x = tf.nn.depth_to_space(x, stride)
    top, left = (tf.shape(x)[1] - height) // 2, (tf.shape(x)[2] - width) // 2
    return tf.slice(x, [0, top, left, 0], [-1, height, width, -1])


def conv2d_by_winograd(x, kernel, bias=None):
    """TensorflowUtils.conv2d of stride 1, with a 3x3 kernel: see fcn8s.nets.winograd."""
    @tf.custom_gradient  # not at module level: importing this module must not load TensorFlow
    def convolved(x, kernel):
        return winograd.convolve(x, kernel), functools.partial(_gradients, x, kernel)
    return _add(bias, convolved(x, kernel))


def conv2d_with_fast_gradients(x, kernel, bias=None):
    """TensorflowUtils.conv2d of stride 1, with an odd square kernel, and the gradients below."""
    # not by tf.custom_gradient, which prevents TensorFlow from fusing convolution, bias and ReLU
    with tf.get_default_graph().gradient_override_map({'Conv2D': _registered_gradient()}):
        return plain_conv2d(x, kernel, bias)


@functools.lru_cache(maxsize=None)
def _registered_gradient():
    """The name of the gradient, which is registered with TensorFlow on first use."""
    name = 'Conv2DOnCPU'
    with contextlib.suppress(KeyError):  # already registered, before this module was reloaded
        tf.RegisterGradient(name)(lambda op, dy: _gradients(*op.inputs, dy))
    return name


def _gradients(x, kernel, dy):
    return input_gradient(x, kernel, dy), kernel_gradient(x, kernel, dy)


def input_gradient(x, kernel, dy):
    """The gradient of a convolution with respect to its input: dy [B, H, W, out] -> [B, H, W, in]."""
    if not _is_3x3(kernel):
        return tf.nn.conv2d_backprop_input(tf.shape(x), kernel, dy, [1, 1, 1, 1], 'SAME')
    turned = tf.transpose(tf.reverse(winograd.after(dy, kernel), [0, 1]), [0, 1, 3, 2])
    return (winograd.convolve if _is_3x3(kernel, WINOGRAD_MIN) else plain_conv2d)(dy, turned)


def kernel_gradient(x, kernel, dy):
    """The gradient of a convolution with respect to its kernel: dy [B, H, W, out] -> [size, size, in, out]."""
    if _is_3x3(kernel, WINOGRAD_GRADIENT_MIN):
        return winograd.kernel_gradient(x, dy)
    if _is_3x3(kernel):
        return tf.nn.conv2d_backprop_filter(x, kernel.shape, dy, [1, 1, 1, 1], 'SAME')
    rows = shifted_rows(x, int(kernel.shape[0]))
    product = tf.matmul(rows, tf.reshape(dy, [-1, int(kernel.shape[3])]), transpose_a=True)
    return tf.reshape(product, kernel.shape)


def _is_3x3(kernel, channels=0):
    return _is_size(kernel, 3, channels)


def _is_size(kernel, size, channels):
    """Whether a kernel is size x size, with so many inputs times outputs at least."""
    height, _, inputs, outputs = kernel.shape.as_list()
    return height == size and inputs * outputs >= channels


def _add(bias, y):
    return y if bias is None else tf.nn.bias_add(y, bias)
