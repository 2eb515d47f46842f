"""TIFFs of every form, written byte by byte (TIFF 6.0), are read as they are meant or refused with what they are."""
import os
import struct

import numpy as np
import pytest

from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import read_photo

PIXELS = np.random.RandomState(0).randint(0, 256, (5, 7, 6)).astype(np.uint8)
GREY, RGB, INK, WHITE_IS_ZERO = 1, 2, 5, 0


def save_tiff(path, pixels, photometric, planar=False, extra=(), big=False, sample_format=1, compression=1, order='<'):
    """An uncompressed TIFF of one strip a plane."""
    height, width, channels = pixels.shape
    bits = pixels.dtype.itemsize * 8
    data = pixels.astype(pixels.dtype.newbyteorder(order))
    data = (data.transpose(2, 0, 1) if planar else data).tobytes()
    strips = channels if planar else 1
    tags = {256: [width], 257: [height], 258: [bits] * channels, 259: [compression], 262: [photometric],
            273: [None] * strips, 277: [channels], 278: [height], 279: [len(data) // strips] * strips,
            284: [2 if planar else 1], 339: [sample_format] * channels}
    if extra:
        tags[338] = list(extra)
    offset, count, word = ('Q', 'Q', 8) if big else ('I', 'H', 4)
    head = (order == '<' and b'II' or b'MM') + struct.pack(order + 'H', 43 if big else 42)
    head += struct.pack(order + 'HHQ', 8, 0, 16) if big else struct.pack(order + 'I', 8)
    after = len(head) + struct.calcsize(order + count) + len(tags) * (4 + 2 * word) + word
    total = sum(4 * len(values) for values in tags.values() if 4 * len(values) > word)
    tags[273] = [after + total + i * len(data) // strips for i in range(strips)]
    entries, further = b'', b''
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f'{order}{len(values)}I', *values)
        if len(packed) > word:
            packed, further = struct.pack(order + offset, after + len(further)), further + packed
        entries += struct.pack(f'{order}HH{offset}', tag, 4, len(values)) + packed.ljust(word, b'\0')
    with open(path, 'wb') as file:
        file.write(head + struct.pack(order + count, len(tags)) + entries + bytes(word) + further + data)
    return str(path)


def of_depth(pixels, dtype):
    """The same picture in 8 or 16 bits."""
    return pixels.astype(dtype) * (257 if np.dtype(dtype) == np.uint16 else 1)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('planar', [False, True])
@pytest.mark.parametrize('order, big', [('<', False), ('>', False), ('<', True)])
@pytest.mark.parametrize('channels, extra', [(3, ()), (4, (0,))])
def test_colours_of_any_layout(tmp_path, dtype, planar, order, big, channels, extra):
    pixels = PIXELS[:, :, :channels]
    path = save_tiff(tmp_path / 'a.tif', of_depth(pixels, dtype), RGB, planar, extra, big, order=order)
    np.testing.assert_array_equal(read_photo(path), PIXELS[:, :, :3])


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('channels, extra', [(3, ()), (3, (0, 0)), (4, ()), (4, (0, 0, 0))])
def test_colours_that_are_called_grey(tmp_path, dtype, channels, extra):
    path = save_tiff(tmp_path / 'a.tif', of_depth(PIXELS[:, :, :channels], dtype), GREY, extra=extra)
    np.testing.assert_array_equal(read_photo(path), PIXELS[:, :, :3])


@pytest.mark.parametrize('extra', [(2,), (0, 0, 2)])
def test_alpha_of_colours_is_laid_over_white(tmp_path, extra):
    pixels = np.array([[[1, 2, 3, 255], [1, 2, 3, 0]]], np.uint8)
    path = save_tiff(tmp_path / 'a.tif', pixels, RGB if len(extra) == 1 else GREY, extra=extra)
    assert read_photo(path).tolist() == [[[1, 2, 3], [255] * 3]]


@pytest.mark.parametrize('ink', [np.uint8, np.uint16])
def test_ink_in_planes(tmp_path, ink):
    full = np.iinfo(ink).max
    pixels = np.array([[[0, 0, 0, 0], [full, 0, 0, 0], [0, 0, 0, full]]], ink)
    path = save_tiff(tmp_path / 'a.tif', pixels, INK, planar=True)
    assert read_photo(path).tolist() == [[[255] * 3, [0, 255, 255], [0] * 3]]


@pytest.mark.parametrize('form, words', [
    (dict(channels=5, photometric=RGB, extra=(0, 0)), '5 channels'),
    (dict(channels=5, photometric=RGB, extra=(0, 0), big=True), '5 channels'),
    (dict(channels=3, photometric=GREY, planar=True), '3 channels of 8 bits, BlackIsZero, each in a plane'),
    (dict(channels=2, photometric=GREY, planar=True), '2 channels of 8 bits, BlackIsZero, each in a plane'),
    (dict(channels=1, photometric=WHITE_IS_ZERO, dtype=np.uint16), '1 channel of 16 bits, WhiteIsZero'),
    (dict(channels=1, photometric=GREY, sample_format=2), '1 signed channel of 8 bits'),
    (dict(channels=3, photometric=RGB, dtype=np.uint32), '3 channels of 32 bits, RGB'),
    (dict(channels=3, photometric=RGB, dtype=np.float32, sample_format=3), 'floating point'),
    (dict(channels=1, photometric=GREY, dtype=np.float16, sample_format=3), 'floating point'),
    (dict(channels=3, photometric=RGB, compression=34712), 'number 34712'),
    (dict(channels=3, photometric=RGB, big=True, order='>'), 'big-endian BigTIFF')])
def test_form_that_pillow_cannot_read_is_named(tmp_path, form, words):
    pixels = PIXELS[:, :, :form.pop('channels')].astype(form.pop('dtype', np.uint8))
    with pytest.raises(ImageError, match='a.tif: .*' + words):
        read_photo(save_tiff(tmp_path / 'a.tif', pixels, **form))


def test_part_without_a_place_in_the_file_is_damage(tmp_path):
    path = save_tiff(tmp_path / 'a.tif', PIXELS[:, :, :3], RGB, planar=True)
    with open(path, 'rb') as file:
        data = file.read()
    last = struct.pack('<I', len(data) - 35)  # the offset of the last plane of 5 x 7
    with open(path, 'wb') as file:
        file.write(data.replace(last, bytes(4)))
    with pytest.raises(ImageError, match='a.tif: 1 of the 3 parts'):
        read_photo(path)


def test_descriptors_of_other_threads_stay_open(tmp_path, monkeypatch):
    """Closing a number twice would close what another thread has opened meanwhile."""
    closed, close = [], os.close
    monkeypatch.setattr(os, 'close', lambda number: (closed.append(number), close(number)))
    read_photo(save_tiff(tmp_path / 'a.tif', PIXELS[:, :, :3], RGB))
    assert closed == []
