"""fcn8s.nets.layers pads both sides alike, dilates, and has gradients for both."""
import numpy as np
import pytest

from fcn8s.nets.layers import conv2d, max_pool
from fcn8s.utils.tf1 import tf

RANDOM = np.random.RandomState(0)


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 2])


def convolved(x, kernel, stride, rate):
    """The definition, output by output: rate * (size - 1) / 2 zeros on each side."""
    reach = rate * (kernel.shape[0] - 1)
    padded = np.pad(x, ((0, 0), (reach // 2,) * 2, (reach // 2,) * 2, (0, 0)), 'constant')
    rows, columns = range(0, x.shape[1], stride), range(0, x.shape[2], stride)
    return np.array([[[np.tensordot(image[r:r + reach + 1:rate, c:c + reach + 1:rate], kernel, 3) for c in columns]
                      for r in rows] for image in padded])


@pytest.mark.parametrize('size, stride, rate', [(3, 1, 1), (3, 2, 1), (1, 2, 1), (3, 1, 2), (3, 1, 4), (7, 1, 4)])
def test_convolution_of_any_size_follows_the_definition(session, size, stride, rate):
    x = placeholder()
    y = conv2d(x, 'layer', size, 5, stride, rate, bias=False)
    kernel = RANDOM.normal(size=(size, size, 2, 5)).astype(np.float32)
    tf.global_variables()[0].load(kernel, session)
    for height, width in ((8, 12), (7, 9), (4, 13)):
        values = RANDOM.normal(size=(2, height, width, 2)).astype(np.float32)
        np.testing.assert_allclose(session.run(y, {x: values}), convolved(values, kernel, stride, rate), rtol=0,
                                   atol=1e-4)


def test_strided_1x1_convolution_is_one_of_stride_1(session):
    # the gradients of TensorFlow 2.21's own, with fewer than 16 channels, write beyond their memory
    conv2d(placeholder(), 'layer', 1, 5, stride=2)
    strides = [op.get_attr('strides') for op in session.graph.get_operations() if op.type == 'Conv2D']
    assert strides == [[1, 1, 1, 1]]


@pytest.mark.parametrize('stride, rate', [(2, 1), (1, 2)])
def test_gradients_are_those_of_the_definition(session, stride, rate):
    x = placeholder()
    y = conv2d(x, 'layer', 3, 1, stride, rate, bias=False)
    kernel = tf.global_variables()[0]
    values = RANDOM.normal(size=(1, 6, 8, 2)).astype(np.float32)
    weights = RANDOM.normal(size=(3, 3, 2, 1)).astype(np.float32)
    kernel.load(weights, session)
    to_input, to_kernel = session.run(tf.gradients(tf.reduce_sum(y), [x, kernel]), {x: values})

    def unit(shape, index):
        array = np.zeros(shape, np.float32)
        array[index] = 1
        return array

    # sums of a linear map: the gradient at a place is the response to a one there
    for index in ((0, 0, 0, 0), (0, 3, 4, 1), (0, 5, 7, 0)):
        assert np.isclose(to_input[index], convolved(unit(values.shape, index), weights, stride, rate).sum(), atol=1e-4)
    for index in ((0, 0, 0, 0), (1, 2, 1, 0)):
        assert np.isclose(to_kernel[index], convolved(values, unit(weights.shape, index), stride, rate).sum(),
                          atol=1e-4)


def test_a_bias_is_added_unless_left_out(session):
    conv2d(placeholder(), 'plain', 1, 5, bias=False)
    y = conv2d(placeholder(), 'biased', 1, 5)
    assert [variable.op.name for variable in tf.global_variables()] == ['plain_w', 'biased_w', 'biased_b']
    session.run(tf.global_variables_initializer())
    tf.global_variables()[2].load(np.arange(5.), session)
    assert session.run(y, {y.op.inputs[0].op.inputs[0]: np.zeros((1, 1, 1, 2))})[0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_padding_is_never_the_maximum(session):
    x = tf.constant(-1. - np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1))
    y = session.run(max_pool(x, 3, padding=1))[0, :, :, 0]
    # windows of rows (0..1, 1..2) and columns (0..1, 1..3); values fall along rows and down columns
    assert y.tolist() == [[-1, -2], [-5, -6]]


@pytest.mark.parametrize('height, width, expected', [(8, 12, (4, 6)), (7, 13, (3, 6))])
def test_a_pool_without_padding_leaves_out_an_odd_last_row_and_column(session, height, width, expected):
    x = tf.constant(np.arange(height * width, dtype=np.float32).reshape(1, height, width, 1))
    y = session.run(max_pool(x, 2))
    assert y.shape[1:3] == expected
    assert y.max() == (2 * expected[0] - 1) * width + 2 * expected[1] - 1


@pytest.mark.parametrize('height, width', [(8, 12), (7, 9)])
def test_strides_and_pools_are_those_of_torch(session, height, width):
    torch = pytest.importorskip('torch')
    functional = torch.nn.functional
    values = RANDOM.normal(size=(2, height, width, 2)).astype(np.float32)
    kernel = RANDOM.normal(size=(3, 3, 2, 5)).astype(np.float32)
    x = placeholder()
    ours = [conv2d(x, 'strided', 3, 5, stride=2, bias=False), conv2d(x, 'dilated', 3, 5, rate=4, bias=False),
            max_pool(x, 3, 1), max_pool(x, 2)]
    for variable in tf.global_variables():
        variable.load(kernel, session)
    inputs, weights = torch.tensor(values.transpose(0, 3, 1, 2)), torch.tensor(kernel.transpose(3, 2, 0, 1))
    theirs = [functional.conv2d(inputs, weights, None, 2, 1), functional.conv2d(inputs, weights, None, 1, 4, 4),
              functional.max_pool2d(inputs, 3, 2, 1), functional.max_pool2d(inputs, 2, 2)]
    for found, expected in zip(session.run(ours, {x: values}), theirs):
        np.testing.assert_allclose(found, expected.numpy().transpose(0, 2, 3, 1), rtol=0, atol=1e-4)
