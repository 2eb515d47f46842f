"""Damage that decoders let pass: they fill up what is missing."""
import io
import os
import struct
import zlib

import numpy as np
import pytest
from image_files import save, save_png
from PIL import Image

from fcn8s.data.annotations import read_annotation
from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import read_photo
from fcn8s.data.png import check_png

NOISE = np.random.RandomState(0).randint(0, 256, (40, 30, 3)).astype(np.uint8)
READ = pytest.mark.parametrize('read, pixels', [(read_photo, NOISE), (read_annotation, NOISE[:, :, 0])])


def end_with_zeros(path, count):
    with open(path, 'r+b') as file:
        file.seek(-count, os.SEEK_END)
        file.write(bytes(count))
    return path


@READ
@pytest.mark.parametrize('tail', [1, 20, 200])
def test_png_whose_end_became_zeros_is_damaged(tmp_path, read, pixels, tail):
    path = end_with_zeros(save(str(tmp_path / 'a.png'), pixels), tail)
    with pytest.raises(ImageError, match='a.png: the image is damaged'):
        read(path)


@READ
def test_png_without_its_last_chunk_is_damaged(tmp_path, read, pixels):
    path = save(str(tmp_path / 'a.png'), pixels)
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) - 12)
    with pytest.raises(ImageError, match='without an IEND'):
        read(path)


@pytest.mark.parametrize('rows, found', [(4, '12 of 15'), (6, 'longer than the 15'), (0, '0 of 15')])
def test_pixel_stream_has_the_length_that_the_size_asks_for(tmp_path, rows, found):
    path = save_png(str(tmp_path / 'a.png'), 2, 5, 8, 0, b'\0\1\2' * rows)
    with pytest.raises(ImageError, match=found):
        read_annotation(path)


def test_wrong_sum_of_the_pixel_stream_is_damage(tmp_path):
    path = save_png(str(tmp_path / 'a.png'), 1, 1, 8, 0, b'\0\7')
    with open(path, 'rb') as file:
        data = file.read()
    at = data.index(b'IDAT')
    size = struct.unpack('>I', data[at - 4:at])[0]
    chunk = data[at:at + 4 + size - 1] + bytes([data[at + 3 + size] ^ 1])
    with open(path, 'wb') as file:
        file.write(data[:at] + chunk + struct.pack('>I', zlib.crc32(chunk)) + data[at + 8 + size:])
    with pytest.raises(ImageError, match='a.png: .*data check'):
        read_annotation(path)


def adam7(width, height):
    """Bytes of an interlaced stream of one byte a pixel, by putting each pixel into its pass."""
    grid = ['16462646', '77777777', '56565656', '77777777', '36463646', '77777777', '56565656', '77777777']
    passes = {}
    for y in range(height):
        for x in range(width):
            passes.setdefault(grid[y % 8][x % 8], set()).add(('pixel', y, x))
            passes[grid[y % 8][x % 8]].add(('filter', y))
    return sum(map(len, passes.values()))


@pytest.mark.parametrize('width, height', [(1, 1), (5, 3), (2, 9), (17, 13)])
@pytest.mark.parametrize('missing', [0, 1])
def test_interlaced_stream_has_the_length_of_its_passes(width, height, missing):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    data = (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 1))
            + chunk(b'IDAT', zlib.compress(bytes(adam7(width, height) - missing))) + chunk(b'IEND', b''))
    if missing:
        with pytest.raises(ValueError, match='pixel stream has'):
            check_png(io.BytesIO(data))
    else:
        check_png(io.BytesIO(data))


@pytest.mark.parametrize('mode, bits', [('1', 1), ('P', 2), ('P', 4), ('L', 8), ('LA', 8), ('RGB', 8), ('RGBA', 8)])
def test_whole_png_passes(tmp_path, mode, bits):
    path = save(str(tmp_path / 'a.png'), NOISE[:13, :9], mode, bits=bits)
    with open(path, 'ab') as file:
        file.write(b'bytes after the end do not matter')
    assert read_photo(path).shape == (13, 9, 3)


@pytest.mark.parametrize('tail', [2, 8, 12])
def test_jpeg_without_its_end_is_damaged(tmp_path, tail):
    path = end_with_zeros(save(str(tmp_path / 'a.jpg'), NOISE), tail)
    with pytest.raises(ImageError, match='a.jpg: the image is damaged'):
        read_photo(path)


def test_end_of_a_thumbnail_is_not_that_of_the_jpeg(tmp_path):
    thumbnail = io.BytesIO()
    Image.fromarray(NOISE).save(thumbnail, 'JPEG')
    path = save(str(tmp_path / 'a.jpg'), NOISE, comment=thumbnail.getvalue())
    assert read_photo(path).shape == NOISE.shape
    with pytest.raises(ImageError, match='a.jpg: the image is damaged'):
        read_photo(end_with_zeros(path, 8))
