"""The door from Python: Segmenter(logs_dir).predict(photo)."""
import os
import subprocess
import sys

import numpy as np
import pytest
from project import PROJECT
from scripts import write_data_set
from thin_run import write_run

from fcn8s.data.photos import resize_ids, resize_photo
from fcn8s.nets.scores import predict_ids
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from FCN_model import build
from TensorflowUtils import create_session


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('logs'))


@pytest.fixture(scope='module')
def segmenter(logs_dir):
    with Segmenter(logs_dir) as opened:
        yield opened


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


def test_list_of_photos_gives_a_list(segmenter):
    photos = [photo(40, 50), photo(33, 64)]
    for ids, image in zip(segmenter.predict(photos), photos):
        np.testing.assert_array_equal(ids, segmenter.predict(image))
    assert segmenter.predict([]) == []


@pytest.mark.parametrize('together, expected', [(True, [(3, 64, 64), (1, 64, 96), (2, 96, 64)]),
                                                (False, 3 * [(1, 64, 64)] + [(1, 64, 96)] + 2 * [(1, 96, 64)])])
def test_photos_of_one_size_pass_the_net_together_where_that_pays(segmenter, monkeypatch, together, expected):
    # 33..64 pixels are 64 for the net
    photos = [photo(40, 50), photo(61, 33), photo(64, 64)[::-1], photo(40, 65), photo(90, 64), photo(90, 64)[:, ::-1]]
    sizes, run = [], segmenter._run

    def seen(fetch, images):
        sizes.append(images.shape[:3])
        return run(fetch, images)

    monkeypatch.setattr(segmenter, '_run', seen)
    monkeypatch.setattr(segmenter, '_together', together)
    together = list(segmenter.predict_each(iter(photos)))
    assert sizes == expected
    for image, (same, ids) in zip(photos, together):
        assert same is image and ids.shape == image.shape[:2]
        np.testing.assert_array_equal(ids, segmenter.predict(image))


def test_large_photos_do_not_wait_for_each_other_in_memory(logs_dir, monkeypatch):
    with Segmenter(logs_dir, max_side=64) as small:
        monkeypatch.setattr(small, '_together', True)
        # 4 times 700,000 pixels are the most
        photos = 2 * [np.zeros((1400, 2000, 3), np.uint8)] + 2 * [np.zeros((1401, 2000, 3), np.uint8)]
        assert [len(batch) for batch in small.batches(photos)] == [2, 1, 1]


def test_array_of_photos_gives_an_array(segmenter):
    photos = np.stack([photo(40, 50), photo(40, 50)[:, ::-1]])
    ids = segmenter.predict(photos)
    assert ids.shape == (2, 40, 50) and ids.dtype == np.uint8
    np.testing.assert_array_equal(ids[1], segmenter.predict(photos[1]))
    assert segmenter.predict(photos, argmax=False).shape == (2, 40, 50, 5)


def test_probabilities_have_the_size_of_the_photo_and_sum_to_one(segmenter):
    softmax = segmenter.predict(photo(41, 75), argmax=False)
    assert softmax.shape == (41, 75, 5) and softmax.dtype == np.float32
    np.testing.assert_allclose(softmax.sum(axis=2), 1, atol=1e-5)


def test_ids_are_the_likeliest_of_the_probabilities(segmenter):
    image = photo(64, 96)  # the net's own size: nothing is interpolated
    np.testing.assert_array_equal(segmenter.predict(image), segmenter.predict(image, argmax=False).argmax(axis=2))


def test_both_in_one_pass_are_those_of_two(segmenter):
    image = photo(41, 75)
    ids, softmax = segmenter.predict_both(image)
    np.testing.assert_array_equal(ids, segmenter.predict(image))
    np.testing.assert_allclose(softmax, segmenter.predict(image, argmax=False), atol=1e-6)


@pytest.mark.parametrize('tile, exact', [(544, True), (96, False)])
def test_tiles_give_the_untiled_ids_up_to_their_margin(logs_dir, segmenter, tile, exact):
    image = photo(31, 1000)
    with Segmenter(logs_dir, tile=tile, tile_margin=256 if exact else 32) as tiled:
        differ = np.mean(tiled.predict(image) != segmenter.predict(image))
    assert differ < 0.001 if exact else differ > 0.001


def test_tiles_bound_what_the_net_sees_at_once(logs_dir, monkeypatch):
    with Segmenter(logs_dir, tile=128, tile_margin=32) as tiled:
        seen, run = [], tiled._session.run
        monkeypatch.setattr(tiled, '_session', type('Session', (), {
            'run': lambda self, fetch, feed: seen.extend(image.shape for image in feed.values()) or run(fetch, feed),
            'close': tiled._session.close})())
        assert tiled.predict(photo(200, 300)).shape == (200, 300)
        assert tiled.predict_batch(photo(192, 320)[None]).shape == (1, 192, 320)
        assert tiled.softmax_batch(photo(192, 320)[None]).shape == (1, 192, 320, 5)
    assert len(seen) > 3 and set(seen) == {(1, 128, 128, 3)}


