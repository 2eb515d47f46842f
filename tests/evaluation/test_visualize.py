"""Ids as palette PNGs, colours, overlays, legends and sheets of pictures."""
import re
import time
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from fcn8s import visualize
from fcn8s.data.annotations import read_annotation
from fcn8s.utils.errors import UserError

ClassInfo = namedtuple('ClassInfo', 'index name colour')

CLASSES = [
    ClassInfo(0, 'others', (0, 0, 0)),
    ClassInfo(1, 'wall', (120, 130, 140)),
    ClassInfo(2, 'building;edifice', (200, 0, 0)),
    ClassInfo(3, 'sky', (6, 230, 240)),
]
COLOURS = visualize.palette(CLASSES)
# 8 pixels: sky 4 (50 %), building 3 (37.5 %), others 1 (12.5 %), no wall.
IDS = np.array([[3, 3, 3, 3], [2, 2, 2, 0]], np.uint8)


def colours_in(picture):
    return set(zip(*(picture[..., channel].ravel().tolist() for channel in range(3))))


def test_short_name_is_the_first_synonym():
    assert visualize.short_name('building;edifice') == 'building'


def test_short_name_is_one_line():
    assert visualize.short_name(' traffic\n light ;sign') == 'traffic light'


def test_palette_is_one_uint8_row_per_class():
    assert COLOURS.dtype == np.uint8
    assert COLOURS.tolist() == [[0, 0, 0], [120, 130, 140], [200, 0, 0], [6, 230, 240]]


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)))
def test_colour_image_gives_each_pixel_its_colour_and_black_without_one(ids):
    expected = [[CLASSES[i].colour if i < len(CLASSES) else (0, 0, 0) for i in row] for row in ids]
    assert np.array_equal(visualize.colour_image(ids, COLOURS), expected)


def test_colour_image_takes_wide_integers():
    assert visualize.colour_image(np.array([[3, 255]], np.int64), COLOURS).tolist() == [[[6, 230, 240], [0, 0, 0]]]


@pytest.mark.parametrize('bad', [np.array([[256]]), np.array([[-1]]), np.array([[1.0]])])
def test_ids_that_no_byte_holds_are_refused(bad):
    with pytest.raises(ValueError, match='0 to 255'):
        visualize.colour_image(bad, COLOURS)


def test_more_colours_than_a_palette_holds_are_refused():
    with pytest.raises(ValueError, match='found 257'):
        visualize.colour_image(IDS, np.zeros((257, 3), np.uint8))


@pytest.mark.parametrize('num_colours', [2, 4, 151, 256])
def test_saved_ids_are_the_pixel_values(tmp_path, num_colours):
    ids = np.arange(256, dtype=np.uint8).reshape(8, 32)
    path = str(tmp_path / 'ids.png')
    visualize.save_ids(path, ids, np.full((num_colours, 3), 9, np.uint8))
    with Image.open(path) as image:
        assert (image.mode, image.size) == ('P', (32, 8))
        assert np.array_equal(np.asarray(image), ids)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)), st.integers(0, 256))
def test_saved_ids_are_read_back_whatever_the_colours(tmp_path_factory, ids, num_colours):
    path = str(tmp_path_factory.mktemp('ids') / 'ids.png')
    visualize.save_ids(path, ids, np.full((num_colours, 3), 200, np.uint8))
    assert np.array_equal(read_annotation(path), ids)


def test_saved_ids_show_the_class_colours(tmp_path):
    path = str(tmp_path / 'ids.png')
    visualize.save_ids(path, IDS, COLOURS)
    with Image.open(path) as image:
        assert colours_in(np.asarray(image.convert('RGB'))) == {(6, 230, 240), (200, 0, 0), (0, 0, 0)}


@pytest.mark.parametrize('save', [
    lambda path: visualize.save_ids(path, IDS, COLOURS),
    lambda path: visualize.save_picture(path, np.zeros((2, 2, 3), np.uint8))])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, save):
    path = tmp_path / 'a.png'
    path.write_bytes(b'old')

    def fail_half_way(image, target, *_, **__):
        with open(getattr(target, 'name', target), 'wb') as file:
            file.write(b'half')
        raise OSError('disk full')

    monkeypatch.setattr(Image.Image, 'save', fail_half_way)
    with pytest.raises(UserError, match='a.png.*disk full'):
        save(str(path))
    assert path.read_bytes() == b'old'
    assert [p.name for p in tmp_path.iterdir()] == ['a.png']


