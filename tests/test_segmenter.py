"""The door from Python: Segmenter(logs_dir).predict(photo)."""
import numpy as np
import pytest

from FCN_model import build, predict_ids
from files.images import resize_ids, resize_photo
from read_data import generic_classes
from runs.checkpoint_keeper import CheckpointKeeper
from runs.config import NetConfig, save_config
from segmenter import Segmenter
from TensorflowUtils import create_session, tf


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    """A run of a thin net at its start, with its config."""
    from absl import flags
    folder = str(tmp_path_factory.mktemp('logs'))
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(1)
        build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), 5, 1 / 16)
        session.run(tf.global_variables_initializer())
        CheckpointKeeper(folder, tf.global_variables(), tf.global_variables()).save(session, 0)
    values = flags.FlagValues()
    values.mark_as_parsed()
    save_config(folder, NetConfig('fcn8s', 5, 1 / 16, generic_classes(5)), values)
    return folder


def photo(height, width):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


def restored_ids(logs_dir, images):
    """What the graph predicts with the weights as tf.train.Saver restores them."""
    with tf.Graph().as_default(), create_session() as session:
        logits, _ = build('fcn8s', tf.constant(images), 5, 1 / 16)
        tf.train.Saver().restore(session, logs_dir + '/model.ckpt-0')
        return session.run(predict_ids(logits))


@pytest.mark.parametrize('size', [(64, 96), (61, 75), (1, 1), (33, 200)])
def test_prediction_has_the_size_of_the_photo(logs_dir, size):
    with Segmenter(logs_dir) as segmenter:
        ids = segmenter.predict(photo(*size))
    assert ids.shape == size and ids.dtype == np.uint8 and ids.max() < 5


def test_prediction_is_that_of_the_restored_graph(logs_dir):
    image = photo(61, 75)
    with Segmenter(logs_dir) as segmenter:
        ids = segmenter.predict(image)
    # 61x75 passes the net as 64x96 and comes back by nearest neighbours
    expected = resize_ids(restored_ids(logs_dir, resize_photo(image, 64, 96)[np.newaxis])[0], 61, 75)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(ids, expected)


def test_max_side_shows_the_net_a_smaller_photo(logs_dir):
    image = photo(128, 256)
    with Segmenter(logs_dir, max_side=128) as segmenter:
        ids = segmenter.predict(image)
    expected = resize_ids(restored_ids(logs_dir, resize_photo(image, 64, 128)[np.newaxis])[0], 128, 256)
    np.testing.assert_array_equal(ids, expected)


def test_prediction_graph_holds_no_dropout_and_no_optimizer(logs_dir):
    with Segmenter(logs_dir) as segmenter:
        operations = [operation.name for operation in segmenter._session.graph.get_operations()]
    assert not any('Adam' in name or 'stateless' in name.lower() or 'random_uniform' in name for name in operations)
