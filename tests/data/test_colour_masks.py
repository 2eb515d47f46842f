import os
import subprocess
import sys

import numpy as np
import pytest
from image_files import array, save, save_palette
from PIL import Image

from Data_zoo import colour_masks
from Data_zoo.colour_masks import convert
from Data_zoo.mask_ids import Rules
from fcn8s.data.annotations import read_annotation
from fcn8s.utils.errors import UserError

GROUND, CAT, DOG = (0, 0, 0), (220, 60, 20), (20, 60, 220)
PINK = (255, 105, 180)
CLASSES = 'index,name,red,green,blue\n0,ground,0,0,0\n1,cat,220,60,20\n2,dog,20,60,220\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'masks').mkdir()
    (tmp_path / 'classes.csv').write_text(CLASSES)
    return tmp_path


def mask(folder, name, *rows, **options):
    return save(str(folder / 'masks' / name), array(rows), **options)


def run(folder, transparent=None, suffix=None, **rules):
    return convert(str(folder / 'masks'), str(folder / 'classes.csv'), str(folder / 'out'), Rules(**rules), transparent,
                   suffix)


def ids(folder, name):
    return read_annotation(str(folder / 'out' / name)).tolist()


def test_colours_become_the_ids_of_their_classes(folder):
    mask(folder, 'a.png', [GROUND, CAT, DOG], [DOG, DOG, CAT])
    mask(folder, 'b c.BMP', [CAT])
    assert run(folder) == 2
    assert ids(folder, 'a.png') == [[0, 1, 2], [2, 2, 1]]
    assert ids(folder, 'b c.png') == [[1]]


def test_output_shows_the_colours_of_the_mask(folder):
    path = mask(folder, 'a.png', [CAT, DOG])
    run(folder)
    with Image.open(path) as before, Image.open(str(folder / 'out' / 'a.png')) as after:
        assert after.mode == 'P'
        assert np.array_equal(np.array(after.convert('RGB')), np.array(before))


def test_black_and_white_masks_become_ids_by_the_lines_that_read_data_names(folder):
    (folder / 'classes.csv').write_text('index,name,red,green,blue\n0,background,0,0,0\n1,cat,255,255,255\n')
    mask(folder, 'a.png', [0, 255, 255])
    run(folder)
    assert ids(folder, 'a.png') == [[0, 1, 1]]


def test_of_a_palette_mask_the_colours_count_and_not_the_indices(folder):
    save_palette(str(folder / 'masks' / 'a.png'), [0, 1, 2], [DOG, CAT, GROUND])
    run(folder)
    assert ids(folder, 'a.png') == [[2, 1, 0]]


def test_unknown_colours_are_listed_with_counts_and_files_and_nothing_is_written(folder):
    mask(folder, 'a.png', [CAT, PINK, PINK])
    mask(folder, 'b.png', [PINK, (1, 1, 1), CAT])
    with pytest.raises(UserError) as error:
        run(folder)
    assert 'holds 2 colours' in str(error.value)
    assert '255,105,180: 3 pixels in 2 files: a.png, b.png\n' in str(error.value)
    assert '1,1,1: 1 pixels in 1 files: b.png\n' in str(error.value)
    assert sorted(os.listdir(str(folder))) == ['classes.csv', 'masks']


def test_photo_taken_for_a_mask_gives_a_short_error_at_once(folder):
    noise = np.random.RandomState(0).randint(1, 255, (60, 60, 3)).astype(np.uint8)
    save(str(folder / 'masks' / 'a.png'), noise)
    (folder / 'masks' / 'b.png').write_text('never opened')
    with pytest.raises(UserError, match='more than 1000 colours') as error:
        run(folder)
    assert len(str(error.value).splitlines()) < 30


def test_tolerance_takes_the_nearest_class(folder):
    mask(folder, 'a.png', [(215, 65, 20), (20, 60, 220), (4, 0, 5)])
    run(folder, tolerance=5)
    assert ids(folder, 'a.png') == [[1, 2, 0]]


