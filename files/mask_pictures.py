"""Masks that people look at: their colours and how opaque each pixel is, exactly as stored, never blended."""
import collections

import numpy as np
from PIL import ImageOps

from files.image_files import ImageError, decode, opened
from files.images import read_photo

Mask = collections.namedtuple('Mask', 'rgb alpha')  # uint8 [H, W, 3] and [H, W], upright; alpha: None without channel


def read_mask(path):
    """A Mask of any common pixel mode. Raises ImageError as read_photo, and for 16-bit values that 8 bits cannot hold.

    Of a palette image the colours, not the indices; what the palette calls transparent has alpha 0.
    """
    with opened(path) as image:
        if image.mode.startswith('I'):
            return Mask(_eight_bits(np.array(_upright(image, path)), path), None)
        _refuse_sixteen_bits(image, path)
        if image.mode not in ('LA', 'PA', 'RGBA') and 'transparency' not in image.info:
            return Mask(read_photo(path), None)
        pixels = np.array(_upright(image, path).convert('RGBA'))
        return Mask(np.ascontiguousarray(pixels[:, :, :3]), pixels[:, :, 3].copy())


def _upright(image, path):
    decode(image, path)
    return image if image.format == 'TIFF' else ImageOps.exif_transpose(image)  # a TIFF is decoded upright


def _refuse_sixteen_bits(image, path):
    """Of 16-bit colours Pillow keeps the upper byte alone."""
    if image.tile and ';16' in str(image.tile[0][3]):
        raise ImageError(f'{path}: a mask of 16 bits for each of its channels. Save it with 8 bits.')


def _eight_bits(values, path):
    """uint8 [H, W, 3] of 16-bit grey, whose 0, 257, ... 65535 are 0, 1, ... 255."""
    if (values % 257).any() or values.min(initial=0) < 0 or values.max(initial=0) > 65535:
        raise ImageError(f'{path}: 16-bit grey values ({values.min()} to {values.max()}) that are no 8-bit greys. If '
                         'they are class ids, the file is an annotation already; or else save it with 8 bits.')
    return np.repeat((values // 257).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
