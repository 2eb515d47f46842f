"""Optimizer steps by hand."""
import numpy as np
import pytest

from fcn8s.nets.layers import CHANGES
from fcn8s.nets.train_op import StepOptions, training_step
from fcn8s.utils.tf1 import tf
from TensorflowUtils import create_session


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


class Step:
    """One step on the loss sum(kernel * [[3, -4]]) + 2 * bias; the kernel is the encoder's, the bias the decoder's."""

    def __init__(self, options=StepOptions(), rates=(0.1, 0.1), factor=1., decoder=('bias',)):
        kernel = tf.get_variable('kernel', initializer=tf.constant([[1., -2.]]))
        bias = tf.get_variable('bias', initializer=tf.constant([5.]))
        step = tf.train.get_or_create_global_step()
        loss = (tf.reduce_sum(kernel * tf.constant([[3., -4.]])) + 2 * tf.reduce_sum(bias)) * tf.constant(factor)
        taken = training_step(loss, rates[0], rates[1], set(decoder), step, options)
        with create_session() as session:
            session.run(tf.global_variables_initializer())
            self.finite, _ = session.run([taken.finite, taken.train])
            self.kernel, self.bias, self.step = session.run([kernel, bias, step])


def test_adam_takes_its_published_first_step():
    step = Step()
    # Adam's first step is learning_rate * sign(gradient), whatever the gradient's size (arXiv 1412.6980)
    np.testing.assert_allclose(step.kernel, [[0.9, -1.9]], rtol=1e-5)
    assert step.step == 1 and step.finite


def test_adamw_takes_its_decay_beside_adams_step():
    # kernel - rate * (sign(gradient) + decay * kernel); Adam's first step is the gradient's sign; biases do not decay
    step = Step(StepOptions('adamw', weight_decay=0.5))
    np.testing.assert_allclose(step.kernel, [[1 - 0.1 * (1 + 0.5 * 1), -2 - 0.1 * (-1 + 0.5 * -2)]], rtol=1e-5)
    np.testing.assert_allclose(step.bias, [4.9], rtol=1e-5)


def test_adamw_decays_by_the_rate_of_the_part_of_the_net():
    step = Step(StepOptions('adamw', weight_decay=0.5), rates=(0.1, 0.01), decoder=('kernel',))
    np.testing.assert_allclose(step.kernel, [[1 - 0.01 * 1.5, -2 + 0.01 * 2]], rtol=1e-5)


def test_sgd_descends_the_gradient():
    np.testing.assert_allclose(Step(StepOptions('sgd')).kernel, [[1 - 0.1 * 3, -2 + 0.1 * 4]], rtol=1e-6)


def test_encoder_and_decoder_have_their_own_rates():
    step = Step(StepOptions('sgd'), rates=(0.1, 0.01))
    np.testing.assert_allclose(step.kernel, [[0.7, -1.6]], rtol=1e-6)
    np.testing.assert_allclose(step.bias, [5 - 0.01 * 2], rtol=1e-6)


def test_weight_decay_shrinks_kernels_but_not_biases():
    step = Step(StepOptions('sgd', weight_decay=0.5))
    np.testing.assert_allclose(step.kernel, [[1 - 0.1 * (3 + 0.5 * 1), -2 - 0.1 * (-4 + 0.5 * -2)]], rtol=1e-6)
    np.testing.assert_allclose(step.bias, [4.8], rtol=1e-6)


@pytest.mark.parametrize('decoder, expected', [(('kernel',), [[1 - 0.1 * 3.5, -2 - 0.1 * -5]]),
                                               (('bias',), [[0.7, -1.6]])])
def test_l2_decays_kernels_of_the_decoder_only(decoder, expected):
    np.testing.assert_allclose(Step(StepOptions('sgd', l2=0.5), decoder=decoder).kernel, expected, rtol=1e-6)


def test_clipping_bounds_the_global_norm():
    step = Step(StepOptions('sgd', clip_norm=1.))
    norm = np.sqrt(3 ** 2 + 4 ** 2 + 2 ** 2)
    np.testing.assert_allclose(step.kernel, [[1 - 0.3 / norm, -2 + 0.4 / norm]], rtol=1e-5)


def test_momentum_accumulates():
    kernel = tf.get_variable('kernel', initializer=tf.constant([[1.]]))
    train = training_step(tf.reduce_sum(kernel), 0.1, 0.1, set(), tf.train.get_or_create_global_step(),
                          StepOptions('sgd', momentum=0.5)).train
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            session.run(train)
        assert session.run(kernel)[0, 0] == pytest.approx(1 - 0.1 * 1 - 0.1 * 1.5)


@pytest.mark.parametrize('factor', [np.nan, np.inf])
@pytest.mark.parametrize('skip, expected_step', [(False, 0), (True, 1)])
def test_step_that_is_not_finite_changes_no_variable(factor, skip, expected_step):
    step = Step(StepOptions(skip_nonfinite=skip), factor=factor)
    assert not step.finite and step.step == expected_step
    assert step.kernel.tolist() == [[1, -2]] and step.bias.tolist() == [5]


@pytest.mark.parametrize('factor, expected', [(1., 7.5), (np.nan, 10.)])
def test_moving_averages_change_only_in_applied_steps(factor, expected):
    average = tf.get_variable('average', initializer=tf.constant([10.]), trainable=False)
    tf.add_to_collection(CHANGES, (average, 0.25 * average))
    weight = tf.get_variable('weight', initializer=tf.constant([1.]))
    train = training_step(tf.reduce_sum(weight) * tf.constant(factor), 0.1, 0.1, set(),
                          tf.train.get_or_create_global_step()).train
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(average).tolist() == [expected]
