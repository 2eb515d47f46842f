import os
import unicodedata

import numpy as np
import pytest
from image_files import save

from Data_zoo.mask_names import find_masks
from fcn8s.utils.errors import UserError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'masks').mkdir()
    return tmp_path


def masks(folder, *names):
    for name in names:
        save(str(folder / 'masks' / name), np.zeros((4, 4, 3), np.uint8))


def photos(folder, *names):
    for name in names:
        save(str(folder / 'masks' / name), np.random.RandomState(0).randint(0, 256, (50, 50, 3)).astype(np.uint8))


def find(folder, out='out', suffix=None):
    """{name: file}, and the notes as one text."""
    found, notes = find_masks(str(folder / 'masks'), str(folder / out), suffix)
    return {name: os.path.basename(path) for name, path in found.items()}, '\n'.join(notes)


def layout(folder, *names):
    (folder / 'D' / 'images' / 'training').mkdir(parents=True)
    for name in names:
        (folder / 'D' / 'images' / 'training' / name).write_text('')
    return os.path.join('D', 'annotations', 'training')


@pytest.mark.parametrize('suffix', ['_mask', '_label', '_L', '-seg', ' mask', '.mask', '_Segmentation'])
def test_common_ending_of_all_masks_is_taken_off_and_said(folder, suffix):
    masks(folder, f'a{suffix}.png', f'b_2{suffix}.PNG')
    found, notes = find(folder)
    assert found == {'a': f'a{suffix}.png', 'b_2': f'b_2{suffix}.PNG'}
    assert f'a{suffix}.png becomes a.png' in notes


@pytest.mark.parametrize('names', [('a_mask.png', 'b.png'), ('a_mask.png', 'b_label.png'), ('a.png', 'a_2.png'),
                                   ('cat.png', 'cat_black.png'), ('red_scene.png', 'blue_scene.png'), ('_mask.png',)])
def test_names_are_kept_where_nothing_shows_an_addition(folder, names):
    masks(folder, *names)
    found, notes = find(folder)
    assert sorted(found.values()) == sorted(names) and not notes
    assert all(file == name + '.png' for name, file in found.items())


def test_names_of_the_photos_of_the_layout_show_any_addition(folder):
    masks(folder, 'a.jpg_instance.png', 'b.jpg_instance.png')
    found, notes = find(folder, layout(folder, 'a.JPG', 'b.jpeg'))
    assert sorted(found) == ['a', 'b'] and 'a.jpg_instance.png becomes a.png' in notes


def test_masks_that_already_have_the_photos_names_keep_them(folder):
    masks(folder, 'a_mask.png', 'b_mask.png')
    found, notes = find(folder, layout(folder, 'a_mask.jpg', 'b_mask.jpg'))
    assert sorted(found) == ['a_mask', 'b_mask'] and not notes


def test_photo_in_the_other_unicode_form_is_recognized(folder):
    composed, decomposed = (unicodedata.normalize(form, 'é') for form in ('NFC', 'NFD'))
    masks(folder, composed + '_thing.png')
    assert list(find(folder, layout(folder, decomposed + '.jpg'))[0]) == [composed]


def test_photos_and_json_beside_masks_are_left_out_and_named(folder):
    photos(folder, 'x.jpg', 'y.png')
    masks(folder, 'x_mask.png', 'y_mask.png')
    (folder / 'masks' / 'x.json').write_text('{}')
    found, notes = find(folder)
    assert found == {'x': 'x_mask.png', 'y': 'y_mask.png'}
    assert 'not masks (2): x.jpg, y.png' in notes and 'not readable as pictures (1): x.json' in notes


def test_photo_of_the_same_name_as_its_mask_is_left_out(folder):
    photos(folder, 'x.jpg')
    masks(folder, 'x.png')
    found, notes = find(folder)
    assert found == {'x': 'x.png'} and 'not masks (1): x.jpg' in notes


def test_pictures_beside_masks_that_are_neither_mask_nor_photo_of_one_are_refused(folder):
    photos(folder, 'x.jpg', 'z.jpg')
    masks(folder, 'x_mask.png')
    with pytest.raises(UserError, match=r'^z\.jpg: pictures \(1\) beside the masks NAME_mask .*--suffix=_mask'):
        find(folder)


def test_two_kinds_of_masks_beside_a_photo_are_refused(folder):
    photos(folder, 'x.jpg')
    masks(folder, 'x_mask.png', 'x_label.png')
    with pytest.raises(UserError, match='_label and _mask added. Say which'):
        find(folder)


def test_suffix_says_which_files_are_masks(folder):
    photos(folder, 'x.jpg', 'z.jpg')
    masks(folder, 'x_mask.png', 'x_label.png')
    found, notes = find(folder, suffix='_label')
    assert found == {'x': 'x_label.png'} and 'not masks (3): x.jpg, x_mask.png, z.jpg' in notes


def test_empty_suffix_keeps_whole_names(folder):
    masks(folder, 'a_mask.png')
    assert find(folder, suffix='')[0] == {'a_mask': 'a_mask.png'}


def test_suffix_that_no_mask_has_is_named(folder):
    masks(folder, 'a.png')
    with pytest.raises(UserError, match='holds no masks .* with names that end in _mask'):
        find(folder, suffix='_mask')


def test_names_in_both_unicode_forms_are_twins(folder):
    masks(folder, *[unicodedata.normalize(form, 'é.png') for form in ('NFC', 'NFD')])
    with pytest.raises(UserError, match='would both become'):
        find(folder)
