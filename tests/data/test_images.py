import os
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_files import array, save, save_png

from fcn8s.data.annotations import read_annotation
from fcn8s.data.image_files import ImageError
from fcn8s.data.photos import list_photos, load_photo, photo_size, read_photo, resize_ids, resize_photo, round_up
from fcn8s.utils.errors import UserError


@pytest.fixture
def path(tmp_path):
    """Names a file in the test's folder."""
    return lambda name: str(tmp_path / name)


@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.bmp', 'a.webp', 'a.tif'])
@pytest.mark.parametrize('read', [read_photo, read_annotation])
def test_file_cut_short_is_named(path, name, read):
    noise = np.random.RandomState(0).randint(0, 256, (64, 64, 3)).astype(np.uint8)
    whole = save(path('whole' + name), noise)
    with open(whole, 'rb') as source, open(path(name), 'wb') as cut:
        cut.write(source.read()[:os.path.getsize(whole) // 2])
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Pillow also warns about a TIFF cut short
        with pytest.raises(ImageError, match=name):
            read(path(name))


@pytest.mark.parametrize('read', [read_photo, read_annotation, photo_size])
@pytest.mark.parametrize('content, reason', [(b'', 'empty'), (b'<html>not found</html>', 'not a JPEG, PNG')])
def test_what_is_no_image_is_said(path, read, content, reason):
    with open(path('a.jpg'), 'wb') as file:
        file.write(content)
    with pytest.raises(ImageError, match='a.jpg.*' + reason):
        read(path('a.jpg'))


@pytest.mark.parametrize('read', [read_photo, read_annotation, photo_size])
def test_missing_file_and_folder_are_said(tmp_path, read):
    with pytest.raises(ImageError, match='none.png: .*No such file'):
        read(str(tmp_path / 'none.png'))
    with pytest.raises(ImageError, match='directory'):
        read(str(tmp_path))


@pytest.mark.parametrize('height, found', [(26000, '20000 x 26000'), (60000, '1200000000')])  # our check, Pillow's
def test_image_above_the_limit_is_refused(path, height, found):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        with pytest.raises(ImageError, match='a.png: .*512 megapixels.*' + found):
            read_photo(save_png(path('a.png'), 20000, height, 8, 2))


def test_image_of_200_megapixels_gives_no_warning(path):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert photo_size(save_png(path('a.png'), 20000, 10000, 8, 2)) == (10000, 20000)


@pytest.mark.parametrize('read', [read_photo, read_annotation])
def test_size_that_the_file_cannot_hold_is_not_believed(path, read):
    # 67 bytes pack 67 * 8256 pixels at most; black rows of a whole image come from zlib.compress
    with pytest.raises(ImageError, match=r'a.png: the image is said to have 5000 x 4000 pixels, which its \d+ bytes'):
        read(save_png(path('a.png'), 5000, 4000, 8, 2))


def test_large_image_of_one_colour_is_believed(path):
    rows = bytes(4000 * (1 + 5000 // 8))  # white is 1: black
    assert read_photo(save_png(path('a.png'), 5000, 4000, 1, 0, rows)).max() == 0


def test_size_is_read_without_the_pixels(path):
    assert photo_size(save_png(path('a.png'), 7, 5, 8, 2, rows=b'')) == (5, 7)  # there are none


def test_photos_are_listed_in_order_without_hidden_and_other_files(tmp_path):
    for name in ['b.JPG', 'a.webp', 'c é.tiff', '._b.JPG', 'notes.txt', 'a.gif', 'jpg']:
        (tmp_path / name).write_bytes(b'')
    (tmp_path / 'folder.png').mkdir()
    assert [os.path.basename(path) for path in list_photos(str(tmp_path))] == ['a.webp', 'b.JPG', 'c é.tiff']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='Windows makes no links unasked')
def test_link_in_a_circle_costs_its_folder_no_other_photo(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'')
    os.symlink('loop.png', str(tmp_path / 'loop.png'))
    assert [os.path.basename(path) for path in list_photos(str(tmp_path))] == ['a.png', 'loop.png']
    with pytest.raises(ImageError, match='loop.png: .*(levels of|loop)'):
        read_photo(str(tmp_path / 'loop.png'))


def test_missing_folder_of_photos_is_said(tmp_path):
    with pytest.raises(UserError, match='none: .*No such file'):
        list_photos(str(tmp_path / 'none'))


def test_bilinear_by_hand():
    # Output centres lie at 0.25, 0.75, 1.25 and 1.75 in units of input pixels whose centres are at 0.5 and 1.5.
    photo = np.repeat(array([[0, 100]])[:, :, None], 3, axis=2)
    assert resize_photo(photo, 1, 4)[0, :, 0].tolist() == [0, 25, 75, 100]


def test_nearest_by_hand():
    # Output centres (i + 0.5) * 3 / 5 = 0.3, 0.9, 1.5, 2.1, 2.7 fall into input pixels 0, 0, 1, 2, 2.
    assert resize_ids(array([[7, 200, 3]]), 2, 5).tolist() == [[7, 7, 200, 3, 3]] * 2


def test_height_comes_first():
    assert resize_photo(np.zeros((1, 3, 3), np.uint8), 4, 7).shape == (4, 7, 3)
    assert resize_ids(np.zeros((1, 3), np.uint8), 4, 7).shape == (4, 7)


def test_same_size_is_the_input_itself():
    photo, ids = np.zeros((1, 3, 3), np.uint8), np.zeros((1, 3), np.uint8)
    assert resize_photo(photo, 1, 3) is photo
    assert resize_ids(ids, 1, 3) is ids


@pytest.mark.parametrize('height, width', [(4, 9), (7, 5)])
def test_loaded_photo_is_resized_as_a_read_one(path, height, width):
    pixels = np.random.RandomState(0).randint(0, 256, (4, 9, 3)).astype(np.uint8)
    photo = save(path('a.png'), pixels)
    resized = resize_photo(load_photo(photo), height, width)
    np.testing.assert_array_equal(resized, resize_photo(pixels, height, width))


@given(st.integers(1, 5000), st.integers(1, 64))
def test_rounding_up_is_the_least_multiple(side, multiple):
    rounded = round_up(side, multiple)
    assert rounded % multiple == 0
    assert side <= rounded < side + multiple


def test_rounding_up_is_to_32():
    assert [round_up(side) for side in (1, 32, 33, 768)] == [32, 32, 64, 768]