def test_overlay_blends_by_alpha():
    photo = np.array([[[100, 50, 0], [10, 20, 30]]], np.uint8)
    # 0.75 * (100, 50, 0) + 0.25 * (200, 0, 0); 0.75 * (10, 20, 30) + 0.25 * (6, 230, 240), rounded down
    blended = visualize.overlay(photo, np.array([[2, 3]], np.uint8), COLOURS, alpha=0.25)
    assert blended.dtype == np.uint8
    assert blended.tolist() == [[[125, 37, 0], [9, 72, 82]]]


@pytest.mark.parametrize('alpha, expected', [(0, [100, 50, 0]), (1, [200, 0, 0])])
def test_overlay_at_the_ends_is_the_photo_or_the_colours(alpha, expected):
    photo = np.array([[[100, 50, 0]]], np.uint8)
    assert visualize.overlay(photo, np.array([[2]], np.uint8), COLOURS, alpha).tolist() == [[expected]]


def test_overlay_refuses_another_size():
    with pytest.raises(ValueError, match=r'\(4, 2\).*\(2, 4\)'):
        visualize.overlay(np.zeros((4, 2, 3), np.uint8), IDS, COLOURS)


@pytest.mark.parametrize('alpha', [-0.1, 1.5])
def test_overlay_refuses_alpha_outside_0_to_1(alpha):
    with pytest.raises(ValueError, match='alpha'):
        visualize.overlay(np.zeros((2, 4, 3), np.uint8), IDS, COLOURS, alpha)


def test_overlay_of_four_megapixels_takes_under_a_second():
    photo, ids = np.zeros((2000, 2000, 3), np.uint8), np.ones((2000, 2000), np.uint8)
    start = time.perf_counter()
    visualize.overlay(photo, ids, COLOURS)
    assert time.perf_counter() - start < 1


def test_class_shares_lists_only_those_found_largest_first():
    assert visualize.class_shares(IDS, 4) == [(3, 0.5), (2, 0.375), (0, 0.125)]


def test_class_shares_leaves_ignored_pixels_out():
    assert visualize.class_shares(np.array([[255, 1], [1, 2]], np.uint8), 3) == [(1, 2 / 3), (2, 1 / 3)]


def test_class_shares_of_ignored_pixels_only_is_empty():
    assert visualize.class_shares(np.full((2, 2), 255, np.uint8), 3) == []


def test_class_shares_orders_equal_shares_by_id():
    assert [i for i, _ in visualize.class_shares(np.arange(150)[::-1], 151)] == list(range(150))


def test_describe_names_classes_with_percentages():
    assert visualize.describe(IDS, CLASSES) == 'classes found: sky 50.0 %, building 37.5 %, others 12.5 %'


def test_describe_does_not_round_a_found_class_to_nothing():
    ids = np.zeros((50, 50), np.uint8)
    ids[0, 0] = 1  # 0.04 %
    assert visualize.describe(ids, CLASSES) == 'classes found: others 100.0 %, wall <0.1 %'


def test_describe_says_when_nothing_is_found():
    assert visualize.describe(np.full((1, 1), 255, np.uint8), CLASSES) == 'classes found: none'


def test_legend_shows_the_colours_found_and_no_other():
    shown = colours_in(visualize.legend(IDS, CLASSES))
    assert {(6, 230, 240), (200, 0, 0), (0, 0, 0)} <= shown
    assert (120, 130, 140) not in shown


def test_legend_lists_the_largest_share_first():
    picture = visualize.legend(IDS, CLASSES)
    first_rows = [np.argwhere((picture == colour).all(axis=2))[0][0] for colour in [(6, 230, 240), (200, 0, 0)]]
    assert first_rows == sorted(first_rows)


def test_legend_has_one_line_per_class():
    one, two, three = (visualize.legend(np.arange(n).reshape(1, n), CLASSES).shape[0] for n in (1, 2, 3))
    assert two - one == three - two > 0


def test_legend_of_151_classes_shows_every_colour():
    classes = [ClassInfo(i, f'class {i}', (i + 1, 255 - i, 7)) for i in range(151)]
    picture = visualize.legend(np.arange(151, dtype=np.uint8).reshape(1, 151), classes)
    assert {c.colour for c in classes} <= colours_in(picture)
    assert picture.shape[0] < 1000


def test_legend_shows_a_white_class_by_its_outline():
    # Without its outline a white swatch would leave no ink left of the name.
    picture = visualize.legend(np.array([[0]]), [ClassInfo(0, '', (255, 255, 255))])
    assert (picture[:, :30] < 255).any()


