"""Decoded photos of every pixel mode -> 8-bit RGB: their transparency and their 16-bit values.

Transparent parts are laid over white. An alpha channel with no value above 1 of 255 was never filled in (or filled with
1.0 for 255): the stored colours are shown. One visible pixel makes it transparency. 16-bit grey is scaled by 1/257 and
rounded; for 16-bit colours Pillow keeps the high bytes, at most 1 less.
"""
import collections

import numpy as np
from PIL import Image

from fcn8s.data.image_files import PART_PIXELS, ImageError, to_array

TWELVE_BITS = 4095
_UNUSED_ALPHA = 1  # of 255
# high_bytes: whether Pillow keeps only these; step: by which it spreads grey of 2 or 4 bits; premultiplied: by alpha
Form = collections.namedtuple('Form', 'high_bytes step premultiplied')


def stored_form(image):
    """Properties of an opened image that are lost in decoding."""
    arguments = image.tile[0][3] if image.tile else None
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    raw = raw if isinstance(raw, str) else ''
    return Form(';16' in raw and not image.mode.startswith('I'), {'L;2': 85, 'L;4': 17}.get(raw, 1), 'a' in raw[:4])


def to_rgb(image, form, path):
    """A decoded Pillow image -> one in RGB; form: its stored_form. Raises ImageError for values of unknown range."""
    if image.mode == 'F':
        raise ImageError(f'{path}: the image holds floating point values of unknown range. Save it as 8-bit RGB.')
    if image.mode.startswith('I'):
        image = _eight_bits(image, path)
    elif form.high_bytes:
        _check_high_bytes(image, path)
    key = image.info.get('transparency')
    if isinstance(key, int) and form.step > 1:  # Pillow compares spread values with the key as it is stored
        image.info['transparency'] = key * form.step
    if image.mode not in ('LA', 'La', 'PA', 'RGBA') and key is None:
        return image if image.mode == 'RGB' and not image.readonly else image.convert('RGB')
    return _over_white(image if image.mode == 'RGBA' else image.convert('RGBA'), form, path)


def _over_white(image, form, path):
    if image.getchannel('A').getextrema()[1] > _UNUSED_ALPHA:
        rgb, rows = Image.new('RGB', image.size), max(1, PART_PIXELS // image.width)
        for y in range(0, image.height, rows):
            part = image.crop((0, y, image.width, min(y + rows, image.height)))
            rgb.paste(Image.alpha_composite(Image.new('RGBA', part.size, 'white'), part).convert('RGB'), (0, y))
        return rgb
    if form.premultiplied:
        raise ImageError(f'{path}: the image is transparent all over, and its colours are stored multiplied by that. '
                         'Save it without an alpha channel.')
    return image.convert('RGB')  # drops the alpha channel


def _eight_bits(image, path):
    """16-bit grey -> 8 bits: mode L, or LA where one value is marked as transparent."""
    values, key = to_array(image).astype(np.int32), image.info.get('transparency')
    least, most = values.min(), values.max()
    if least < 0 or most > 65535:
        raise ImageError(f'{path}: grey values {least} to {most} where 16-bit ones, 0 to 65535, were expected. Save it '
                         'as 8-bit RGB.')
    if 0 < most <= TWELVE_BITS:
        raise _too_dark(path, f'grey values {least} to {most}')
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 = 255 * 257
    if not isinstance(key, int):
        return grey
    return Image.merge('LA', [grey, Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))])


def _check_high_bytes(image, path):
    if isinstance(image.info.get('transparency'), tuple):
        raise ImageError(f'{path}: one of its 16-bit colours is marked as transparent (tRNS), which cannot be read. '
                         'Save it as 8-bit RGB, or with an alpha channel.')
    colours = [extrema for band, extrema in zip(image.getbands(), image.getextrema()) if band not in 'Aa']
    if max(most for _, most in colours) <= TWELVE_BITS >> 8:
        raise _too_dark(path, f'no value above {TWELVE_BITS}')


def _too_dark(path, found):
    return ImageError(f'{path}: {found} in 16 bits, where white is 65535: it would be nearly black. Values of 12 bits '
                      'or fewer must be scaled up (12 bits by 16), or saved as 8-bit RGB.')
