"""Letters of any script in pictures, in fonts that have them."""
import os

import numpy as np
import pytest
from PIL import Image, ImageFont

from fcn8s import lettering
from fcn8s.lettering import text_width, undrawable, write

fontTools = pytest.importorskip('fontTools')  # comes with matplotlib
from fontTools.fontBuilder import FontBuilder  # noqa: E402
from fontTools.pens.ttGlyphPen import TTGlyphPen  # noqa: E402

CAT, CAR = '\u732b', '\U0001f697'


@pytest.fixture
def forget():
    """Empties the caches of fonts before and after the test."""
    def forget():
        for function in (lettering._path_of, lettering._face, lettering._fonts, lettering._box):
            function.cache_clear()
    forget()
    yield
    forget()


@pytest.fixture
def cat_font(tmp_path, monkeypatch, forget):
    """The system's only font: its only letter means cat and is a black square of half the height."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(['.notdef', 'cat'])
    builder.setupCharacterMap({ord(CAT): 'cat'})
    pen = TTGlyphPen(None)
    for i, point in enumerate(((100, 0), (100, 500), (600, 500), (600, 0))):
        (pen.lineTo if i else pen.moveTo)(point)
    pen.closePath()
    builder.setupGlyf({'.notdef': TTGlyphPen(None).glyph(), 'cat': pen.glyph()})
    builder.setupHorizontalMetrics({'.notdef': (700, 0), 'cat': (700, 100)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({'familyName': 'Cat'})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    path = str(tmp_path / 'cat.ttf')
    builder.save(path)
    monkeypatch.setattr('matplotlib.font_manager.findSystemFonts', lambda: [path])
    return path


@pytest.fixture
def no_font(monkeypatch, forget):
    """A system without any font."""
    monkeypatch.setattr('matplotlib.font_manager.findSystemFonts', lambda: [])


def written(text, height):
    """Writes black text on white: uint8 [2 * height, 10 * height]."""
    image = Image.new('RGB', (10 * height, 2 * height), 'white')
    write(image, 0, height, text, height, (0, 0, 0))
    return np.asarray(image)[..., 0]


def test_letter_that_dejavu_lacks_comes_from_a_font_that_has_it(cat_font):
    # the square is half of the height of 40 pixels, a tenth of it from the left
    inked = np.argwhere(written(CAT, 40) < 128)
    assert (np.ptp(inked[:, 0]), np.ptp(inked[:, 1]), inked[:, 1].min()) == (19, 19, 4)
    assert undrawable([CAT]) is None


def test_letters_of_two_fonts_follow_each_other(cat_font):
    assert text_width('a' + CAT + 'b', 40) == pytest.approx(
        text_width('a', 40) + text_width('b', 40) + 28, abs=2)  # 28: seven tenths of the height
    wide = written('a' + CAT, 40)
    assert np.array_equal(wide[:, :20], written('a', 40)[:, :20])
    inked = np.argwhere(wide[:, text_width('a', 40):] < 128)
    assert np.ptp(inked[:, 1]) == pytest.approx(19, abs=1)


def test_font_of_one_size_is_scaled(cat_font, monkeypatch):
    truetype = ImageFont.truetype

    def in_one_size(path, size):
        if os.path.basename(path) == 'cat.ttf' and size != 109:
            raise OSError('invalid pixel size')  # as Pillow raises for bitmap fonts
        return truetype(path, size)
    monkeypatch.setattr(ImageFont, 'truetype', in_one_size)
    inked = np.argwhere(written(CAT, 40) < 128)
    assert np.ptp(inked, axis=0) == pytest.approx([19, 19], abs=1)
    assert text_width(CAT, 40) == 28


@pytest.mark.parametrize('texts, character, package', [
    (['cat ' + CAT], CAT, 'fonts-noto-cjk'), (['road', 'car' + CAR], CAR, 'fonts-noto-color-emoji'),
    (['\u0e41'], '\u0e41', 'fonts-noto-core')])
def test_letter_that_no_font_has_is_named_with_a_package(no_font, texts, character, package):
    said = undrawable(texts)
    assert said.startswith(f'no font of this computer has {character}, ') and said.endswith('apt install ' + package)


@pytest.mark.parametrize('text', ['road', 'дорога', 'a\u0301', 'x\u200dy\ufe0f', '\t\n', ''])
def test_text_that_dejavu_draws_needs_no_note(no_font, text):
    assert undrawable([text]) is None


def test_letter_that_no_font_has_is_drawn_as_a_box(no_font):
    assert (written(CAT, 40) < 128).any()


def test_file_that_is_no_font_is_passed_over(cat_font, tmp_path, monkeypatch):
    (tmp_path / 'a.ttf').write_bytes(b'no font')
    monkeypatch.setattr('matplotlib.font_manager.findSystemFonts', lambda: [str(tmp_path / 'a.ttf'), cat_font])
    assert undrawable([CAT]) is None