def test_legend_grows_with_its_text():
    small, large = (visualize.legend(IDS, CLASSES, text_height=h) for h in (16, 32))
    assert large.shape[0] == 2 * small.shape[0]


def test_legend_of_a_very_long_name_stays_narrow():
    assert visualize.legend(np.array([[0]]), [ClassInfo(0, 'm' * 10000, (1, 2, 3))]).shape[1] < 1000


def test_legend_of_nothing_is_blank():
    assert colours_in(visualize.legend(np.full((1, 1), 255, np.uint8), CLASSES)) == {(255, 255, 255)}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_legend_takes_any_name(name):
    assert visualize.legend(np.array([[0]]), [ClassInfo(0, name, (1, 2, 3))]).ndim == 3


@pytest.mark.parametrize('name', ['дорога', 'δρόμος'])
def test_legend_writes_other_alphabets(name):
    pictures = [visualize.legend(np.array([[0]]), [ClassInfo(0, n, (1, 2, 3))]) for n in (name, name[::-1])]
    assert not np.array_equal(*pictures)  # missing letters would all be the same box


def test_side_by_side_pads_to_the_tallest_with_white():
    red, blue = np.full((2, 3, 3), (255, 0, 0), np.uint8), np.full((4, 2, 3), (0, 0, 255), np.uint8)
    sheet = visualize.side_by_side([red, blue], gap=1)
    assert sheet.shape == (4, 3 + 1 + 2, 3)
    assert np.array_equal(sheet[:2, :3], red)
    assert np.array_equal(sheet[:, 4:], blue)
    assert (sheet[2:, :3] == 255).all() and (sheet[:, 3] == 255).all()


def test_side_by_side_puts_titles_above_whole_images():
    black = np.zeros((40, 200, 3), np.uint8)
    sheet = visualize.side_by_side([black, black], gap=8, titles=['image', 'prediction\n'])
    head = sheet.shape[0] - 40
    assert sheet.shape[1] == 408
    assert np.array_equal(sheet[head:, :200], black) and np.array_equal(sheet[head:, 208:], black)
    assert (sheet[:head, :200] < 128).any() and (sheet[:head, 208:] < 128).any()


def test_side_by_side_makes_room_for_a_title_wider_than_its_image():
    dot = np.zeros((1, 1, 3), np.uint8)
    sheet = visualize.side_by_side([dot, dot], titles=['prediction', ''])
    assert (sheet[-1] == 0).all(axis=1).sum() == 2
    assert sheet.shape[1] > 50


def test_png_pictures_are_exact(tmp_path):
    rgb = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    visualize.save_picture(str(tmp_path / 'a.png'), rgb)
    with Image.open(str(tmp_path / 'a.png')) as image:
        assert np.array_equal(np.asarray(image), rgb)


@pytest.mark.parametrize('name', ['a.jpg', 'a.JPEG'])
def test_jpeg_pictures_are_close(tmp_path, name):
    rgb = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    visualize.save_picture(str(tmp_path / name), rgb)
    with Image.open(str(tmp_path / name)) as image:
        assert image.format == 'JPEG'
        assert np.abs(np.asarray(image).astype(int) - rgb).max() <= 3


def test_jpeg_pictures_keep_quality_95(tmp_path):
    rgb = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)
    visualize.save_picture(str(tmp_path / 'a.jpg'), rgb)
    Image.fromarray(rgb).save(str(tmp_path / 'b.jpg'), quality=95)
    tables = []
    for name in ('a.jpg', 'b.jpg'):
        with Image.open(str(tmp_path / name)) as image:
            tables.append(image.quantization)
    assert tables[0] == tables[1]


@pytest.mark.parametrize('name', ['a.gif', 'a'])
def test_other_endings_are_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(UserError, match=re.escape(name) + '.*png'):
        visualize.save_picture(str(tmp_path / name), np.zeros((1, 1, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_describe_names_the_five_largest_and_counts_the_others():
    classes = [ClassInfo(i, f'c{i}', (i, i, i)) for i in range(8)]
    ids = np.repeat(np.arange(8, dtype=np.uint8), [1, 2, 3, 4, 5, 6, 7, 12]).reshape(1, 40)
    assert visualize.describe(ids, classes) == (
        'classes found: c7 30.0 %, c6 17.5 %, c5 15.0 %, c4 12.5 %, c3 10.0 % and 3 more')


def test_describe_names_five_classes_all():
    classes = [ClassInfo(i, f'c{i}', (i, i, i)) for i in range(5)]
    assert 'more' not in visualize.describe(np.arange(5)[np.newaxis], classes)
