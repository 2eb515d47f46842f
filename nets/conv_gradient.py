"""The SAME convolution of stride 1, with gradients by the ops that a CPU computes fastest in float32: the same sums.

TensorFlow's own op for the input of 3x3 convolutions takes up to one and a half times as long as a convolution, its op
for the kernels of fc6 and fc7 twice as long as a product of matrices. benchmarks/README.md has the figures. In bfloat16
oneDNN computes, on a GPU cuDNN, which need no help.
"""
import functools

from nets.as_matmul import shifted_rows
from TensorflowUtils import conv2d as plain_conv2d
from TensorflowUtils import gpus, tf


def conv2d(x, kernel, bias=None):
    """TensorflowUtils.conv2d with stride and rate 1, for an odd square kernel."""
    if x.dtype != tf.float32 or gpus():
        return plain_conv2d(x, kernel, bias)
    with tf.get_default_graph().gradient_override_map({'Conv2D': _registered()}):
        return plain_conv2d(x, kernel, bias)


@functools.lru_cache(maxsize=None)
def _registered():
    """Name of the gradient, made known to TensorFlow at its first use."""
    name = 'Conv2DOnCPU'
    tf.RegisterGradient(name)(lambda op, dy: (_of_input(*op.inputs, dy), _of_kernel(*op.inputs, dy)))
    return name


def _of_input(x, kernel, dy):
    if int(kernel.shape[0]) == 3:
        turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
        return plain_conv2d(dy, turned)
    return tf.nn.conv2d_backprop_input(tf.shape(x), kernel, dy, [1, 1, 1, 1], 'SAME')


def _of_kernel(x, kernel, dy):
    if int(kernel.shape[0]) == 3:
        return tf.nn.conv2d_backprop_filter(x, kernel.shape, dy, [1, 1, 1, 1], 'SAME')
    rows = shifted_rows(x, int(kernel.shape[0]))
    product = tf.matmul(rows, tf.reshape(dy, [-1, int(kernel.shape[3])]), transpose_a=True)
    return tf.reshape(product, kernel.shape)
