"""The graph of fcn8s: its variables, its loss and steps by hand-made numbers, its full size."""
import numpy as np
import pytest

from FCN_model import (
    build,
    net_row,
    pixel_accuracy,
    predict_ids,
    segmentation_loss,
    training_graph,
    training_step,
    valid_pixels,
)
from TensorflowUtils import create_session, tf

THIN = 1 / 16
CLASSES = 13


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


def run(fetches, feed=None):
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


def photos(height=64, width=96, batch=2):
    return np.random.RandomState(0).randint(0, 256, (batch, height, width, 3)).astype(np.uint8)


def test_variables_carry_the_names_of_FCN_tensorflow():
    build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
    convs = ['1_1', '1_2', '2_1', '2_2', '3_1', '3_2', '3_3', '4_1', '4_2', '4_3', '5_1', '5_2', '5_3']
    expected = [f'conv{conv}_{part}' for conv in convs for part in 'wb']
    expected += ['W6', 'b6', 'W7', 'b7', 'W8', 'b8', 'W_t1', 'b_t1', 'W_t2', 'b_t2', 'W_t3', 'b_t3']
    assert [v.op.name for v in tf.global_variables()] == ['inference/' + name for name in expected]


def test_full_size_has_the_parameters_that_the_layers_add_up_to():
    build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), 151)
    # VGG16's 13 convolutions 14,714,688; fc6 7*7*512*4096 + 4096; fc7 4096*4096 + 4096; score_fr 4096*151 + 151;
    # upscore2 4*4*512*151 + 512; upscore_pool4 4*4*256*512 + 256; upscore8 16*16*151*256 + 151
    expected = 14714688 + 102764544 + 16781312 + 618647 + 1237504 + 2097408 + 9896087
    assert sum(v.shape.num_elements() for v in tf.trainable_variables()) == expected


def test_full_size_takes_a_step_and_predicts():
    net = training_graph('fcn8s', 151, width=1., keep_prob=0.8, learning_rate=1e-5, seed=0)
    feed = {net.images: photos(32, 64), net.annotations: np.full((2, 32, 64), 5, np.uint8)}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        loss, _ = session.run([net.loss, net.train], feed)
        ids, after = session.run(net.validate, feed)
    assert ids.shape == (2, 32, 64) and ids.max() < 151
    assert loss == pytest.approx(np.log(151), rel=0.1)  # nothing is known yet: all classes are as likely
    assert after < loss


def test_unknown_net_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="'fcn9s'.*fcn8s"):
        net_row('fcn9s')


def test_training_and_validation_share_their_variables():
    net = training_graph('fcn8s', CLASSES, THIN, keep_prob=0.5, learning_rate=0., seed=0)
    assert len(net.variables) == 2 * 13 + 12 == len(tf.trainable_variables())


def test_dropout_is_off_in_validation():
    net = training_graph('fcn8s', CLASSES, THIN, keep_prob=0.1, learning_rate=0., seed=0)
    feed = {net.images: photos(), net.annotations: np.ones((2, 64, 96), np.uint8)}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        first, training = session.run([net.validate, net.loss], feed)
        session.run(net.train, feed)  # a learning rate of 0: only the step, and so dropout's masks, go on
        second, training_again = session.run([net.validate, net.loss], feed)
    assert first[1] == second[1] and training != training_again


def test_loss_is_the_mean_over_valid_pixels():
    logits = np.log(np.array([[[[.5, .25, .25], [.1, .8, .1], [.2, .2, .6], [.3, .3, .4]]]], np.float32))
    annotations = np.array([[[0, 1, 255, 2]]], np.uint8)
    valid = valid_pixels(tf.constant(annotations), 3, ignore_label=2)
    loss, mask = run([segmentation_loss(tf.constant(logits), tf.constant(annotations), valid), valid])
    assert mask.tolist() == [[[True, True, False, False]]]
    assert loss == pytest.approx(-(np.log(.5) + np.log(.8)) / 2)


def test_loss_of_nothing_valid_is_zero():
    annotations = tf.constant([[[7, 255]]], tf.uint8)
    loss = segmentation_loss(tf.zeros([1, 1, 2, 3]), annotations, valid_pixels(annotations, 3))
    assert run([loss, tf.gradients(loss, loss)])[0] == 0


def test_pixel_accuracy_counts_valid_pixels_only():
    annotations = tf.constant([[[0, 1, 2, 2, 255]]], tf.uint8)
    ids = tf.constant([[[0, 0, 2, 1, 255]]], tf.uint8)
    assert run(pixel_accuracy(ids, annotations, valid_pixels(annotations, 3, ignore_label=0))) == pytest.approx(1 / 3)


@pytest.mark.parametrize('with_class_0, expected', [(True, [0, 2]), (False, [1, 2])])
def test_class_0_can_be_left_out_of_the_prediction(with_class_0, expected):
    logits = tf.constant([[[[3., 2., 1.], [0., 1., 2.]]]])
    assert run(predict_ids(logits, with_class_0))[0, 0].tolist() == expected


def test_adam_takes_its_published_first_step():
    variable = tf.get_variable('v', initializer=tf.constant([1., -2.]))
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(variable * tf.constant([3., -4.]))
    train, _, _ = training_step(loss, 0.1, step)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        value, count = session.run([variable, step])
    # Adam's first step is learning_rate * sign(gradient), whatever the gradient's size (arXiv 1412.6980)
    np.testing.assert_allclose(value, [0.9, -1.9], rtol=1e-5)
    assert count == 1


@pytest.mark.parametrize('bad_loss', [np.nan, np.inf])
def test_step_with_a_loss_that_is_not_finite_changes_nothing(bad_loss):
    variable = tf.get_variable('v', initializer=tf.constant([1., -2.]))
    step = tf.train.get_or_create_global_step()
    factor = tf.placeholder(tf.float32, [])
    train, _, finite = training_step(tf.reduce_sum(variable) * factor, 0.1, step)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        was_finite, _ = session.run([finite, train], {factor: bad_loss})
        value, count = session.run([variable, step])
    assert not was_finite and count == 0 and value.tolist() == [1, -2]


def test_net_accepts_any_size():
    logits, _ = build('fcn8s', tf.constant(photos(61, 75)), CLASSES, THIN)
    assert run(logits).shape == (2, 61, 75, CLASSES)
