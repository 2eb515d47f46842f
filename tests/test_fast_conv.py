"""Gradients of convolutions on a CPU against TensorFlow's own."""
import numpy as np
import pytest

import TensorflowUtils
from FCN_model import training_graph
from nets.fast_conv import conv2d
from TensorflowUtils import create_session, gpus, tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def value_and_gradients(convolve, size, dtype):
    """y of a convolution, and the gradients by x, kernel and bias of a sum that weighs each value of y differently."""
    random = np.random.RandomState(0)
    inputs = [tf.cast(tf.placeholder_with_default(random.randn(*shape).astype(np.float32), static), dtype)
              for shape, static in (((2, 5, 8, 3), [None, None, None, 3]), 2 * [(size, size, 3, 7)], 2 * [(7,)])]
    y = convolve(*inputs)
    weights = tf.cast(tf.reshape(tf.range(2. * 5 * 8 * 7), [2, 5, 8, 7]) / 560, dtype)
    with create_session() as session:
        return session.run([tf.cast(a, tf.float32) for a in [y] + tf.gradients(y * weights, inputs)])


@pytest.mark.parametrize('size', [1, 3, 7])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
def test_value_and_gradients_are_tensorflows_own(size, dtype):
    ours = value_and_gradients(conv2d, size, dtype)
    theirs = value_and_gradients(TensorflowUtils.conv2d, size, dtype)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())


@pytest.mark.skipif(bool(gpus()), reason='cuDNN computes')
def test_training_takes_the_fast_ops():
    training_graph('fcn8s', 5, 1 / 16)
    sizes = {'Conv2DBackpropInput': set(), 'Conv2DBackpropFilter': set()}
    for op in tf.get_default_graph().get_operations():
        if op.name.startswith('gradients/') and op.type in sizes:
            kernel = op.inputs[1] if op.type == 'Conv2DBackpropInput' else op.outputs[0]
            sizes[op.type].add(int(kernel.shape[0]))
    # 4 and 16 are of the upsampling
    assert sizes == {'Conv2DBackpropInput': {1, 7}, 'Conv2DBackpropFilter': {3, 4, 16}}
