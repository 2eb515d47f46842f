"""FCN_infer with flags that need probabilities: --softmax, --scales and --flip."""
import numpy as np
import pytest
from film_files import moving_edge
from image_files import save
from PIL import Image
from thin_run import inference, write_run

from fcn8s.data.photos import resize_ids, resize_photo
from fcn8s.prediction.scales import mean_softmax, resize_probabilities
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp('logs'))


@pytest.fixture
def infer(logs_dir, tmp_path):
    """Runs FCN_infer into tmp_path/out."""
    return inference(logs_dir, tmp_path / 'out')


@pytest.fixture
def photo(tmp_path):
    """A photo of 40x50 pixels, resized to 64x64 for the net."""
    return save(str(tmp_path / 'p.png'), np.random.RandomState(0).randint(0, 256, (40, 50, 3)).astype(np.uint8))


def test_softmax_is_saved_beside_the_ids(infer, logs_dir, photo, tmp_path):
    assert infer(photo, '--softmax') == 0
    with np.load(str(tmp_path / 'out' / 'p_softmax.npz'), allow_pickle=False) as file:
        saved = file['softmax']
    with Segmenter(logs_dir) as segmenter:
        image = np.array(Image.open(photo))
        np.testing.assert_allclose(saved, segmenter.predict(image, argmax=False), atol=1e-3)
        np.testing.assert_array_equal(np.array(Image.open(str(tmp_path / 'out' / 'p.png'))), segmenter.predict(image))


def test_scales_and_flip_average_photos_and_their_probabilities(infer, logs_dir, photo, tmp_path):
    assert infer(photo, '--scales=0.5,1', '--flip', '--softmax') == 0
    photo = Image.open(photo)
    with Segmenter(logs_dir) as segmenter:
        image = np.array(photo.resize((64, 64), Image.BILINEAR))
        mean = mean_softmax(segmenter.softmax_batch, image, (0.5, 1.), flip=True)
        example = segmenter.predict(np.array(photo))
    ids = np.array(Image.open(str(tmp_path / 'out' / 'p.png')))
    expected = np.array(Image.fromarray(mean.argmax(2).astype(np.uint8)).resize((50, 40), Image.NEAREST))
    np.testing.assert_array_equal(ids, expected)
    assert (ids != example).any()
    with np.load(str(tmp_path / 'out' / 'p_softmax.npz'), allow_pickle=False) as file:
        np.testing.assert_allclose(file['softmax'], resize_probabilities(mean, 40, 50), atol=1e-3)


def test_scales_average_frames_of_films_too(logs_dir):
    frames = list(moving_edge(2))
    with Segmenter(logs_dir, scales=(0.5, 1.)) as segmenter:
        for frame, ids in segmenter.predict_each(frames):
            expected = mean_softmax(segmenter.softmax_batch, resize_photo(frame, 64, 64), (0.5, 1.)).argmax(2)
            np.testing.assert_array_equal(ids, resize_ids(expected.astype(np.uint8), 48, 64))


def test_wrong_scales_are_reported_before_photos_are_listed(infer):
    with pytest.raises(UserError, match='--scales=x'):
        infer('nowhere', '--scales=x')
