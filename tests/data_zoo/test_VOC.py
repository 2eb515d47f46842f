"""VOC's folders: palette masks with a border, colour masks with CVAT's labelmap.txt, lists of splits."""
import os

import numpy as np
import pytest
from export_files import class_colours, class_names, convert, counts, ids, photo, split_of
from image_files import array, save
from PIL import Image

from Data_zoo.VOC import prepare as voc
from fcn8s.data.classes import generic_classes
from fcn8s.utils.errors import UserError
from fcn8s.visualize import palette, palette_image

LABELMAP = '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:220,60,20::\ndog:20,60,220::\n'
MASK = [[0, 15, 15, 255], [0, 0, 255, 8]]


def save_mask(folder, name, rows, kind='SegmentationClass'):
    """A palette mask as VOC has it, with the colours of its devkit, of which 255 is 224,224,192."""
    os.makedirs(str(folder / kind), exist_ok=True)
    palette_image(array(rows), palette(generic_classes(256))).save(str(folder / kind / (name + '.png')))


def save_colours(folder, name, rows):
    os.makedirs(str(folder / 'SegmentationClass'), exist_ok=True)
    save(str(folder / 'SegmentationClass' / (name + '.png')), array(rows))


def save_list(folder, name, *names):
    (folder / 'ImageSets' / 'Segmentation').mkdir(parents=True, exist_ok=True)
    (folder / 'ImageSets' / 'Segmentation' / (name + '.txt')).write_text(''.join(f'{name}\n' for name in names))


@pytest.fixture
def export(tmp_path):
    """Photos a and b of 2 x 4 pixels, without masks."""
    for name in 'ab':
        photo(tmp_path / 'export' / 'JPEGImages' / (name + '.jpg'), 2, 4)
    return tmp_path / 'export'


def test_palette_indices_and_borders_of_voc_are_kept(tmp_path, export, capsys):
    save_mask(export, 'a', MASK)
    save_mask(export, 'b', MASK)
    data = convert(voc, export, tmp_path / 'data')
    assert ids(data, 'a').tolist() == MASK
    assert class_names(data)[15] == 'person' and class_names(data)[8] == 'cat' and len(class_names(data)) == 21
    assert class_colours(data)[15] == (192, 128, 128)
    assert '--data_dir' in capsys.readouterr().out.split('--ignore_label=255')[1]


def test_devkit_is_found_two_folders_down_and_its_lists_are_kept(tmp_path):
    root = tmp_path / 'export' / 'VOCdevkit' / 'VOC2012'
    for name in 'abc':
        photo(root / 'JPEGImages' / (name + '.jpg'), 2, 4)
        save_mask(root, name, MASK)
    save_list(root, 'train', 'b')
    save_list(root, 'val', 'a', 'c')
    save_list(root, 'trainval', 'a', 'b', 'c')
    data = convert(voc, tmp_path / 'export', tmp_path / 'data')
    assert [split_of(data, name) for name in 'abc'] == ['validation', 'training', 'validation']


def test_colours_of_cvats_labelmap_count(tmp_path, export):
    (export / 'labelmap.txt').write_text(LABELMAP)
    rows = [[(0, 0, 0), (20, 60, 220), (20, 60, 220), (220, 60, 20)], [(224, 224, 192)] * 4]
    save_colours(export, 'a', rows)
    save_mask(export, 'b', np.zeros((2, 4)))
    save_list(export, 'default', 'a', 'b', 'c')
    data = convert(voc, export, tmp_path / 'data')
    assert ids(data, 'a').tolist() == [[0, 2, 2, 1], [255] * 4]
    assert class_names(data) == ['background', 'cat', 'dog'] and class_colours(data)[2] == (20, 60, 220)


def test_background_may_be_anywhere_in_the_labelmap(tmp_path, export):
    (export / 'labelmap.txt').write_text('cat:220,60,20::\nbackground:0,0,0::\n')
    for name in 'ab':
        save_colours(export, name, [[(220, 60, 20)] * 4, [(0, 0, 0)] * 4])
    assert ids(convert(voc, export, tmp_path / 'data'), 'a').tolist() == [[1] * 4, [0] * 4]


