import struct

import numpy as np
import pytest

from fcn8s.data.annotations import read_annotation
from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import read_photo


def save_bmp(path, bits, rows, palette):
    """A BMP with a BITMAPINFOHEADER from the bytes of its rows, the upper one first."""
    data = b''.join(row + bytes(-len(row) % 4) for row in rows[::-1])
    start = 14 + 40 + 4 * len(palette)
    width = len(rows[0]) * 8 // bits
    with open(path, 'wb') as file:
        file.write(b'BM' + struct.pack('<IHHI', start + len(data), 0, 0, start)
                   + struct.pack('<IiiHHIIiiII', 40, width, len(rows), 1, bits, 0, len(data), 0, 0, len(palette), 0)
                   + b''.join(bytes([blue, green, red, 0]) for red, green, blue in palette) + data)
    return path


def greys(values):
    return [(value, value, value) for value in values]


@pytest.mark.parametrize('bits, palette', [(8, greys([0, 255])), (4, greys([0, 255])), (4, greys(range(16)))])
@pytest.mark.parametrize('read', [read_photo, read_annotation])
def test_greys_whose_bits_pillow_mistakes_are_refused(tmp_path, bits, palette, read):
    path = save_bmp(str(tmp_path / 'a.bmp'), bits, [bytes([0, 1, 1, 0, 0, 0, 1, 1])] * 4, palette)
    with pytest.raises(ImageError, match=rf'a\.bmp: a BMP of greys with {bits} bits .* as PNG'):
        read(path)


@pytest.mark.parametrize('bits, palette, row, expected', [
    (1, greys([0, 255]), b'\x65', [0, 1, 1, 0, 0, 1, 0, 1]),
    (4, [(0, 0, 0), (220, 60, 20), (20, 60, 220)], b'\x01\x20', [0, 1, 2, 0]),
    (8, greys(range(256)), b'\x00\x07\xff', [0, 7, 255]),
    (8, greys([0, 9]), b'\x00\x01', [0, 1]),
])
def test_ids_of_other_bmp_files_are_read(tmp_path, bits, palette, row, expected):
    path = save_bmp(str(tmp_path / 'a.bmp'), bits, [row, row], palette)
    assert np.array_equal(read_annotation(path), [expected, expected])
