"""Layers against sums in numpy, initializers, and the session."""
import numpy as np
import pytest
from nets_by_hand import transposed_by_hand

import TensorflowUtils
from fcn8s.utils.tf1 import tf
from TensorflowUtils import bilinear, conv2d, conv2d_transpose, create_session, dropout, normal, pool


def run(fetches):
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


@pytest.mark.parametrize('size, stride, height, width', [(4, 2, 6, 10), (4, 2, 5, 9), (16, 8, 24, 40), (16, 8, 21, 35)])
def test_transposed_convolution_is_the_sum_of_its_kernels(size, stride, height, width):
    random = np.random.RandomState(0)
    x = random.rand(2, -(-height // stride), -(-width // stride), 3).astype(np.float32)
    kernel = random.rand(size, size, 5, 3).astype(np.float32)
    y = run(conv2d_transpose(tf.constant(x), tf.constant(kernel), None, stride, like=tf.zeros([2, height, width, 1])))
    np.testing.assert_allclose(y, transposed_by_hand(x, kernel, stride, height, width), rtol=1e-4)


@pytest.mark.parametrize('size', [4, 16, 32, 64])
def test_bilinear_kernel_continues_a_ramp(size):
    stride = size // 2
    ramp = np.arange(6)
    x = np.broadcast_to(ramp[:, None, None] + 10 * np.arange(2), (6, 6, 2))[np.newaxis].astype(np.float32)
    kernel = tf.get_variable('k', [size, size, 2, 2], initializer=bilinear(size))
    y = run(conv2d_transpose(tf.constant(x), kernel, None, stride, like=tf.zeros([1, 6 * stride, 6 * stride, 1])))
    # output pixel p lies at (p + 0.5) / stride - 0.5 of the input's pixels; the border mixes in zeros
    inside = np.arange(stride, 5 * stride)
    expected = (inside + 0.5) / stride - 0.5
    np.testing.assert_allclose(y[0, inside, 3 * stride, 0], expected, atol=1e-5)
    np.testing.assert_allclose(y[0, inside, 3 * stride, 1], expected + 10, atol=1e-5)


def test_dilated_convolution_skips_pixels():
    x = np.arange(49, dtype=np.float32).reshape(1, 7, 7, 1)
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)
    y = run(conv2d(tf.constant(x), tf.constant(kernel), rate=2))
    expected = sum(kernel[i, j, 0, 0] * x[0, 3 + 2 * (i - 1), 3 + 2 * (j - 1), 0] for i in range(3) for j in range(3))
    assert y[0, 3, 3, 0] == expected


@pytest.mark.parametrize('kind, expected', [('max', [[4, 5], [7, 8]]), ('avg', [[2, 3.5], [6.5, 8]])])
def test_pooling_of_an_odd_size_rounds_up(kind, expected):
    x = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]], np.float32).reshape(1, 3, 3, 1)
    assert run(pool(tf.constant(x), kind))[0, :, :, 0].tolist() == expected


def test_dropout_repeats_only_with_the_same_seed():
    x = tf.ones([1000])
    first, again, other = run([dropout(x, 0.5, tf.constant(seed, tf.int64)) for seed in ([1, 2], [1, 2], [1, 3])])
    assert (first == again).all() and (first != other).any()


def test_dropout_keeps_its_share_and_the_mean():
    kept = run(dropout(tf.ones([100000]), 0.8, tf.constant([0, 0], tf.int64)))
    assert sorted(set(kept.tolist())) == [0., 1.25]
    assert abs(np.mean(kept > 0) - 0.8) < 0.01  # eight standard deviations


def test_dropout_that_keeps_all_changes_nothing():
    assert (run(dropout(tf.ones([1000]), 1., tf.constant([0, 0], tf.int64))) == 1).all()


def test_normal_has_its_variance():
    values = run(normal(50)([100, 1000], tf.float32))
    # TensorFlow truncates at two standard deviations, which leaves 0.774 of the variance
    assert abs(values.var() / (2 / 50 * 0.774) - 1) < 0.02


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(TensorflowUtils, 'gpus', lambda: ['GPU:0', 'GPU:1'])


def test_session_takes_the_first_of_several_gpus(two_gpus, monkeypatch):
    monkeypatch.setattr(tf, 'Session', lambda graph, config: config)  # a real session would look for the GPU
    assert create_session().gpu_options.visible_device_list == '0'