def test_labels_without_colours_have_those_of_voc(tmp_path, export):
    (export / 'labelmap.txt').write_text('background:::\ncat:::\n')
    for name in 'ab':
        save_colours(export, name, [[(128, 0, 0)] * 4, [(0, 0, 0)] * 4])
    assert counts(convert(voc, export, tmp_path / 'data'), 'a') == {0: 4, 1: 4}


@pytest.mark.parametrize('line', ['cat', 'cat:1,2::', 'cat:1,2,256::', ':1,2,3::'])
def test_line_of_labelmap_of_another_form_is_named(tmp_path, export, line):
    (export / 'labelmap.txt').write_text('background:0,0,0::\n' + line)
    save_mask(export, 'a', MASK)
    with pytest.raises(UserError, match='labelmap.txt, class 1: expected name:red,green,blue'):
        convert(voc, export, tmp_path / 'data')


def test_colour_that_no_label_has_is_named(tmp_path, export):
    (export / 'labelmap.txt').write_text(LABELMAP)
    save_colours(export, 'a', [[(1, 2, 3)] * 4] * 2)
    with pytest.raises(UserError, match=r'a\.png holds colours .*\(1, 2, 3\) in 8 pixels'):
        convert(voc, export, tmp_path / 'data')


def test_labelmes_form_of_voc(tmp_path, export):
    (export / 'class_names.txt').write_text('_background_\ncat\n')
    for name in 'ab':
        save_mask(export, name, [[0, 1, 1, 255]] * 2, 'SegmentationClassPNG')
    data = convert(voc, export, tmp_path / 'data')
    assert class_names(data) == ['_background_', 'cat'] and counts(data, 'a') == {0: 2, 1: 4, 255: 2}


def test_id_without_a_name_is_refused(tmp_path, export):
    save_mask(export, 'a', [[21] * 4] * 2)
    with pytest.raises(UserError, match=r'a\.png holds the ids 21'):
        convert(voc, export, tmp_path / 'data')


def test_mask_of_another_size_is_named(tmp_path, export):
    save_mask(export, 'a', [[1]])
    with pytest.raises(UserError, match=r'a\.jpg has 2 x 4 .* but its mask 1 x 1'):
        convert(voc, export, tmp_path / 'data')


def test_mask_drawn_on_the_stored_pixels_is_turned(tmp_path, export):
    photo(export / 'JPEGImages' / 'a.jpg', 2, 4, orientation=6)
    save_mask(export, 'a', [[1, 2, 3, 4], [5, 6, 7, 8]])
    save_mask(export, 'b', MASK)
    assert ids(convert(voc, export, tmp_path / 'data'), 'a').tolist() == [[5, 1], [6, 2], [7, 3], [8, 4]]


def test_photos_that_cvat_did_not_save(tmp_path, export):
    os.rename(str(export / 'JPEGImages'), str(tmp_path / 'photos'))
    save_mask(export, 'a', MASK)
    save_mask(export, 'b', MASK)
    with pytest.raises(UserError, match=r'photos that are missing: 2 \(a, b\).*--photos=DIR'):
        convert(voc, export, tmp_path / 'data')
    assert ids(convert(voc, export, tmp_path / 'data', '--photos', str(tmp_path / 'photos')), 'a').tolist() == MASK


def test_folder_of_another_form_is_refused(tmp_path, export):
    with pytest.raises(UserError, match='holds no folder SegmentationClass'):
        convert(voc, export, tmp_path / 'data')


def test_annotations_are_palette_pictures(tmp_path, export):
    save_mask(export, 'a', MASK)
    save_mask(export, 'b', MASK)
    data = convert(voc, export, tmp_path / 'data')
    with Image.open(os.path.join(data, 'annotations', split_of(data, 'a'), 'a.png')) as image:
        assert image.mode == 'P'
