"""Segmenter from Python: Segmenter(logs_dir).predict(photo)."""
import os
import subprocess
import sys

import numpy as np
import pytest
from nets_by_hand import by_hand
from PIL import Image
from project import PROJECT
from scripts import write_data_set
from thin_run import write_run

from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('logs'))


@pytest.fixture(scope='module')
def segmenter(logs_dir):
    with Segmenter(logs_dir) as opened:
        yield opened


@pytest.fixture
def runs(monkeypatch):
    """List of (session, images) for each later run of a net."""
    recorded, run = [], tf.Session.run

    def record(session, fetches, feed_dict=None, **options):
        recorded.extend((session, images) for images in (feed_dict or {}).values())
        return run(session, fetches, feed_dict, **options)

    monkeypatch.setattr(tf.Session, 'run', record)
    return recorded


def photo(height, width):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


def ids_by_hand(logs_dir, image, net_size):
    """Ids of a photo: the net in NumPy with the weights of the checkpoint, Pillow's resizing there and back."""
    reader = tf.train.load_checkpoint(logs_dir + '/model.ckpt-0')
    weights = {name.split('/')[-1]: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    resized = np.array(Image.fromarray(image).resize(net_size[::-1], Image.BILINEAR))
    ids = by_hand('fcn8s', resized[np.newaxis].astype(float), weights)[0].argmax(axis=2).astype(np.uint8)
    return np.array(Image.fromarray(ids).resize(image.shape[1::-1], Image.NEAREST))


@pytest.mark.parametrize('size', [(64, 96), (61, 75), (1, 1), (33, 200)])
def test_prediction_has_the_size_of_the_photo(segmenter, size):
    ids = segmenter.predict(photo(*size))
    assert ids.shape == size and ids.dtype == np.uint8 and ids.max() < 5


@pytest.mark.parametrize('size, max_side, net_size', [((61, 75), None, (64, 96)), ((128, 256), 128, (64, 128))])
def test_prediction_is_that_of_the_net_by_hand(logs_dir, size, max_side, net_size):
    image = photo(*size)
    with Segmenter(logs_dir, max_side=max_side) as segmenter:
        ids = segmenter.predict(image)
    expected = ids_by_hand(logs_dir, image, net_size)
    assert len(np.unique(expected)) > 1
    assert np.mean(ids == expected) > 0.999  # float32 may break a tie differently


def test_home_folder_is_expanded_in_paths(logs_dir, monkeypatch):
    parent, name = os.path.split(logs_dir)
    for variable in ('HOME', 'USERPROFILE'):
        monkeypatch.setenv(variable, parent)
    for paths in ((f'~/{name}',), ('nowhere', f'~/{name}/model.ckpt-0')):
        with Segmenter(*paths) as segmenter:
            assert segmenter.checkpoint == os.path.join(logs_dir, 'model.ckpt-0')


def test_prediction_graph_holds_no_dropout_and_no_optimizer(segmenter, runs):
    segmenter.predict(photo(32, 32))
    (session, _), = runs
    operations = [operation.name for operation in session.graph.get_operations()]
    assert not any('Adam' in name or 'stateless' in name.lower() or 'random_uniform' in name for name in operations)


def test_list_of_photos_gives_a_list(segmenter):
    photos = [photo(40, 50), photo(33, 64)]
    for ids, image in zip(segmenter.predict(photos), photos):
        np.testing.assert_array_equal(ids, segmenter.predict(image))
    assert segmenter.predict([]) == []


@pytest.mark.parametrize('pays, expected', [(True, [(3, 64, 64), (1, 64, 96), (2, 96, 64)]),
                                            (False, 3 * [(1, 64, 64)] + [(1, 64, 96)] + 2 * [(1, 96, 64)])])
def test_photos_of_one_size_run_together_where_that_pays(logs_dir, monkeypatch, runs, pays, expected):
    # sides of 33 to 64 pixels become 64 for the net
    photos = [photo(40, 50), photo(61, 33), photo(64, 64)[::-1], photo(40, 65), photo(90, 64), photo(90, 64)[:, ::-1]]
    monkeypatch.setattr('fcn8s.prediction.segmenter.onednn_caches_kernels', lambda: pays)
    with Segmenter(logs_dir) as segmenter:
        runs.clear()
        pairs = list(segmenter.predict_each(iter(photos)))
        assert [images.shape[:3] for _, images in runs] == expected
        for image, (same, ids) in zip(photos, pairs):
            assert same is image and ids.shape == image.shape[:2]
            np.testing.assert_array_equal(ids, segmenter.predict(image))


def test_large_photos_do_not_wait_for_each_other_in_memory(logs_dir, monkeypatch):
    monkeypatch.setattr('fcn8s.prediction.segmenter.onednn_caches_kernels', lambda: True)
    with Segmenter(logs_dir, max_side=64) as small:
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


def test_ids_are_the_most_likely_classes(segmenter):
    image = photo(64, 96)  # the net's own size: nothing is interpolated
    np.testing.assert_array_equal(segmenter.predict(image), segmenter.predict(image, argmax=False).argmax(axis=2))


def test_ids_and_probabilities_in_one_pass_equal_those_of_two(segmenter):
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


def test_tiles_bound_the_size_of_a_run(logs_dir, runs):
    with Segmenter(logs_dir, tile=128, tile_margin=32) as tiled:
        runs.clear()
        assert tiled.predict(photo(200, 300)).shape == (200, 300)
        assert tiled.predict_batch(photo(192, 320)[None]).shape == (1, 192, 320)
        assert tiled.softmax_batch(photo(192, 320)[None]).shape == (1, 192, 320, 5)
    assert len(runs) > 3 and {images.shape for _, images in runs} == {(1, 128, 128, 3)}


@pytest.mark.parametrize('wrong', [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8),
                                   np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3), np.float32), 'street.jpg', None])
def test_arrays_that_are_no_photo_are_refused(segmenter, wrong):
    with pytest.raises(UserError, match=r'expected photos as uint8 \[height, width, 3\]'):
        segmenter.predict(wrong)


@pytest.mark.parametrize('error', [tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating tensor'),
                                   MemoryError()])
def test_memory_that_runs_out_is_reported_with_the_flags_that_help(segmenter, monkeypatch, error):
    def run(*_):
        raise error

    monkeypatch.setattr(tf.Session, 'run', run)
    with pytest.raises(UserError, match='memory ran out on images of 64x96 pixels.*--tile.*--max_side'):
        segmenter.predict(photo(61, 75))


TRAIN = '''
import sys
import FCN_train
sys.exit(FCN_train.main(['FCN_train.py', '--pretrained=none', '--width=0.0625', '--max_steps=3', '--learning_rate=1e-2',
                         '--deterministic', '--data_dir=' + sys.argv[1], '--logs_dir=' + sys.argv[2]]))
'''


def test_training_learns_even_if_the_shell_sets_frozen_weights(tmp_path):
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


def test_cached_kernels_predict_the_same_for_every_size(logs_dir, tmp_path):
    path = str(tmp_path / 'softmax.npz')
    subprocess.run([sys.executable, '-c', FROZEN, logs_dir, path], check=True, cwd=PROJECT)
    with Segmenter(logs_dir, precision='float32') as segmenter, np.load(path) as frozen:
        for name, size in zip(frozen.files, ((64, 96), (128, 32), (64, 96))):
            np.testing.assert_allclose(frozen[name], segmenter.softmax_batch(photo(*size)[None])[0], atol=1e-4)
