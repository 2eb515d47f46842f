import itertools

import numpy as np
import pytest
from image_files import array, save, save_palette, save_tiff
from PIL import Image

from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import photo_size, read_photo


@pytest.fixture
def path(tmp_path):
    """Names a file in the test's folder."""
    return lambda name: str(tmp_path / name)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


RED_BLUE = array([[[255, 0, 0], [0, 0, 255], [0, 0, 255]]])


@pytest.mark.parametrize('name', ['a.png', 'a.bmp', 'a.tif', 'a.TIFF', 'a.PNG'])
def test_rgb_is_read_as_it_is(path, name):
    photo = read_photo(save(path(name), RED_BLUE))
    np.testing.assert_array_equal(photo, RED_BLUE)
    assert photo.dtype == np.uint8
    assert photo.flags.writeable


@pytest.mark.parametrize('name', ['a.jpg', 'a.JPEG', 'a.webp'])
def test_lossy_formats_are_read(path, name):
    flat = np.full((8, 16, 3), (200, 100, 50), np.uint8)
    assert np.abs(read_photo(save(path(name), flat)).astype(int) - flat).max() <= 4


@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.jpg'])
def test_grey_becomes_three_equal_channels(path, name):
    photo = read_photo(save(path(name), np.full((8, 9), 77, np.uint8)))
    np.testing.assert_array_equal(photo, np.full((8, 9, 3), 77))


def test_one_bit_becomes_black_and_white(path):
    photo = read_photo(save(path('a.png'), array([[0, 255]]), '1'))
    assert photo.tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_palette_gives_its_colours(path):
    photo = read_photo(save_palette(path('a.png'), [0, 1], [(10, 20, 30), (40, 50, 60)]))
    assert photo.tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_transparency_is_laid_over_white(path):
    # alpha 51 of 255 is 0.2: 0.2 * 100 + 0.8 * 255 = 224
    photo = read_photo(save(path('a.png'), array([[[100, 100, 100, 51], [9, 8, 7, 0], [9, 8, 7, 255]]])))
    assert photo.tolist() == [[[224] * 3, [255] * 3, [9, 8, 7]]]


def test_grey_with_alpha_is_laid_over_white(path):
    photo = read_photo(save(path('a.png'), array([[[0, 0, 0, 0], [6, 6, 6, 255]]]), 'LA'))
    assert photo.tolist() == [[[255] * 3, [6] * 3]]


@pytest.mark.parametrize('mode, transparent', [('L', 10), ('RGB', (10, 10, 10))])
def test_transparent_colour_becomes_white(path, mode, transparent):
    photo = read_photo(save(path('a.png'), array([[10, 200]]), mode, transparency=transparent))
    assert photo.tolist() == [[[255] * 3, [200] * 3]]


def test_transparent_palette_entry_becomes_white(path):
    photo = read_photo(save_palette(path('a.png'), [0, 1], [(10, 20, 30), (40, 50, 60)], transparency=b'\x00\xff'))
    assert photo.tolist() == [[[255] * 3, [40, 50, 60]]]


@pytest.mark.parametrize('name', ['a.jpg', 'a.tif'])
def test_cmyk_without_ink_is_white_and_with_cyan_has_no_red(path, name):
    image = Image.new('CMYK', (32, 16), (0, 0, 0, 0))
    image.paste((255, 0, 0, 0), (16, 0, 32, 16))
    image.save(path(name))
    photo = read_photo(path(name)).astype(int)
    assert np.abs(photo[4, 4] - 255).max() <= 3
    assert np.abs(photo[4, 28] - (0, 255, 255)).max() <= 3


def test_lab_neutral_is_grey(path):
    Image.new('LAB', (2, 2), (136, 128, 128)).save(path('a.tif'))  # L* 53.3: relative luminance 0.214, sRGB 127
    assert np.abs(read_photo(path('a.tif')).astype(int) - 127).max() <= 2


@pytest.mark.parametrize('name, dtype', [('a.png', np.uint16), ('a.tif', np.uint16), ('a.tif', '>u2'),
                                         ('a.tif', np.int32)])
def test_sixteen_bits_are_scaled_and_rounded(path, name, dtype):
    # 128 / 257 = 0.498 rounds down, 129 / 257 = 0.502 up
    photo = read_photo(save(path(name), array([[0, 128, 129, 257, 25700, 65535]], dtype)))
    assert photo[0, :, 1].tolist() == [0, 0, 1, 1, 100, 255]


@pytest.mark.parametrize('value', [-1, 65536])
def test_grey_beyond_sixteen_bits_is_refused(path, value):
    with pytest.raises(ImageError, match=str(value)):
        read_photo(save(path('a.tif'), array([[value]], np.int32)))


def test_floating_point_is_refused(path):
    with pytest.raises(ImageError, match='^[^:]*a.tif: the image holds floating point'):
        read_photo(save(path('a.tif'), array([[0.5]], np.float32)))


@pytest.mark.parametrize('channels', [5, 6, 8])
def test_more_than_four_channels_are_refused(path, channels):
    with pytest.raises(ImageError, match=f'a.tif: .*{channels} channels'):
        read_photo(save_tiff(path('a.tif'), channels))


def test_four_channels_are_read(path):
    assert read_photo(save_tiff(path('a.tif'), 4)).shape == (1, 1, 3)


# Where the marked corner, the first stored pixel, belongs: (row, column) of the upright photo; CIPA DC-008, 4.6.4.
CORNERS = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}


@pytest.mark.parametrize('orientation, name', list(itertools.product(CORNERS, ['a.jpg', 'a.png', 'a.tif', 'a.webp'])))
def test_photo_is_turned_upright(path, orientation, name):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :16] = 255
    save(path(name), stored, exif=exif(orientation))
    photo = read_photo(path(name))
    assert photo.shape == ((32, 16, 3) if orientation >= 5 else (16, 32, 3))
    assert photo_size(path(name)) == photo.shape[:2]
    assert photo[CORNERS[orientation]].min() > 200


def test_orientation_follows_the_published_table(path):
    stored = array([[1, 2, 3], [4, 5, 6]])
    expected = {1: [[1, 2, 3], [4, 5, 6]], 2: [[3, 2, 1], [6, 5, 4]], 3: [[6, 5, 4], [3, 2, 1]],
                4: [[4, 5, 6], [1, 2, 3]], 5: [[1, 4], [2, 5], [3, 6]], 6: [[4, 1], [5, 2], [6, 3]],
                7: [[6, 3], [5, 2], [4, 1]], 8: [[3, 6], [2, 5], [1, 4]]}
    for orientation, name in itertools.product(expected, ['a.png', 'a.tif']):
        save(path(name), stored, exif=exif(orientation))
        assert read_photo(path(name))[:, :, 0].tolist() == expected[orientation]


def test_unreadable_exif_leaves_the_photo_as_stored(path):
    photo = read_photo(save(path('a.png'), RED_BLUE, exif=b'Exif\0\0garbage'))
    np.testing.assert_array_equal(photo, RED_BLUE)


def test_first_frame_is_taken(path):
    frames = [Image.new('RGB', (2, 2), colour) for colour in ('red', 'blue')]
    frames[0].save(path('a.tif'), save_all=True, append_images=frames[1:])
    assert read_photo(path('a.tif'))[0, 0].tolist() == [255, 0, 0]