def test_colour_beyond_the_tolerance_is_unknown(folder):
    mask(folder, 'a.png', [(6, 0, 0)])
    with pytest.raises(UserError, match='6,0,0'):
        run(folder, tolerance=5)


def test_jpeg_is_refused_whatever_its_name(folder):
    mask(folder, 'a.png', [CAT], format='JPEG')
    with pytest.raises(UserError, match=r'a\.png: 1 of 1 masks are JPEGs.*--nearest.*--tolerance'):
        run(folder)


def test_jpeg_is_read_with_a_tolerance(folder):
    save(str(folder / 'masks' / 'a.jpg'), np.full((8, 16, 3), CAT, np.uint8), quality=90)
    run(folder, tolerance=30)
    assert ids(folder, 'a.png') == np.ones((8, 16)).tolist()


def test_folder_that_holds_something_is_left_as_it_is(folder):
    mask(folder, 'a.png', [CAT])
    (folder / 'out').mkdir()
    (folder / 'out' / 'a.png').write_text('mine')
    with pytest.raises(UserError, match='out exists already'):
        run(folder)
    assert (folder / 'out' / 'a.png').read_text() == 'mine'


def test_masks_that_would_get_one_name_are_refused(folder):
    mask(folder, 'a.png', [CAT])
    mask(folder, 'a.bmp', [DOG])
    with pytest.raises(UserError, match=r'a\.bmp and .*a\.png would both become a\.png'):
        run(folder)


def test_classes_of_one_colour_are_refused(folder):
    (folder / 'classes.csv').write_text(CLASSES.replace('20,60,220', '220,60,20'))
    mask(folder, 'a.png', [CAT])
    with pytest.raises(UserError, match='1 cat and 2 dog have the same colour 220,60,20'):
        run(folder)


def test_folder_without_masks_is_named(folder):
    with pytest.raises(UserError, match='masks holds no masks'):
        run(folder)


def test_target_that_cannot_be_written_is_a_user_error(folder):
    mask(folder, 'a.png', [CAT])
    with pytest.raises(UserError, match='cannot be written'):
        convert(str(folder / 'masks'), str(folder / 'classes.csv'), str(folder / 'classes.csv' / 'out'))


