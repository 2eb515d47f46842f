"""Photos and masks without a split: where masks are, and what their values mean."""
import os

import numpy as np
import pytest
from export_files import class_colours, class_names, convert, counts, ids, photo, split_of
from image_files import array, save

from Data_zoo.Folder import prepare as folder
from fcn8s.utils.errors import UserError

IDS = [[0, 1, 2, 2], [0, 0, 1, 255]]
CAT, DOG = (220, 60, 20), (20, 60, 220)
CLASSES = 'index,name,red,green,blue\n0,ground,0,0,0\n1,cat,220,60,20\n2,dog,20,60,220\n'


def pair(root, image, mask, rows=IDS):
    """A photo and a mask of 2 x 4 pixels."""
    photo(root / image, 2, 4)
    os.makedirs(os.path.dirname(str(root / mask)), exist_ok=True)
    save(str(root / mask), array(rows))


def two(root, form, rows=IDS):
    """Two pairs in a form such as ('images/{}.jpg', 'masks/{}.png')."""
    for name in 'ab':
        pair(root, form[0].format(name), form[1].format(name), rows)
    return root


FORM = ('images/{}.jpg', 'masks/{}.png')


@pytest.mark.parametrize('form', [FORM, ('images/{}.jpg', 'annotations/{}_mask.png'), ('{}.jpg', '{}_mask.png'),
                                  ('{}.png', '{}_mask.png'), ('{}.jpg', '{}.png'), ('JPEGImages/{}.jpg', 'gt/{}.bmp'),
                                  ('x/images/{}.jpg', 'x/Labels/{}.png')])
def test_masks_are_found(tmp_path, form):
    data = convert(folder, two(tmp_path / 'export', form), tmp_path / 'data')
    assert ids(data, 'a').tolist() == IDS and ids(data, 'b').tolist() == IDS
    assert class_names(data) == ['others', 'class 1', 'class 2']


@pytest.mark.parametrize('form', ['{0}/images/{1}.jpg {0}/masks/{1}.png', 'images/{0}/{1}.jpg masks/{0}/{1}.png'])
def test_split_of_the_folders_is_kept(tmp_path, form):
    for split, name in (('train', 'a'), ('val', 'b')):
        pair(tmp_path / 'export', *form.format(split, name).split())
    data = convert(folder, tmp_path / 'export', tmp_path / 'data')
    assert (split_of(data, 'a'), split_of(data, 'b')) == ('training', 'validation')


def test_black_and_white_masks_are_two_classes(tmp_path):
    data = convert(folder, two(tmp_path / 'export', FORM, [[0, 255, 255, 0]] * 2), tmp_path / 'data')
    assert class_names(data) == ['others', 'object'] and ids(data, 'a').tolist() == [[0, 1, 1, 0]] * 2


def test_soft_edges_are_halved_and_counted(tmp_path, capsys):
    soft = np.concatenate([np.zeros(300), np.arange(0, 256, 12), np.full(300, 250), np.full(300, 255)]).astype(np.uint8)
    root = tmp_path / 'export'
    for name in 'ab':
        photo(root / 'images' / (name + '.jpg'), 1, len(soft))
        os.makedirs(str(root / 'masks'), exist_ok=True)
        save(str(root / 'masks' / (name + '.png')), soft[np.newaxis])
    data = convert(folder, root, tmp_path / 'data')
    assert counts(data, 'a') == {0: 300 + 11, 1: 600 + 11}
    assert 'are neither black nor white: greys below 128 became class 0' in capsys.readouterr().out


def test_colours_of_classes_csv(tmp_path):
    root = two(tmp_path / 'export', FORM, [[(0, 0, 0), CAT, DOG, DOG]] * 2)
    (root / 'classes.csv').write_text(CLASSES)
    data = convert(folder, root, tmp_path / 'data')
    assert ids(data, 'a').tolist() == [[0, 1, 2, 2]] * 2 and class_names(data) == ['ground', 'cat', 'dog']
    assert class_colours(data)[2] == DOG


