"""Convolutions on a CPU and their gradients against TensorFlow's own."""
import numpy as np
import pytest

import TensorflowUtils
from fcn8s.devices import gpus
from fcn8s.nets import fast_conv
from fcn8s.nets.fast_conv import conv2d
from fcn8s.utils.tf1 import tf
from FCN_model import build, training_graph
from TensorflowUtils import create_session


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


@pytest.fixture
def many(request, monkeypatch):
    """All 3x3 convolutions of so many channels are Winograd's."""
    monkeypatch.setattr(fast_conv, 'MANY', request.param)
    monkeypatch.setattr(fast_conv, 'MANY_IN_GRADIENT', request.param)


@pytest.mark.parametrize('size', [1, 3, 7])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('many', [1, 10**6], indirect=True)
def test_value_and_gradients_are_tensorflows_own(size, dtype, many):
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


def logits_and_gradients(weights=None):
    """({name: weights}, {name: gradient, and logits}) of a thin net on two photos."""
    random = np.random.RandomState(0)
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        images = tf.constant(random.randint(0, 256, (2, 64, 96, 3)).astype(np.uint8))
        logits, _ = build('fcn8s', images, 5, 1 / 16)
        variables = tf.trainable_variables()
        gradients = tf.gradients(logits * random.randn(2, 64, 96, 5).astype(np.float32), variables)
        with create_session() as session:
            session.run(tf.global_variables_initializer())
            for v in variables if weights else ():
                v.load(weights[v.op.name], session)
            return (session.run({v.op.name: v for v in variables}),
                    session.run(dict({v.op.name: g for v, g in zip(variables, gradients)}, logits=logits)))


@pytest.mark.skipif(bool(gpus()), reason='cuDNN computes')
def test_net_of_winograds_convolutions_is_the_plain_net(monkeypatch):
    weights, plain = logits_and_gradients()
    monkeypatch.setattr(fast_conv, 'MANY', 1)
    monkeypatch.setattr(fast_conv, 'MANY_IN_GRADIENT', 1)
    _, fast = logits_and_gradients(weights)
    assert plain.keys() == fast.keys() and len(plain) == 1 + 2 * 19  # 13 of VGG16, fc6, fc7, score_fr, three up
    for name, value in plain.items():
        np.testing.assert_allclose(fast[name], value, atol=1e-4 * np.abs(value).max(), err_msg=name)
    assert any((fast[name] != value).any() for name, value in plain.items())


@pytest.mark.skipif(bool(gpus()), reason='cuDNN computes')
def test_net_of_full_width_takes_winograds_from_conv2_1_on():
    build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), 5)
    kernels = [tuple(op.inputs[1].shape.as_list()[:2]) for op in tf.get_default_graph().get_operations()
               if op.type == 'Conv2D']
    # of VGG16's 13, conv1_1 and conv1_2 stay; fc6; fc7 and score_fr
    assert sorted(kernels) == [(1, 1)] * 2 + [(1, 3)] * 6 * 11 + [(3, 3)] * 2 + [(7, 7)]