@pytest.mark.parametrize('wrong', [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8),
                                   np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3), np.float32), 'street.jpg', None])
def test_what_is_no_photo_is_refused(segmenter, wrong):
    with pytest.raises(UserError, match=r'expected photos as uint8 \[height, width, 3\]'):
        segmenter.predict(wrong)


def test_memory_that_runs_out_is_told_with_the_flags_that_help(segmenter, monkeypatch):
    def run(*_):
        raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating tensor')

    monkeypatch.setattr(segmenter, '_session', type('Session', (), {'run': run})())
    with pytest.raises(UserError, match='memory ran out on images of 64x96 pixels.*--tile.*--max_side'):
        segmenter.predict(photo(61, 75))


TRAIN = '''
import sys
import FCN_train
sys.exit(FCN_train.main(['FCN_train.py', '--pretrained=none', '--width=0.0625', '--max_steps=3', '--learning_rate=1e-2',
                         '--deterministic', '--data_dir=' + sys.argv[1], '--logs_dir=' + sys.argv[2]]))
'''


def test_training_learns_whatever_the_shell_says_of_frozen_weights(tmp_path):
    data_dir, weights = write_data_set(tmp_path / 'data', size=(32, 32)), []
    for frozen in '01':
        env = dict(os.environ, TF_ENABLE_ONEDNN_OPTS='1', TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=frozen)
        command = [sys.executable, '-c', TRAIN, data_dir, str(tmp_path / frozen)]
        subprocess.run(command, check=True, cwd=PROJECT, env=env)
        reader = tf.train.load_checkpoint(str(tmp_path / frozen / 'model.ckpt-3'))
        weights.append(reader.get_tensor('inference/conv3_1_w'))
    np.testing.assert_array_equal(*weights)


BESIDE_EAGER_CODE = '''
import sys
import numpy as np
import tensorflow as tf
from fcn8s.prediction.segmenter import Segmenter

double = tf.function(lambda x: 2 * x)
def check():
    assert tf.executing_eagerly() and float(double(tf.constant(3.))) == 6.
    with tf.GradientTape() as tape:
        x = tf.Variable([1., 2.])
        y = tf.reduce_sum(tf.map_fn(lambda v: v * v, x))
    assert tape.gradient(y, x).numpy().tolist() == [2., 4.]
    assert tf.constant([1., 2.]).shape[0] == 2 and (tf.constant(1) == tf.constant(1)).numpy()

check()
photo = np.random.RandomState(0).randint(0, 256, (61, 75, 3)).astype(np.uint8)
with Segmenter(sys.argv[1], precision='float32') as segmenter:
    check()
    np.savez(sys.argv[2], ids=segmenter.predict(photo), softmax=segmenter.predict(photo, argmax=False))
    check()
check()
'''


@pytest.mark.skipif(tf.version.VERSION.startswith('1.'), reason='TensorFlow 1.15 is not eager by itself')
def test_eager_code_runs_beside_it_and_predictions_are_the_same(logs_dir, tmp_path):
    path = str(tmp_path / 'predicted.npz')
    subprocess.run([sys.executable, '-c', BESIDE_EAGER_CODE, logs_dir, path], check=True, cwd=PROJECT)
    with Segmenter(logs_dir, precision='float32') as segmenter, np.load(path) as beside:
        np.testing.assert_array_equal(beside['ids'], segmenter.predict(photo(61, 75)))
        np.testing.assert_allclose(beside['softmax'], segmenter.predict(photo(61, 75), argmax=False), atol=1e-6)


FROZEN = '''
import sys
import numpy as np
from fcn8s.devices import assume_frozen_weights
assume_frozen_weights()
from fcn8s.prediction.segmenter import Segmenter
photos = [np.random.RandomState(0).randint(0, 256, size + (3,)).astype(np.uint8)
          for size in ((64, 96), (128, 32), (64, 96))]
with Segmenter(sys.argv[1], precision='float32') as segmenter:
    np.savez(sys.argv[2], *[segmenter.softmax_batch(photo[None])[0] for photo in photos])
'''


def test_weights_arranged_once_predict_the_same_for_every_size(logs_dir, tmp_path):
    path = str(tmp_path / 'softmax.npz')
    subprocess.run([sys.executable, '-c', FROZEN, logs_dir, path], check=True, cwd=PROJECT)
    with Segmenter(logs_dir, precision='float32') as segmenter, np.load(path) as frozen:
        for name, size in zip(frozen.files, ((64, 96), (128, 32), (64, 96))):
            np.testing.assert_allclose(frozen[name], segmenter.softmax_batch(photo(*size)[None])[0], atol=1e-4)
