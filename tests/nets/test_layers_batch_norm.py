"""fcn8s.nets.layers normalizes and keeps moving averages as PyTorch does."""
import numpy as np
import pytest

from fcn8s.nets.layers import CHANGES, batch_norm
from fcn8s.utils.tf1 import tf

X = np.random.RandomState(0).normal(3., 2., (2, 3, 5, 4)).astype(np.float32)


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def build(training):
    x = tf.placeholder(tf.float32, [None, None, None, 4])
    return x, batch_norm(x, 'bn', training)


def variables():
    return {variable.op.name: variable for variable in tf.global_variables()}


def start(session, **values):
    session.run(tf.global_variables_initializer())
    for name, value in values.items():
        variables()['bn_' + name].load(np.full(4, value, np.float32), session)


def move_averages(session, feed):
    session.run([tf.assign_sub(average, change) for average, change in tf.get_collection(CHANGES)], feed)


def test_the_variables_of_a_layer(session):
    build(training=True)
    assert list(variables()) == ['bn_scale', 'bn_bias', 'bn_mean', 'bn_variance']
    assert [variable.op.name for variable in tf.trainable_variables()] == ['bn_scale', 'bn_bias']


def test_training_normalizes_each_channel_by_the_batch(session):
    x, y = build(training=True)
    start(session, scale=3., bias=-1., mean=100., variance=100.)
    expected = (X - X.mean((0, 1, 2))) / np.sqrt(X.var((0, 1, 2)) + 1e-5) * 3 - 1
    np.testing.assert_allclose(session.run(y, {x: X}), expected, rtol=0, atol=1e-5)


def test_inference_normalizes_by_the_moving_averages(session):
    x, y = build(training=False)
    start(session, scale=3., bias=-1., mean=2., variance=4.)
    np.testing.assert_allclose(session.run(y, {x: X}), (X - 2) / 2 * 3 - 1, rtol=0, atol=1e-4)


def test_updates_take_a_tenth_of_the_mean_and_of_the_unbiased_variance(session):
    x, _ = build(training=True)
    start(session, mean=10., variance=20.)
    move_averages(session, {x: X})
    values = session.run(variables())
    np.testing.assert_allclose(values['bn_mean'], 9 + 0.1 * X.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(values['bn_variance'], 18 + 0.1 * X.var((0, 1, 2), ddof=1), rtol=1e-5)


def test_inference_updates_nothing(session):
    build(training=False)
    assert tf.get_collection(CHANGES) == []


def test_a_channel_of_one_value_leaves_the_moving_averages_alone(session):
    x, y = build(training=True)
    start(session, bias=7., mean=10., variance=20.)
    move_averages(session, {x: X[:1, :1, :1]})
    values = session.run(variables())
    assert values['bn_mean'].tolist() == [10] * 4
    assert values['bn_variance'].tolist() == [20] * 4


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_values_that_are_not_finite_stay_out_of_the_moving_averages(session, bad):
    x, _ = build(training=True)
    start(session, mean=10., variance=20.)
    spoilt = X.copy()
    spoilt[0, 0, 0, 2] = bad
    move_averages(session, {x: spoilt})
    values = session.run(variables())
    assert values['bn_mean'][2] == 10
    assert values['bn_variance'][2] == 20
    np.testing.assert_allclose(values['bn_mean'][1], 9 + 0.1 * X[..., 1].mean(), rtol=1e-5)


@pytest.mark.parametrize('training', [False, True])
def test_output_gradients_and_averages_are_those_of_torch(session, training):
    torch = pytest.importorskip('torch')
    weights = np.random.RandomState(1).normal(size=(4, 4)).astype(np.float32)
    state = dict(zip(('scale', 'bias', 'mean', 'variance'), np.abs(weights) + 0.5))
    x, y = build(training)
    session.run(tf.global_variables_initializer())
    for name, value in state.items():
        variables()['bn_' + name].load(value, session)
    slope = np.random.RandomState(2).normal(size=X.shape).astype(np.float32)
    gradients = tf.gradients(tf.reduce_sum(y * slope), [x] + tf.trainable_variables())
    found = session.run([y] + gradients, {x: X})
    move_averages(session, {x: X})

    layer = torch.nn.BatchNorm2d(4).train(training)
    layer.load_state_dict({'weight': torch.tensor(state['scale']), 'bias': torch.tensor(state['bias']),
                           'running_mean': torch.tensor(state['mean']), 'running_var': torch.tensor(state['variance']),
                           'num_batches_tracked': torch.tensor(0)})
    inputs = torch.tensor(X.transpose(0, 3, 1, 2), requires_grad=True)
    outputs = layer(inputs)
    (outputs * torch.tensor(slope.transpose(0, 3, 1, 2))).sum().backward()
    expected = [outputs.detach().numpy().transpose(0, 2, 3, 1), inputs.grad.numpy().transpose(0, 2, 3, 1),
                layer.weight.grad.numpy(), layer.bias.grad.numpy()]
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(session.run(variables()['bn_mean']), layer.running_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(session.run(variables()['bn_variance']), layer.running_var.numpy(), rtol=1e-5)
