"""Convolutions on a CPU and their gradients against TensorFlow's own."""
import functools

import numpy as np
import pytest

import TensorflowUtils
from fcn8s.devices import gpus, plain_ops
from fcn8s.nets import fast_conv
from fcn8s.utils.tf1 import tf
from FCN_model import build
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
def winograd_min(request, monkeypatch):
    """The product of channels from which 3x3 convolutions and their gradients are Winograd's."""
    monkeypatch.setattr(fast_conv, 'WINOGRAD_MIN', request.param)
    monkeypatch.setattr(fast_conv, 'WINOGRAD_GRADIENT_MIN', request.param)


@pytest.mark.parametrize('size', [1, 3, 7])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('winograd_min', [1, 10**6], indirect=True)
def test_value_and_gradients_are_tensorflows_own(size, dtype, winograd_min):
    ours = value_and_gradients(fast_conv.convolve, size, dtype)
    theirs = value_and_gradients(TensorflowUtils.conv2d, size, dtype)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())


@pytest.fixture
def chosen(monkeypatch):
    """Function (dtype, kernel's shape) -> the name of the form that computes such a convolution."""
    monkeypatch.setattr(fast_conv, 'onednn_caches_kernels', lambda: False)
    forms = ('plain_conv2d', 'conv2d_by_winograd', 'conv2d_with_fast_gradients', 'conv2d_as_matmul')
    for name in forms:
        monkeypatch.setattr(fast_conv, name, functools.partial(lambda name, *a, **options: name, name))
    return lambda dtype, *shape: fast_conv.convolve(tf.zeros([1, 8, 8, shape[2]], dtype), tf.zeros(shape, dtype))


FORMS = [('conv1_2', tf.float32, (3, 3, 64, 64), 'conv2d_with_fast_gradients'),
         ('conv2_1', tf.float32, (3, 3, 64, 128), 'conv2d_by_winograd'),
         ('fc6', tf.float32, (7, 7, 8, 8), 'conv2d_with_fast_gradients'),
         ('fc6', tf.bfloat16, (7, 7, 8, 8), 'conv2d_as_matmul'),
         ('conv2_1', tf.bfloat16, (3, 3, 64, 128), 'plain_conv2d')]


@pytest.mark.skipif(bool(gpus()), reason='cuDNN computes')
@pytest.mark.parametrize('layer, dtype, shape, form', FORMS)
def test_layer_gets_the_form_that_is_fastest_on_a_cpu(chosen, layer, dtype, shape, form):
    assert chosen(dtype, *shape) == form, layer


@pytest.mark.parametrize('layer, dtype, shape, form', FORMS)
def test_plain_ops_are_tensorflows_own(chosen, layer, dtype, shape, form):
    with plain_ops():
        assert chosen(dtype, *shape) == 'plain_conv2d', layer


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
    with plain_ops():
        weights, plain = logits_and_gradients()
    monkeypatch.setattr(fast_conv, 'WINOGRAD_MIN', 1)
    monkeypatch.setattr(fast_conv, 'WINOGRAD_GRADIENT_MIN', 1)
    _, fast = logits_and_gradients(weights)
    assert plain.keys() == fast.keys() and len(plain) == 1 + 2 * 19  # 13 of VGG16, fc6, fc7, score_fr, three up
    for name, value in plain.items():
        np.testing.assert_allclose(fast[name], value, atol=1e-4 * np.abs(value).max(), err_msg=name)
    assert any((fast[name] != value).any() for name, value in plain.items())
