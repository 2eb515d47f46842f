"""Text in pictures: each character in a font that has it, DejaVu Sans or else one of the system's fonts.

Heights and widths are in pixels. Characters without a font are drawn as boxes; `undrawable` names them.
"""
import collections
import functools
import os
import unicodedata

import numpy as np
from PIL import Image, ImageDraw, ImageFont

BITMAP_SIZES = (109, 160, 136, 128, 96, 64)  # of fonts with coloured emoji, which come in one size and are scaled
STYLES = ('bold', 'italic', 'oblique', 'light', 'thin', 'black', 'mono', 'serif')  # tried after plain fonts
NO_CHARACTER = '\uffff'  # drawn by every font as it draws characters that it lacks
PACKAGES = (('fonts-noto-color-emoji', lambda c: unicodedata.category(c) in ('So', 'Sk') and ord(c) > 0xffff),
            ('fonts-noto-cjk', lambda c: unicodedata.east_asian_width(c) in 'WF'),
            ('fonts-noto-core', lambda c: True))
# font: Pillow's; scale: factor from the font's size to the wanted height
Face = collections.namedtuple('Face', 'font scale')


def text_width(text, height):
    """The width of a line of text, rounded up."""
    return int(np.ceil(sum(face.font.getlength(run) * face.scale for face, run in _runs(text, height))))


def write(image, left, middle, text, height, ink):
    """Draws a line of text into a Pillow RGB image, starting at x `left` and centred at y `middle`."""
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
    """A sentence that names the characters without a font, and packages with such fonts; None if there are none."""
    missing = sorted({character for text in texts for character in text if _path_of(character) is None})
    if not missing:
        return None
    packages = sorted({next(package for package, fits in PACKAGES if fits(character)) for character in missing})
    shown = ''.join(missing[:20]) + ('...' if len(missing) > 20 else '')
    return (f'no font of this computer has {shown}, so legends show boxes instead. Install fonts that have them, such '
            f'as with apt install {" ".join(packages)}')


def _runs(text, height):
    """Splits a text into runs of one font: a list of (Face, piece of the text)."""
    runs = []
    for character in text:
        path = _path_of(character) or _dejavu()
        if runs and (path == runs[-1][0] or _is_joined(character)):
            runs[-1][1] += character
        else:
            runs.append([path, character])
    return [(_face(path, height), run) for path, run in runs]


def _is_joined(character):
    """Whether a character modifies the one before it or is invisible: joiners, accents, blanks, controls."""
    category = unicodedata.category(character)
    return category[0] in 'MZ' or category in ('Cc', 'Cf')


@functools.lru_cache(maxsize=None)
def _path_of(character):
    """Path of the first font that has a character, or None."""
    if ord(character) < 128 or _is_joined(character):
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
    """Draws a line of text in the font's own size and colours: a Pillow RGBA image."""
    ascent, descent = font.getmetrics()
    picture = Image.new('RGBA', (max(int(np.ceil(font.getlength(text))), 1), ascent + descent))
    ImageDraw.Draw(picture).text((0, ascent), text, font=font, fill=(0, 0, 0, 255), anchor='ls', embedded_color=True)
    return picture


@functools.lru_cache(maxsize=None)
def _face(path, height):
    """The Face of a font file at a text height, or None if it cannot be opened."""
    for size in (height,) + BITMAP_SIZES:
        try:
            return Face(ImageFont.truetype(path, size), height / size)
        except OSError:  # this size is missing, or the file is no font
            continue
    return None


@functools.lru_cache(maxsize=None)
def _fonts():
    """Paths of DejaVu Sans and the system's fonts, plain styles first."""
    from matplotlib.font_manager import findSystemFonts
    names = {path: os.path.basename(path).lower() for path in findSystemFonts()}
    return [_dejavu()] + sorted(names, key=lambda path: (any(style in names[path] for style in STYLES), path))


def _dejavu():
    """Path of matplotlib's DejaVu Sans: sharp at every size and beyond Latin-1, unlike Pillow 9's own font."""
    import matplotlib
    return os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
