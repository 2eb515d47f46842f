"""Photos in forms that are easily read wrong: as they are meant, or refused with the reason."""
import struct
import zlib

import numpy as np
import pytest
from image_files import array, save, save_palette, save_png

from fcn8s.data import image_files, photo_colours
from fcn8s.data.annotations import read_annotation
from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import read_photo, resize_ids, turned


@pytest.fixture
def path(tmp_path):
    """Names a file in the test's folder."""
    return lambda name: str(tmp_path / name)


@pytest.fixture
def three_rows_at_a_time(monkeypatch):
    """Converts images 7 pixels wide in parts, as it does large ones."""
    for module in (image_files, photo_colours):
        monkeypatch.setattr(module, 'PART_PIXELS', 21)


def words(*values):
    """A row of 16-bit samples of a PNG."""
    return b'\0' + struct.pack(f'>{len(values)}H', *values)


@pytest.mark.parametrize('name', ['a.png', 'a.tif'])
@pytest.mark.parametrize('alpha', [0, 1])  # 1: opaque, of values from 0 to 1
def test_alpha_that_nobody_filled_in_hides_nothing(path, name, alpha):
    pixels = array([[[10, 20, 30, alpha], [40, 50, 60, 0]]])
    assert read_photo(save(path(name), pixels)).tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_one_visible_pixel_makes_alpha_transparency(path):
    pixels = array([[[10, 20, 30, 0], [40, 50, 60, 255], [9, 9, 9, 0]]])
    assert read_photo(save(path('a.png'), pixels)).tolist() == [[[255] * 3, [40, 50, 60], [255] * 3]]


def test_unused_alpha_of_grey_and_palette_hides_nothing(path):
    assert read_photo(save_png(path('a.png'), 2, 1, 8, 4, b'\0\7\0\11\0')).tolist() == [[[7] * 3, [9] * 3]]
    photo = read_photo(save_palette(path('b.png'), [0, 1], [(10, 20, 30), (40, 50, 60)], transparency=b'\0\0'))
    assert photo.tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_photo_of_the_transparent_colour_alone_is_shown(path):
    photo = read_photo(save(path('a.png'), array([[[1, 2, 3]]]), transparency=(1, 2, 3)))
    assert photo.tolist() == [[[1, 2, 3]]]


def insert_key(path, *key):
    """Puts the tRNS chunk before the pixels of a PNG."""
    with open(path, 'rb') as file:
        data = file.read()
    at = data.index(b'IDAT') - 4
    chunk = b'tRNS' + struct.pack(f'>{len(key)}H', *key)
    with open(path, 'wb') as file:
        file.write(data[:at] + struct.pack('>I', 2 * len(key)) + chunk + struct.pack('>I', zlib.crc32(chunk))
                   + data[at:])
    return path


@pytest.mark.parametrize('bits, row, values', [(2, b'\0\x10', [0, 255]), (4, b'\0\x01', [0, 255]),
                                               (16, words(1, 65535), [255, 255]), (16, words(2, 65535), [0, 255])])
def test_transparent_grey_is_found_in_all_depths(path, bits, row, values):
    """Pixels 0 (16 bits: 1 or 2) and the next; the transparent value is 1."""
    photo = read_photo(insert_key(save_png(path('a.png'), 2, 1, bits, 0, row), 1))
    assert photo[0, :, 0].tolist() == values


@pytest.mark.parametrize('colour_type, row, expected', [
    (2, words(0x80ff, 65535, 0), [0x80, 255, 0]), (6, words(0x80ff, 65535, 0, 65535), [0x80, 255, 0]),
    (4, words(0x80ff, 65535), [0x80] * 3), (6, words(0x80ff, 65535, 0, 0), [0x80, 255, 0])])
def test_high_bytes_are_kept_of_several_16_bit_channels(path, colour_type, row, expected):
    assert read_photo(save_png(path('a.png'), 1, 1, 16, colour_type, row)).tolist() == [[expected]]


@pytest.mark.parametrize('colour_type, row', [(0, words(4095)), (2, words(4095, 0, 17)), (4, words(4095, 65535)),
                                              (6, words(255, 0, 0, 65535))])
def test_twelve_bits_in_sixteen_are_refused(path, colour_type, row):
    with pytest.raises(ImageError, match='a.png: .*nearly black'):
        read_photo(save_png(path('a.png'), 1, 1, 16, colour_type, row))


@pytest.mark.parametrize('value', [0, 4096])
def test_black_and_dark_photos_of_16_bits_are_read(path, value):
    assert read_photo(save_png(path('a.png'), 1, 1, 16, 0, words(value))).tolist() == [[[(value + 128) // 257] * 3]]


def test_transparent_colour_of_16_bits_is_refused(path):
    photo = insert_key(save_png(path('a.png'), 1, 1, 16, 2, words(65535, 0, 0)), 65535, 0, 0)
    with pytest.raises(ImageError, match='a.png: .*transparent'):
        read_photo(photo)


@pytest.mark.parametrize('channels', [3, 4])
def test_large_photo_is_put_together_from_its_parts(path, channels, request):
    pixels = np.random.RandomState(0).randint(0, 256, (11, 7, channels)).astype(np.uint8)
    photo = save(path('a.png'), pixels)
    whole = read_photo(photo)
    request.getfixturevalue('three_rows_at_a_time')
    np.testing.assert_array_equal(read_photo(photo), whole)


def test_large_annotation_is_put_together_from_its_parts(path, three_rows_at_a_time):
    ids = np.random.RandomState(0).randint(0, 9, (11, 7)).astype(np.uint8)
    np.testing.assert_array_equal(read_annotation(save(path('a.png'), ids)), ids)


def test_large_annotation_is_turned_and_resized_in_parts(three_rows_at_a_time):
    ids = np.random.RandomState(0).randint(0, 9, (11, 7)).astype(np.uint8)
    np.testing.assert_array_equal(turned(ids, 3), ids[::-1, ::-1])
    np.testing.assert_array_equal(resize_ids(ids, 22, 14), ids.repeat(2, axis=0).repeat(2, axis=1))