def test_script_runs_from_another_folder(folder):
    mask(folder, 'a.png', [CAT, DOG])
    done = subprocess.run([sys.executable, colour_masks.__file__, 'masks', 'classes.csv', 'out'], cwd=str(folder),
                          check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout == '1 annotations in out\n'
    assert ids(folder, 'a.png') == [[1, 2]]


def two_classes(folder):
    (folder / 'classes.csv').write_text(CLASSES.replace('2,dog,20,60,220\n', ''))


def test_nearest_rounds_and_says_how_much(folder, capsys):
    mask(folder, 'a.png', [GROUND, (110, 31, 11), CAT, DOG])
    mask(folder, 'b.png', [GROUND, CAT, CAT, CAT])
    run(folder, nearest=True)
    assert ids(folder, 'a.png') == [[0, 1, 1, 2]]  # 110,31,11 is 114.8 from GROUND and 114.4 from CAT
    assert ('note: rounded: 1 pixels (12.50%) in 1 mask (a.png); most often 110,31,11 -> 1 cat (1 pixels)'
            in capsys.readouterr().out)


def test_class_that_only_rounding_made_is_named(folder, capsys):
    mask(folder, 'a.png', [DOG, DOG, DOG, CAT, (0, 30, 110)])  # DOG and GROUND blended, but there is no GROUND
    run(folder, nearest=True)
    assert 'note: look at 1 mask (a.png): a class occurs in rounded pixels only' in capsys.readouterr().out


def test_tolerance_says_what_it_rounded(folder, capsys):
    mask(folder, 'a.png', [CAT, (215, 65, 20)])
    run(folder, tolerance=5)
    assert 'rounded: 1 pixels (50.00%)' in capsys.readouterr().out


def test_exact_masks_leave_nothing_to_say(folder, capsys):
    mask(folder, 'a.png', [CAT, DOG])
    run(folder, nearest=True)
    assert capsys.readouterr().out == f'1 annotations in {folder / "out"}\n'


@pytest.mark.parametrize('other', [(128, 0, 0), (0, 250, 0)])
def test_nearest_refuses_masks_of_quite_other_colours(folder, other):
    mask(folder, 'a.png', [other, other, GROUND])
    with pytest.raises(UserError, match=r'1 mask \(a\.png\) has pixels far .*more than half.*copy of classes\.csv'):
        run(folder, nearest=True)


def test_threshold_makes_dark_0_and_bright_1_whatever_the_colours_of_the_classes(folder, capsys):
    two_classes(folder)
    mask(folder, 'a.png', [0, 127, 128, 255])
    run(folder, threshold=128)
    assert ids(folder, 'a.png') == [[0, 0, 1, 1]]
    shown = capsys.readouterr().out
    assert 'greys below 128 became 0 ground, the others 1 cat' in shown and 'from 0 to 255' in shown
    assert 'rounded: 2 pixels (50.00%) in 1 mask (a.png)' in shown


def test_threshold_is_for_two_classes_and_says_what_to_do_with_more(folder):
    mask(folder, 'a.png', [0, 255])
    with pytest.raises(UserError, match='lists 3: 0 ground, 1 cat, 2 dog. Leave the option out and give a copy of '
                                        'classes.csv in which the class that is white .* 255,255,255'):
        run(folder, threshold=128)


def test_threshold_refuses_colours(folder):
    two_classes(folder)
    mask(folder, 'a.png', [GROUND, CAT])
    with pytest.raises(UserError, match=r'1 mask \(a\.png\) has pixels of colours'):
        run(folder, threshold=128)


def test_threshold_that_no_pixel_reaches_is_refused(folder):
    two_classes(folder)
    mask(folder, 'a.png', [0, 1, 1])
    with pytest.raises(UserError, match='every pixel would become 0 ground, but the masks hold greys from 0 to 1'):
        run(folder, threshold=128)


def test_black_and_white_masks_are_advised_to_take_a_threshold(folder):
    two_classes(folder)
    mask(folder, 'a.png', [0, 120, 255])
    with pytest.raises(UserError, match='black and white: --threshold=128 makes dark 0 ground and bright 1 cat'):
        run(folder)


def test_black_and_white_masks_of_more_classes_are_advised_how_white_gets_a_class(folder):
    mask(folder, 'a.png', [0, 255])
    with pytest.raises(UserError, match='black and white: give a copy of classes.csv'):
        run(folder)


def test_masks_of_one_class_only_are_noted(folder, capsys):
    mask(folder, 'a.png', [CAT, CAT])
    run(folder)
    assert 'note: every pixel became 1 cat' in capsys.readouterr().out


CLEAR_CAT, SOLID_CAT, SOLID_DOG = CAT + (0,), CAT + (255,), DOG + (255,)


def test_transparent_pixels_without_a_class_are_refused_with_counts(folder):
    for name in 'abcd':
        mask(folder, name + '.png', [CLEAR_CAT, SOLID_CAT])
    with pytest.raises(UserError, match=r'^4 masks \(a\.png, b\.png, c\.png and 1 more\) have transparent pixels.*'
                                        r'--transparent=CLASS.*0 ground, 1 cat, 2 dog'):
        run(folder)


@pytest.mark.parametrize('name', ['ground', '0'])
def test_transparent_pixels_become_the_class_that_is_given(folder, name):
    mask(folder, 'a.png', [CLEAR_CAT, SOLID_CAT, SOLID_DOG])
    run(folder, transparent=name)
    assert ids(folder, 'a.png') == [[0, 1, 2]]


def test_transparent_colour_of_a_palette_counts_as_transparent(folder):
    save_palette(str(folder / 'masks' / 'a.png'), [0, 1, 2], [DOG, CAT, PINK], transparency=2)
    run(folder, transparent='ground')
    assert ids(folder, 'a.png') == [[2, 1, 0]]


def test_unknown_class_of_transparent_pixels_is_refused(folder):
    mask(folder, 'a.png', [CLEAR_CAT, SOLID_CAT])
    with pytest.raises(UserError, match='--transparent=zebra is none of the classes'):
        run(folder, transparent='zebra')


def test_half_transparent_pixels_are_refused_where_nothing_may_be_rounded(folder):
    mask(folder, 'a.png', [CAT + (200,), SOLID_CAT])
    with pytest.raises(UserError, match=r'1 mask \(a\.png\) has half-transparent pixels.*--nearest'):
        run(folder, transparent='ground')


@pytest.mark.parametrize('rules, expected', [({'nearest': True}, [0, 0, 1, 1]), ({'tolerance': 127}, [0, 0, 1, 1])])
def test_half_transparent_pixels_are_rounded_and_counted(folder, capsys, rules, expected):
    mask(folder, 'a.png', [CLEAR_CAT, CAT + (127,), CAT + (128,), SOLID_CAT])
    run(folder, transparent='ground', **rules)
    assert ids(folder, 'a.png') == [expected]
    assert 'rounded: 2 pixels (50.00%)' in capsys.readouterr().out


def test_beyond_the_tolerance_half_transparent_pixels_are_refused(folder):
    mask(folder, 'a.png', [CAT + (41,), CAT + (215,), CAT + (40,)])  # 215 lacks 40 of 255
    with pytest.raises(UserError, match=r'has half-transparent pixels'):
        run(folder, transparent='ground', tolerance=40)


def test_shapes_of_the_alpha_channel_alone(folder):
    two_classes(folder)
    mask(folder, 'a.png', [GROUND + (0,), GROUND + (255,), GROUND + (128,)])
    run(folder, alpha=True, threshold=128)
    assert ids(folder, 'a.png') == [[0, 1, 1]]


def test_shapes_of_the_alpha_channel_are_not_lost_in_a_class_of_the_same_colour(folder):
    mask(folder, 'a.png', [GROUND + (0,), GROUND + (255,)])
    with pytest.raises(UserError, match='every pixel would become 0 ground, but .*opaque and transparent.*--alpha'):
        run(folder, transparent='ground')


def test_colours_below_an_unused_alpha_channel_are_not_lost(folder):
    mask(folder, 'a.png', [CLEAR_CAT, DOG + (0,)])
    with pytest.raises(UserError, match='nothing but transparent pixels, but several colours'):
        run(folder, transparent='ground')


def test_mask_that_is_transparent_everywhere_is_of_that_class(folder):
    mask(folder, 'a.png', [CLEAR_CAT, CLEAR_CAT])
    mask(folder, 'b.png', [SOLID_CAT, SOLID_CAT])
    run(folder, transparent='ground')
    assert ids(folder, 'a.png') == [[0, 0]]


def test_alpha_of_masks_without_it_is_refused(folder):
    mask(folder, 'a.png', [CAT])
    with pytest.raises(UserError, match=r'1 mask \(a\.png\) has no alpha channel'):
        run(folder, alpha=True)


def test_many_jpegs_are_one_line_with_a_count_and_three_names(folder):
    for i in range(12):
        mask(folder, f'{i:02}.jpg', [CAT])
    with pytest.raises(UserError, match=r'^00\.jpg, 01\.jpg, 02\.jpg and 9 more: 12 of 12 masks are JPEGs'):
        run(folder)


@pytest.mark.parametrize('option', ['--threshold=0', '--threshold=256', '--tolerance=x', '--nearest --threshold=9'])
def test_options_out_of_range_or_at_odds_are_usage_errors(option):
    with pytest.raises(SystemExit) as error:
        colour_masks.main(['masks', 'classes.csv', 'out', *option.split()])
    assert error.value.code == 2


def test_pipe_among_the_masks_is_refused_without_waiting(folder):
    os.mkfifo(str(folder / 'masks' / 'a.png'))
    with pytest.raises(UserError, match='a pipe or a device, not a file'):
        run(folder)
