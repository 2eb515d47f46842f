"""The SAME convolution of stride 1, by the ops that a CPU computes fastest in float32, and so its gradients.

3x3 convolutions of many channels are Winograd's, in all three directions. For the others TensorFlow 2.21's own op for
the input's gradient takes up to one and a half times as long as a convolution, and its op for the kernels of fc6 and
fc7 twice as long as a product of matrices. benchmarks/README.md has the figures, which are of a CPU with AVX2.
bfloat16, which oneDNN computes, and GPUs keep TensorFlow's ops.
"""
import contextlib
import functools

from nets import winograd
from nets.as_matmul import shifted_rows
from TensorflowUtils import conv2d as plain_conv2d
from TensorflowUtils import takes_plain_ops, tf

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
