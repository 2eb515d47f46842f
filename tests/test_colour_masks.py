import os
import subprocess
import sys

import numpy as np
import pytest
from image_files import array, save, save_palette
from PIL import Image

from Data_zoo import colour_masks
from Data_zoo.colour_masks import convert
from files.errors import UserError
from files.images import read_annotation

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


def run(folder, **options):
    return convert(str(folder / 'masks'), str(folder / 'classes.csv'), str(folder / 'out'), **options)


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
    with pytest.raises(UserError, match=r'a\.png: a mask stored as JPEG.*--tolerance'):
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
    mask(folder, 'a.png', [CAT])
    done = subprocess.run([sys.executable, colour_masks.__file__, 'masks', 'classes.csv', 'out'], cwd=str(folder),
                          check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout == '1 annotations in out\n'
    assert ids(folder, 'a.png') == [[1]]
