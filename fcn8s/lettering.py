"""Text in pictures, each character in a font that has it: DejaVu Sans, or else one of the system's.

Heights and widths are in pixels. Characters that no font has are drawn as boxes; `undrawable` names them.
"""
import collections
import functools
import os
import unicodedata

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZES_OF_BITMAPS = (109, 160, 136, 128, 96, 64)  # in which fonts of coloured emoji come; they are scaled
PLAINLY = ('bold', 'italic', 'oblique', 'light', 'thin', 'black', 'mono', 'serif')  # other fonts come first
NO_CHARACTER = '\uffff'  # which every font shows as it shows what it lacks
PACKAGES = (('fonts-noto-color-emoji', lambda c: unicodedata.category(c) in ('So', 'Sk') and ord(c) > 0xffff),
            ('fonts-noto-cjk', lambda c: unicodedata.east_asian_width(c) in 'WF'),
            ('fonts-noto-core', lambda c: True))
# font: Pillow's; scale: what its pixels are to be multiplied by
Face = collections.namedtuple('Face', 'font scale')


def text_width(text, height):
    """How wide a line of text is."""
    return int(np.ceil(sum(face.font.getlength(run) * face.scale for face, run in _runs(text, height))))


def write(image, left, middle, text, height, ink):
    """Writes a line of text into a Pillow RGB image, beginning at x `left`, its middle at y `middle`."""
    draw = ImageDraw.Draw(image)
    for face, run in _runs(text, height):
        if face.scale == 1:
            draw.text((left, middle), run, font=face.font, fill=ink, anchor='lm')
        else:
            picture = _picture(face.font, run)
            picture = picture.resize([max(round(side * face.scale), 1) for side in picture.size], Image.BILINEAR)
            image.paste(picture, (round(left), round(middle - picture.size[1] / 2)), picture)
        left += face.font.getlength(run) * face.scale


def undrawable(texts):
    """A sentence on the characters that no font here has, and on packages of fonts with them; or None."""
    lacking = sorted({character for text in texts for character in text if _path_of(character) is None})
    if not lacking:
        return None
    wanted = sorted({next(package for package, fits in PACKAGES if fits(character)) for character in lacking})
    shown = ''.join(lacking[:20]) + ('...' if len(lacking) > 20 else '')
    return (f'no font of this computer has {shown}, so legends show boxes there. Install fonts that do, as with '
            f'apt install {" ".join(wanted)}')


def _runs(text, height):
    """List of (Face, longest piece of the text that it draws)."""
    runs = []
    for character in text:
        path = _path_of(character) or _dejavu()
        if runs and (path == runs[-1][0] or _is_joined(character)):
            runs[-1][1] += character
        else:
            runs.append([path, character])
    return [(_face(path, height), run) for path, run in runs]


def _is_joined(character):
    """Whether a character changes the one before it, or shows nothing: joiners, accents, blanks, controls."""
    category = unicodedata.category(character)
    return category[0] in 'MZ' or category in ('Cc', 'Cf')


@functools.lru_cache(maxsize=None)
def _path_of(character):
    """The file of the first font that has a character, or None."""
    if ord(character) < 128:
        return _dejavu()
    if _is_joined(character):
        return _dejavu()
    return next((path for path in _fonts() if _has(path, character)), None)


def _has(path, character):
    face = _face(path, 16)
    if face is None:
        return False
    try:
        picture = _picture(face.font, character)
    except OSError:  # a damaged font
        return False
    return picture.getbbox() is not None and picture.tobytes() != _box(path)


@functools.lru_cache(maxsize=None)
def _box(path):
    return _picture(_face(path, 16).font, NO_CHARACTER).tobytes()


def _picture(font, text):
    """RGBA picture of a line of text in its font's own size and colours."""
    ascent, descent = font.getmetrics()
    picture = Image.new('RGBA', (max(int(np.ceil(font.getlength(text))), 1), ascent + descent))
    ImageDraw.Draw(picture).text((0, ascent), text, font=font, fill=(0, 0, 0, 255), anchor='ls', embedded_color=True)
    return picture


@functools.lru_cache(maxsize=None)
def _face(path, height):
    """The Face of a font file at a text height, or None if it cannot be opened."""
    for size in (height,) + SIZES_OF_BITMAPS:
        try:
            return Face(ImageFont.truetype(path, size), height / size)
        except OSError:  # not in this size, or not at all
            continue
    return None


@functools.lru_cache(maxsize=None)
def _fonts():
    """Paths of DejaVu and the system's fonts, plain ones first."""
    from matplotlib.font_manager import findSystemFonts
    names = {path: os.path.basename(path).lower() for path in findSystemFonts()}
    return [_dejavu()] + sorted(names, key=lambda path: (any(word in names[path] for word in PLAINLY), path))


def _dejavu():
    """DejaVu Sans out of matplotlib: sharp at every size and beyond Latin-1, which Pillow 9's own font is not."""
    import matplotlib
    return os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
