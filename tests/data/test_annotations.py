import numpy as np
import pytest
from image_files import array, save, save_palette, save_png

from fcn8s.data.annotations import read_annotation
from fcn8s.data.image_files import ImageError


@pytest.fixture
def path(tmp_path):
    """Names a file in the test's folder."""
    return lambda name: str(tmp_path / name)


def test_grey_annotation_gives_its_values(path):
    ids = read_annotation(save(path('a.png'), array([[0, 7, 255]])))
    assert ids.tolist() == [[0, 7, 255]]
    assert ids.dtype == np.uint8


def test_one_bit_annotation_gives_0_and_1(path):
    assert read_annotation(save(path('a.png'), array([[0, 255, 255]]), '1')).tolist() == [[0, 1, 1]]


@pytest.mark.parametrize('bits, rows, expected', [(2, [0b00011011], [0, 1, 2, 3]), (4, [0x0f, 0x7a], [0, 15, 7, 10])])
def test_two_and_four_bit_grey_annotations_are_not_spread(path, bits, rows, expected):
    save_png(path('a.png'), 4, 1, bits, 0, rows=bytes([0] + rows))
    assert read_annotation(path('a.png')).tolist() == [expected]


def test_palette_annotation_gives_indices(path):
    ids = read_annotation(save_palette(path('a.png'), [0, 200, 3], [(9, 9, 9)] * 256))
    assert ids.tolist() == [[0, 200, 3]]


def test_sixteen_bit_annotation_gives_its_values(path):
    assert read_annotation(save(path('a.png'), array([[0, 255]], np.uint16))).tolist() == [[0, 255]]


def test_ids_above_255_are_refused(path):
    with pytest.raises(ImageError, match='a.png: ids 3 to 256'):
        read_annotation(save(path('a.png'), array([[3, 256]], np.uint16)))


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'LA'])
def test_grey_stored_in_several_channels_is_accepted(path, mode):
    assert read_annotation(save(path('a.png'), array([[4, 250]]), mode)).tolist() == [[4, 250]]


@pytest.mark.parametrize('channel', [0, 1, 2])
def test_colour_mask_is_refused_with_the_fix(path, channel):
    mask = np.full((2, 2, 3), 5, np.uint8)
    mask[1, 1, channel] = 6
    with pytest.raises(ImageError, match='a.png: .*RGB.*single channel.*Data_zoo/colour_masks.py'):
        read_annotation(save(path('a.png'), mask))


def test_jpeg_annotation_is_refused(path):
    with pytest.raises(ImageError, match='JPEG'):
        read_annotation(save(path('a.png'), array([[1, 2]]), format='JPEG'))


def test_floating_point_annotation_is_refused(path):
    with pytest.raises(ImageError, match='mode F'):
        read_annotation(save(path('a.tif'), array([[1.0]], np.float32)))
