"""Large convolutions as one product of matrices: the same sums, where oneDNN's own convolution is slow or large.

On a CPU oneDNN takes small maps with large kernels in bfloat16, such as fc6's 7x7, at a tenth of the rate of its
matrix product. In float32 both take as long, and a GPU's cuDNN needs no help.
"""
import contextlib
import functools

from fcn8s.devices import keeps_kernels_twice, takes_plain_ops
from fcn8s.nets import winograd
from fcn8s.utils.tf1 import tf
from TensorflowUtils import conv2d as plain_conv2d


def prefers_matmul(dtype):
    """Whether these forms are the faster ones on this device."""
    return dtype == tf.bfloat16 and not takes_plain_ops()


def spares_memory(dtype):
    """Whether conv2d_as_matmul takes less memory than conv2d, in about the same time."""
    return dtype == tf.float32 and keeps_kernels_twice() and not takes_plain_ops()


def conv2d_as_matmul(x, kernel, bias):
    """conv2d(x, kernel, bias) for an odd square kernel: the shifted copies of x, side by side, times the kernel."""
    out = int(kernel.shape[3])
    y = tf.matmul(shifted_rows(x, int(kernel.shape[0])), tf.reshape(kernel, [-1, out]))
    shape = tf.concat([tf.shape(x)[:3], [out]], 0)
    # TensorFlow fuses a product with the bias right behind it, and keeps an arranged kernel for the fused op alone
    if spares_memory(x.dtype):
        return tf.nn.bias_add(tf.reshape(y, shape), bias)
    return tf.reshape(tf.nn.bias_add(y, bias), shape)


def shifted_rows(x, size):
    """What a convolution with an odd square kernel sees at each place: [B, H, W, C] -> [B H W, size size C]."""
    height, width = tf.unstack(tf.shape(x)[1:3])
    padded = tf.pad(x, [[0, 0], [size // 2] * 2, [size // 2] * 2, [0, 0]])
    shifted = [tf.slice(padded, [0, i, j, 0], [-1, height, width, -1]) for i in range(size) for j in range(size)]
    return tf.reshape(tf.concat(shifted, axis=3), [-1, size * size * int(x.shape[3])])


def conv2d_transpose_as_matmul(x, kernel, bias, stride, like):
    """conv2d_transpose(x, kernel, bias, stride, like) for a kernel twice its stride (Shi et al., arXiv 1609.07009).

    Each place and its neighbours make stride x stride pixels at once.
    """
    classes = int(kernel.shape[2])
    neighbours = patches_2x2(x)
    y = tf.matmul(tf.reshape(neighbours, [-1, int(neighbours.shape[3])]), phases(kernel, stride))
    y = tf.reshape(y, tf.concat([tf.shape(neighbours)[:3], [stride * stride * classes]], 0))
    y = in_place(y, stride, tf.shape(like)[1], tf.shape(like)[2])
    return y if bias is None else tf.nn.bias_add(y, bias)


def patches_2x2(x):
    """Each place with its neighbours above and to the left: [B, h, w, C] -> [B, h + 1, w + 1, 4 C], padded by zeros."""
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.concat([x[:, :-1, :-1], x[:, :-1, 1:], x[:, 1:, :-1], x[:, 1:, 1:]], axis=3)


def phases(kernel, stride):
    """[2 stride, 2 stride, N, C] -> [4 C, stride ** 2 N]: what patches_2x2 are multiplied with, phase by phase."""
    size, classes, channels = 2 * stride, int(kernel.shape[2]), int(kernel.shape[3])
    assert kernel.shape[:2].as_list() == [size, size]
    split = tf.reshape(kernel, [2, stride, 2, stride, classes, channels])
    split = tf.reverse(split, [0, 2])  # the neighbour before a place meets the later half of the kernel
    return tf.reshape(tf.transpose(split, [0, 2, 5, 1, 3, 4]), [4 * channels, stride * stride * classes])


def in_place(x, stride, height, width):
    """Phases to pixels: [B, h + 1, w + 1, stride ** 2 * N] -> [B, height, width, N], cut as SAME padding cuts."""
    x = tf.nn.depth_to_space(x, stride)
    top, left = (tf.shape(x)[1] - height) // 2, (tf.shape(x)[2] - width) // 2
    return tf.slice(x, [0, top, left, 0], [-1, height, width, -1])


MANY, MANY_IN_GRADIENT = 64 * 128, 64 * 64  # channels in times channels out from which Winograd's form is faster


def conv2d(x, kernel, bias=None):
    """TensorflowUtils.conv2d with stride and rate 1, for an odd square kernel."""
    if x.dtype != tf.float32 or takes_plain_ops():
        return plain_conv2d(x, kernel, bias)
    if _is_3x3(kernel, MANY):
        y = _by_winograd(x, kernel)
        return y if bias is None else tf.nn.bias_add(y, bias)
    # not by tf.custom_gradient, which keeps TensorFlow from fusing convolution, bias and ReLU
    with tf.get_default_graph().gradient_override_map({'Conv2D': _registered()}):
        return plain_conv2d(x, kernel, bias)


def _is_3x3(kernel, channels=0):
    height, _, inputs, outputs = kernel.shape.as_list()
    return height == 3 and inputs * outputs >= channels


def _by_winograd(x, kernel):
    @tf.custom_gradient  # in here, for a module that is imported must not import TensorFlow
    def convolved(x, kernel):
        return winograd.convolve(x, kernel), functools.partial(_gradients, x, kernel)
    return convolved(x, kernel)


@functools.lru_cache(maxsize=None)
def _registered():
    """Name of the gradient, made known to TensorFlow at its first use."""
    name = 'Conv2DOnCPU'
    with contextlib.suppress(KeyError):  # a reloaded module finds it known
        tf.RegisterGradient(name)(lambda op, dy: _gradients(*op.inputs, dy))
    return name


def _gradients(x, kernel, dy):
    return _of_input(x, kernel, dy), _of_kernel(x, kernel, dy)


def _of_input(x, kernel, dy):
    if not _is_3x3(kernel):
        return tf.nn.conv2d_backprop_input(tf.shape(x), kernel, dy, [1, 1, 1, 1], 'SAME')
    turned = tf.transpose(tf.reverse(winograd.not_before(dy, kernel), [0, 1]), [0, 1, 3, 2])
    return (winograd.convolve if _is_3x3(kernel, MANY) else plain_conv2d)(dy, turned)


def _of_kernel(x, kernel, dy):
    if _is_3x3(kernel, MANY_IN_GRADIENT):
        return winograd.kernel_gradient(x, dy)
    if _is_3x3(kernel):
        return tf.nn.conv2d_backprop_filter(x, kernel.shape, dy, [1, 1, 1, 1], 'SAME')
    rows = shifted_rows(x, int(kernel.shape[0]))
    product = tf.matmul(rows, tf.reshape(dy, [-1, int(kernel.shape[3])]), transpose_a=True)
    return tf.reshape(product, kernel.shape)
