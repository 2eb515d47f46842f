"""Loss and accuracy by hand."""
import numpy as np
import pytest

from fcn8s.nets.all_sum import ALONE
from fcn8s.nets.loss import progress_figures, segmentation_loss, valid_pixels
from fcn8s.utils.tf1 import tf
from TensorflowUtils import create_session


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def run(fetches):
    with create_session() as session:
        return session.run(fetches)


def test_loss_is_the_mean_over_valid_pixels():
    logits = np.log(np.array([[[[.5, .25, .25], [.1, .8, .1], [.2, .2, .6], [.3, .3, .4]]]], np.float32))
    annotations = np.array([[[0, 1, 255, 2]]], np.uint8)
    valid = valid_pixels(tf.constant(annotations), 3, ignored=[2])
    loss, mask = run([segmentation_loss(tf.constant(logits), tf.constant(annotations), valid), valid])
    assert mask.tolist() == [[[True, True, False, False]]]
    assert loss == pytest.approx(-(np.log(.5) + np.log(.8)) / 2)


def test_loss_without_a_valid_pixel_is_zero():
    annotations = tf.constant([[[7, 255]]], tf.uint8)
    loss = segmentation_loss(tf.zeros([1, 1, 2, 3]), annotations, valid_pixels(annotations, 3))
    assert run(loss) == 0


def test_pixel_accuracy_counts_valid_pixels_only():
    annotations = tf.constant([[[0, 1, 2, 2, 255]]], tf.uint8)
    ids = tf.constant([[[0, 0, 2, 1, 255]]], tf.uint8)
    figures = run(progress_figures(ids, annotations, valid_pixels(annotations, 3, ignored=[0]), 3, ALONE, None))
    assert figures['pixel_accuracy'] == pytest.approx(1 / 3)


def test_class_weights_weigh_each_pixel_by_its_class():
    logits = np.log(np.array([[[[.5, .5], [.2, .8]]]], np.float32))
    annotations = tf.constant([[[0, 1]]], tf.uint8)
    loss = segmentation_loss(tf.constant(logits), annotations, valid_pixels(annotations, 2), class_weights=[3., 1.])
    assert run(loss) == pytest.approx(-(3 * np.log(.5) + np.log(.8)) / 4)
