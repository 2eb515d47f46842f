"""Winograd's algorithm for the 3x3 convolution, by hand and against the direct sums."""
import numpy as np
import pytest

from fcn8s.nets import winograd
from fcn8s.utils.tf1 import tf
from TensorflowUtils import conv2d, create_session


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def run(tensors):
    with create_session() as session:
        return session.run(tensors)


def drawn(*shape):
    return tf.constant(np.random.RandomState(0).randn(*shape).astype(np.float32))


def test_one_column_by_hand():
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[:, 1, 0, 0] = 1, 2, 3
    y = run(winograd.convolve(tf.reshape([1., 2., 3., 4.], [1, 4, 1, 1]), tf.constant(kernel)))
    # 2*1+3*2, 1*1+2*2+3*3, 1*2+2*3+3*4, 1*3+2*4
    np.testing.assert_allclose(y.ravel(), [8, 14, 20, 11], rtol=1e-6)


@pytest.mark.parametrize('height', [1, 2, 3, 4, 5, 8, 11])
def test_value_and_kernel_gradient_equal_the_direct_ones(height):
    x, kernel, dy = drawn(2, height, 7, 5), drawn(3, 3, 5, 6), drawn(2, height, 7, 6)
    plain = conv2d(x, kernel)
    ours, theirs = run(([winograd.convolve(x, kernel), winograd.kernel_gradient(x, dy)],
                        [plain, tf.gradients(plain, kernel, dy)[0]]))
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def test_rounding_is_a_few_times_that_of_the_direct_sums():
    random = np.random.RandomState(0)
    x, kernel = np.maximum(random.randn(1, 16, 16, 256), 0), random.randn(3, 3, 256, 32)
    x, kernel = x.astype(np.float32), kernel.astype(np.float32)
    padded, height, width = np.pad(x[0], [(1, 1), (1, 1), (0, 0)]).astype(np.float64), 16, 16
    exact = sum(padded[i:i + height, j:j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    ours, theirs = run([f(tf.constant(x), tf.constant(kernel)) for f in (winograd.convolve, conv2d)])
    rounding, plain = np.std(ours[0] - exact), np.std(theirs[0] - exact)
    assert 0 < rounding < 6 * plain and rounding < 2e-6 * exact.std()


def test_static_shape_is_kept():
    x = tf.placeholder(tf.float32, [None, None, 7, 5])
    assert winograd.convolve(x, drawn(3, 3, 5, 6)).shape.as_list() == [None, None, 7, 6]
