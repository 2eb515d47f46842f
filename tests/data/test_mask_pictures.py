import struct

import numpy as np
import pytest
from image_files import array, save, save_palette, save_png
from PIL import Image

from fcn8s.data.image_files import ImageError
from fcn8s.data.labels import read_mask


def test_alpha_is_kept_apart_from_the_colours(tmp_path):
    path = save(str(tmp_path / 'a.png'), array([[(10, 20, 30, 0), (40, 50, 60, 128)]]))
    mask = read_mask(path)
    assert mask.rgb.tolist() == [[[10, 20, 30], [40, 50, 60]]] and mask.alpha.tolist() == [[0, 128]]


def test_mask_without_alpha_has_none(tmp_path):
    assert read_mask(save(str(tmp_path / 'a.png'), array([[(10, 20, 30)]]))).alpha is None


def test_transparent_entry_of_a_palette_is_alpha(tmp_path):
    path = save_palette(str(tmp_path / 'a.png'), [0, 1], [(10, 20, 30), (40, 50, 60)], transparency=1)
    assert read_mask(path).alpha.tolist() == [[255, 0]]


def test_grey_with_alpha_is_read(tmp_path):
    path = save(str(tmp_path / 'a.png'), array([[(10, 20, 30, 0), (40, 50, 60, 9)]]), 'LA')
    assert read_mask(path).alpha.tolist() == [[0, 9]]


def test_orientation_turns_colours_and_alpha_alike(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # by half a turn
    path = save(str(tmp_path / 'a.png'), array([[(10, 20, 30, 7), (40, 50, 60, 8)]]), exif=exif)
    mask = read_mask(path)
    assert mask.rgb.tolist() == [[[40, 50, 60], [10, 20, 30]]] and mask.alpha.tolist() == [[8, 7]]


def test_sixteen_bit_grey_is_read_where_eight_bits_hold_it(tmp_path):
    path = save(str(tmp_path / 'a.png'), array([[0, 257, 65535]], np.uint16))
    assert read_mask(path).rgb.tolist() == [[[0, 0, 0], [1, 1, 1], [255, 255, 255]]]


def test_sixteen_bit_ids_are_no_colours(tmp_path):
    path = save(str(tmp_path / 'a.png'), array([[0, 1, 2]], np.uint16))
    with pytest.raises(ImageError, match=r'a\.png: 16-bit grey values \(0 to 2\).*annotation already'):
        read_mask(path)


@pytest.mark.parametrize('colour_type, channels', [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colours_are_refused(tmp_path, colour_type, channels):
    row = b'\0' + struct.pack(f'>{channels}H', *[9] * channels)
    path = save_png(str(tmp_path / 'a.png'), 1, 1, 16, colour_type, row)
    with pytest.raises(ImageError, match=r'a\.png: a mask of 16 bits'):
        read_mask(path)