def test_ids_with_the_names_of_classes_csv(tmp_path):
    (tmp_path / 'classes.csv').write_text(CLASSES)
    arguments = ['--classes', str(tmp_path / 'classes.csv')]
    data = convert(folder, two(tmp_path / 'export', FORM), tmp_path / 'data', *arguments)
    assert ids(data, 'a').tolist() == IDS and class_names(data) == ['ground', 'cat', 'dog']


def test_names_of_roboflows_list(tmp_path):
    for split in ('train', 'valid'):
        pair(tmp_path / 'export', f'{split}/{split}.jpg', f'{split}/{split}_mask.png', [[0, 2, 2, 1]] * 2)
        (tmp_path / 'export' / split / '_classes.csv').write_text('Pixel Value, Class\n0, background\n1, cat\n2, dog\n')
    data = convert(folder, tmp_path / 'export', tmp_path / 'data')
    assert class_names(data) == ['background', 'cat', 'dog'] and ids(data, 'train').tolist() == [[0, 2, 2, 1]] * 2
    assert (split_of(data, 'train'), split_of(data, 'valid')) == ('training', 'validation')


def test_colours_without_names_show_what_to_write(tmp_path):
    with pytest.raises(UserError) as error:
        convert(folder, two(tmp_path / 'export', FORM, [[(0, 0, 0), CAT, CAT, DOG]] * 2), tmp_path / 'data')
    assert '    1,NAME,220,60,20        8 pixels\n    2,NAME,20,60,220        4 pixels' in str(error.value)
    assert '--classes=classes.csv' in str(error.value)


def test_colour_that_no_class_has_is_named(tmp_path):
    root = two(tmp_path / 'export', FORM, [[(0, 0, 0), CAT, DOG, (1, 2, 3)]] * 2)
    (root / 'classes.csv').write_text(CLASSES)
    with pytest.raises(UserError, match=r'2 files alike: .*\(1, 2, 3\)'):
        convert(folder, root, tmp_path / 'data')


GREYS = 'index,name,red,green,blue\n0,ground,0,0,0\n1,cat,100,100,100\n2,dog,200,200,200\n'


def test_greys_made_for_viewing_need_the_classes_that_have_them(tmp_path):
    root = two(tmp_path / 'export', FORM, [[0, 100, 200, 200]] * 2)
    with pytest.raises(UserError, match='looks like a mask made for viewing'):
        convert(folder, root, tmp_path / 'data')
    (root / 'classes.csv').write_text(GREYS)
    assert ids(convert(folder, root, tmp_path / 'data'), 'a').tolist() == [[0, 1, 2, 2]] * 2


def test_id_without_a_class_is_named(tmp_path):
    root = two(tmp_path / 'export', FORM, [[0, 1, 2, 3]] * 2)
    (root / 'classes.csv').write_text(CLASSES)
    with pytest.raises(UserError, match=r'a\.png holds the ids 3, but there are 3 classes'):
        convert(folder, root, tmp_path / 'data')


def test_files_without_a_partner(tmp_path, capsys):
    root = two(tmp_path / 'export', FORM)
    photo(root / 'images' / 'c.jpg', 2, 4)
    convert(folder, root, tmp_path / 'data')
    assert '1 photos have no mask and are left out: c.jpg' in capsys.readouterr().out
    save(str(root / 'masks' / 'd.png'), array(IDS))
    with pytest.raises(UserError, match=r'photos that are missing: 1 \(masks.d\.png\)'):
        convert(folder, root, tmp_path / 'more')


def test_photos_in_another_folder(tmp_path):
    root = two(tmp_path / 'export', FORM)
    os.rename(str(root / 'images'), str(tmp_path / 'photos'))
    data = convert(folder, root, tmp_path / 'data', '--photos', str(tmp_path / 'photos'))
    assert ids(data, 'a').tolist() == IDS


def test_photo_with_two_masks_is_refused(tmp_path):
    root = two(tmp_path / 'export', FORM)
    save(str(root / 'masks' / 'a_mask.png'), array(IDS))
    with pytest.raises(UserError, match=r'a\.jpg has several masks'):
        convert(folder, root, tmp_path / 'data')


def test_folder_without_masks_is_refused(tmp_path):
    photo(tmp_path / 'export' / 'a.jpg')
    with pytest.raises(UserError, match='no photo with a mask was found'):
        convert(folder, tmp_path / 'export', tmp_path / 'data')
