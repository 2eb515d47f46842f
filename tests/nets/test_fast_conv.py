"""Convolutions on a CPU and their gradients against TensorFlow's own."""
import functools

import numpy as np
import pytest

import TensorflowUtils
from fcn8s.devices import gpus
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
def many(request, monkeypatch):
    """All 3x3 convolutions of so many channels are Winograd's."""
    monkeypatch.setattr(fast_conv, 'MANY', request.param)
    monkeypatch.setattr(fast_conv, 'MANY_IN_GRADIENT', request.param)


@pytest.mark.parametrize('size', [1, 3, 7])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('many', [1, 10**6], indirect=True)
def test_value_and_gradients_are_tensorflows_own(size, dtype, many):
    ours = value_and_gradients(fast_conv.convolve, size, dtype)
    theirs = value_and_gradients(TensorflowUtils.conv2d, size, dtype)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(b).max())


def test_fast_forms_are_chosen_only_where_plain_ops_are_not_wanted(monkeypatch):
    chosen = []
    for name in ('plain_conv2d', 'conv2d_by_winograd', 'conv2d_with_fast_gradients', 'conv2d_as_matmul'):
        monkeypatch.setattr(fast_conv, name, functools.partial(lambda name, *a, **options: chosen.append(name), name))
    for plain in (False, True):
        monkeypatch.setattr(fast_conv, 'use_plain_ops', lambda plain=plain: plain)
        monkeypatch.setattr(fast_conv, 'onednn_caches_kernels', lambda: False)
        for dtype, size, channels in ((tf.float32, 3, 512), (tf.float32, 7, 8), (tf.bfloat16, 7, 8)):
            fast_conv.convolve(tf.zeros([1, 8, 8, channels], dtype), tf.zeros([size, size, channels, channels], dtype))
    assert chosen == ['conv2d_by_winograd', 'conv2d_with_fast_gradients', 'conv2d_as_matmul'] + 3 * ['plain_conv2d']


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
