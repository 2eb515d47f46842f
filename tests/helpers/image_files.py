"""Image files of every kind for the tests, written by Pillow or byte by byte where Pillow does not write them."""
import os
import struct
import zlib

import numpy as np
from PIL import Image


def array(values, dtype=np.uint8):
    return np.array(values, dtype)


def save(path, pixels, mode=None, **options):
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def save_palette(path, ids, colours, **options):
    image = Image.new('P', (len(ids), 1))
    image.putpalette(sum(colours, ()))
    image.putdata(ids)
    image.save(path, **options)
    return path


def save_png(path, width, height, bits, colour_type, rows=b''):
    """A PNG from its parts (RFC 2083), for what Pillow does not write."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    header = struct.pack('>IIBBBBB', width, height, bits, colour_type, 0, 0, 0)
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows))
                   + chunk(b'IEND', b''))
    return path


def save_tiff(path, channels):
    """A 1 x 1 RGB TIFF (TIFF 6.0) with further channels."""
    bits_at = 8 + 2 + 10 * 12 + 4
    extra_at, pixel_at = bits_at + 2 * channels, bits_at + 4 * channels
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, channels, bits_at), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, pixel_at), (277, 3, 1, channels), (278, 3, 1, 1), (279, 4, 1, channels),
               (338, 3, channels - 3, extra_at if channels > 5 else 0)]  # up to 4 bytes stand in place of the offset
    with open(path, 'wb') as file:
        file.write(b'II*\0' + struct.pack('<IH', 8, 10) + b''.join(struct.pack('<HHII', *entry) for entry in entries)
                   + struct.pack('<I', 0) + struct.pack(f'<{channels}H', *[8] * channels) + bytes(2 * channels)
                   + bytes(channels))
    return path


def save_tiff_of(path, data, width=1, bits=8, samples=1, photometric=None, extra=None):
    """A TIFF of one row from its parts, grey or RGB; extra: what the bands beyond these are."""
    colours = 3 if samples >= 3 else 1
    entries = [(256, 4, 1, width), (257, 4, 1, 1), (258, 3, samples, bits), (259, 3, 1, 1),
               (262, 3, 1, {1: 1, 3: 2}[colours] if photometric is None else photometric), (273, 4, 1, None),
               (277, 3, 1, samples), (278, 4, 1, 1), (279, 4, 1, len(data))]
    entries += [] if extra is None else [(338, 3, 1, extra)]
    bits_at = 8 + 2 + 12 * len(entries) + 4
    values = {258: bits_at if samples > 2 else bits, 273: bits_at + 2 * samples}  # up to 4 bytes stand in the entry
    with open(path, 'wb') as file:
        file.write(b'II*\0' + struct.pack('<IH', 8, len(entries)))
        for tag, kind, count, value in entries:
            file.write(struct.pack('<HHII', tag, kind, count, values.get(tag, value)))
        file.write(struct.pack('<I', 0) + struct.pack(f'<{samples}H', *[bits] * samples) + data)
    return path


def cut(path):
    """Leaves the first two thirds of a file."""
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) * 2 // 3)
