"""Fast forms of a head's layers against TensorFlow's own convolutions, in float32."""
import numpy as np
import pytest

from fcn8s.devices import gpus
from fcn8s.nets.fast_conv import conv2d_as_matmul, conv2d_transpose_as_matmul
from fcn8s.nets.scores import ids_in_strips, predict_ids
from fcn8s.utils.tf1 import tf
from FCN_model import build_scores
from TensorflowUtils import conv2d, conv2d_transpose, create_session

CLASSES, CHANNELS = 13, 5


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def normal(*shape):
    return tf.constant(np.random.RandomState(len(shape)).randn(*shape), tf.float32)


def run(*fetches):
    with create_session() as session:
        return session.run(fetches)


def with_gradients(y, *inputs):
    """y and the gradients of a sum that weighs each of its values differently."""
    weights = tf.reshape(tf.sin(tf.cast(tf.range(tf.size(y)), tf.float32)), tf.shape(y))
    return (y,) + tuple(tf.gradients(y * weights, inputs))


def assert_alike(ours, theirs):
    for a, b in zip(run(*ours), run(*theirs)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.fixture
def frozen_weights(monkeypatch):
    for name in ('TF_ENABLE_ONEDNN_OPTS', 'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS'):
        monkeypatch.setenv(name, '1')


@pytest.mark.parametrize('fuse_bias', [False, True])
@pytest.mark.parametrize('size', [1, 3, 7])
def test_convolution_as_matmul_equals_the_convolution(size, fuse_bias):
    inputs = x, kernel, bias = normal(2, 5, 4, CHANNELS), normal(size, size, CHANNELS, 6), normal(6)
    assert_alike(with_gradients(conv2d_as_matmul(x, kernel, bias, fuse_bias), *inputs),
                 with_gradients(conv2d(x, kernel, bias), *inputs))


# h, w: the input's size, ceil(height / stride), as after SAME pooling
@pytest.mark.parametrize('stride, height, width, h, w', [(8, 64, 96, 8, 12), (8, 61, 90, 8, 12), (2, 7, 4, 4, 2),
                                                         (32, 1, 33, 1, 2)])
def test_transposed_convolution_as_matmul_equals_the_plain_one(stride, height, width, h, w):
    kernel = normal(2 * stride, 2 * stride, CLASSES, CHANNELS)
    inputs = x, kernel, bias = normal(2, h, w, CHANNELS), kernel, normal(CLASSES)
    like = tf.zeros([2, height, width, 3])
    assert_alike(with_gradients(conv2d_transpose_as_matmul(x, kernel, bias, stride, like), *inputs),
                 with_gradients(conv2d_transpose(x, kernel, bias, stride, like), *inputs))


@pytest.mark.parametrize('strip_values', [1, 20000, 2 ** 24])
@pytest.mark.parametrize('with_class_0', [True, False])
def test_ids_in_strips_of_any_size_are_those_of_the_scores(monkeypatch, strip_values, with_class_0):
    monkeypatch.setattr('fcn8s.nets.scores.STRIP_VALUES', strip_values)
    x, kernel, bias = normal(2, 4, 6, CHANNELS), normal(16, 16, CLASSES, CHANNELS), normal(CLASSES)
    logits = conv2d_transpose(x, kernel, bias, 8, tf.zeros([2, 29, 48, 3]))
    strips, plain = run(ids_in_strips(x, kernel, bias, 8, 29, 48, with_class_0), predict_ids(logits, with_class_0))
    assert (strips == plain).all() and len(set(plain.ravel())) == CLASSES - (not with_class_0)


def test_ids_in_strips_need_no_bias():
    x, kernel = normal(1, 2, 2, CHANNELS), normal(4, 4, CLASSES, CHANNELS)
    logits = conv2d_transpose(x, kernel, None, 2, tf.zeros([1, 4, 4, 3]))
    strips, plain = run(ids_in_strips(x, kernel, None, 2, 4, 4), predict_ids(logits))
    assert (strips == plain).all()


def test_equal_scores_give_the_first_class_in_strips_too():
    ids, = run(ids_in_strips(tf.zeros([1, 2, 2, 1]), tf.zeros([4, 4, 3, 1]), tf.constant([0., 1., 1.]), 2, 4, 4))
    assert (ids == 1).all()


def ancestors(op):
    """All ops that run with `op`."""
    found, todo = set(), [op]
    while todo:
        op = todo.pop()
        if op not in found:
            found.add(op)
            todo += [x.op for x in op.inputs] + list(op.control_inputs)
    return found


@pytest.mark.skipif(bool(gpus()), reason='a GPU computes the scores')
@pytest.mark.parametrize('name', ['fcn8s', 'fcn16s_paper', 'fcn32s_paper'])
def test_ids_do_not_need_the_scores_at_full_size(name):
    scores, _ = build_scores(name, tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, 1 / 16)
    assert scores.logits.op not in ancestors(scores.ids().op)


def test_float32_uses_tensorflows_convolution_for_fc6():
    assert fc6_op().type == 'Conv2D'


@pytest.mark.skipif(bool(gpus()) or tf.version.VERSION.startswith('1.'), reason='no oneDNN, or too old')
def test_frozen_kernel_of_fc6_is_not_kept_twice(frozen_weights):
    product = fc6_op()
    assert product.type == 'MatMul'
    # fused with BiasAdd, oneDNN would keep a copy
    assert [op.type for op in product.outputs[0].consumers()] == ['Reshape']


def fc6_op():
    """The op that computes fc6 of fcn8s, before the bias."""
    _, end_points = build_scores('fcn8s', tf.placeholder(tf.uint8, [1, 64, 96, 3]), CLASSES, 1 / 16)
    op = end_points['fc6'].op
    while op.type not in ('Conv2D', 'MatMul'):
        op = op.inputs[0].op
    return op
