import os

import numpy as np
import pytest

import read_data
from fcn8s.data.annotations import check_ids
from fcn8s.utils.errors import DataError
from read_data import read_dataset


def make(folder, *names):
    """Empty files of these names; read_dataset opens none of them."""
    for name in names:
        path = os.path.join(str(folder), *name.split('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb'):
            pass
    return str(folder)


def names_of(dataset):
    return [tuple(os.path.basename(path) for path in record) for record in dataset.records]


def test_pairs_come_sorted_by_stem_from_their_split(tmp_path):
    folder = make(tmp_path, 'images/training/b.png', 'images/training/a.jpg', 'annotations/training/a.png',
                  'annotations/training/b.png', 'images/validation/v.jpg', 'annotations/validation/v.png')
    dataset = read_dataset(folder, 'training', num_classes=2)
    assert names_of(dataset) == [('a.jpg', 'a.png'), ('b.png', 'b.png')]
    assert dataset.records[0].image == os.path.join(folder, 'images', 'training', 'a.jpg')
    assert len(dataset.classes) == 2


def test_spaces_letters_and_cases_in_names_are_kept(tmp_path):
    folder = make(tmp_path, 'images/training/ein Straße.v2.JPG', 'annotations/training/ein Straße.v2.PNG')
    assert names_of(read_dataset(folder, 'training', 1)) == [('ein Straße.v2.JPG', 'ein Straße.v2.PNG')]


def test_composed_and_decomposed_letters_are_one_name(tmp_path):
    folder = make(tmp_path, 'images/training/\u00e9.jpg', 'annotations/training/e\u0301.png')
    assert len(read_dataset(folder, 'training', 1).records) == 1


def test_hidden_and_other_files_are_no_orphans(tmp_path):
    folder = make(tmp_path, 'images/training/a.jpg', 'images/training/._a.jpg', 'images/training/Thumbs.db',
                  'annotations/training/a.png', 'annotations/training/.a.png')
    assert len(read_dataset(folder, 'training', 1).records) == 1


def test_linked_folders_and_files_are_followed(tmp_path):
    make(tmp_path / 'real', 'images/training/a.jpg', 'annotations/training/a.png')
    linked = tmp_path / 'linked'
    (linked / 'images' / 'training').mkdir(parents=True)
    os.symlink(str(tmp_path / 'real' / 'annotations'), str(linked / 'annotations'))
    os.symlink(str(tmp_path / 'real' / 'images' / 'training' / 'a.jpg'), str(linked / 'images' / 'training' / 'a.jpg'))
    assert len(read_dataset(str(linked), 'training', 1).records) == 1


def test_files_without_partner_are_counted_and_named(tmp_path):
    pairs = ['images/training/a.jpg', 'annotations/training/a.png']
    alone = [f'images/training/i{n}.jpg' for n in range(7)] + ['annotations/training/x.png']
    with pytest.raises(DataError) as caught:
        read_dataset(make(tmp_path, *pairs + alone), 'training', 1)
    message = str(caught.value)
    assert '7 images with no annotation' in message
    assert all(os.path.join('training', f'i{n}.jpg') in message for n in range(5)) and 'i4.jpg and 2 more' in message
    assert '1 annotation with no image' in message
    assert 'x.png' in message


@pytest.mark.parametrize('twin', ['images/training/a.png', 'annotations/training/a.PNG'])
def test_two_files_of_one_name_are_refused(tmp_path, twin):
    folder = make(tmp_path, 'images/training/a.jpg', 'annotations/training/a.png', twin)
    with pytest.raises(DataError) as caught:
        read_dataset(folder, 'training', 1)
    assert os.path.join(folder, *twin.split('/')) in str(caught.value)


@pytest.mark.parametrize('found, words', [
    ([], ['images/training', 'No such file']),
    (['images/training/a.jpg'], ['annotations', 'No such file']),
    (['images/training/a.jpg', 'annotations/training/a_mask.png'], ['a.jpg', 'a_mask.png']),
    (['images/training/a.jpg', 'annotations/training/a_ids.jpg', 'annotations/training/b.JPEG'],
     ['save the 2 JPEG files of', 'annotations/training, such as a_ids.jpg, as PNG', 'changes ids', '--nearest']),
    (['images/training/a.jpg', 'annotations/training/a_ids.gif'], ['save the 1 GIF files of', 'renumber its colours']),
    (['images/train/a.jpg', 'annotations/train/a.png'], ['Convert it: python Data_zoo/Folder/prepare.py']),
    (['images/a.jpg', 'annotations/a.png'], ['Convert it: python Data_zoo/Folder/prepare.py']),
    (['images/a.jpg'], ['there are no masks. Label photos with a tool']),
    (['ADE/images/training/a.jpg', 'ADE/annotations/training/a.png'], ['Fix: give', '/ADE instead']),
    (['images/training/a/abbey/a.jpg', 'images/training/a/abbey/a_seg.png', 'annotations/training/x.txt'],
     ['full ADE20K', 'ADEChallengeData2016.zip']),
    (['images/ADE/training/cultural/abbey/a.jpg', 'images/ADE/training/cultural/abbey/a_seg.png'], ['full ADE20K']),
])
def test_folder_without_pairs_is_explained(tmp_path, found, words):
    with pytest.raises(DataError) as caught:
        read_dataset(make(tmp_path / 'DATA', *found), 'training', 1)
    message = str(caught.value).replace(os.sep, '/')
    assert 'DIR/annotations/training/NAME.png' in message  # the layout expected
    for word in words:
        assert word in message


def test_missing_folder_is_explained(tmp_path):
    with pytest.raises(DataError, match='nowhere: No such file'):
        read_dataset(str(tmp_path / 'nowhere'), 'training', 1)


def test_long_folders_are_shown_by_their_first_names(tmp_path):
    folder = make(tmp_path, *[f'images/training/{n:02}.gif' for n in range(30)])
    with pytest.raises(DataError, match=r'05\.gif and 24 more'):
        read_dataset(folder, 'training', 1)


@pytest.mark.parametrize('values, num_classes, ignore_label', [
    ([0, 4], 5, None), ([0, 255], 256, None), ([0, 255], 2, 255), ([7, 0], 7, 7), ([], 3, None), ([1], 2, -1)])
def test_ids_that_are_classes_or_ignored_pass(values, num_classes, ignore_label):
    check_ids(np.array([values], np.uint8), num_classes, ignore_label, 'a.png')


@pytest.mark.parametrize('ignore_label, found', [(None, '5, 9, 255;'), (255, '5, 9;'), (-1, '5, 9, 255;')])
def test_other_ids_name_file_values_range_and_fix(ignore_label, found):
    with pytest.raises(DataError) as caught:
        check_ids(np.array([[9, 255, 0], [5, 9, 4]], np.uint8), 5, ignore_label, 'a.png')
    for word in ('a.png', found, '0 to 4', '--num_classes', '--ignore_label'):
        assert word in str(caught.value)


@pytest.mark.parametrize('values', [[0, 255], [255, 255]])
def test_black_and_white_mask_is_told_and_how_it_becomes_ids(values):
    with pytest.raises(DataError, match='^a.png holds 0 and 255 only.*colour_masks.py MASKS classes.csv IDS '
                                        '--threshold=128.*Only if .*--ignore_label=255'):
        check_ids(np.array([values], np.uint8), 2, None, 'a.png')


def test_border_around_a_class_is_no_black_and_white_mask():
    with pytest.raises(DataError, match='holds the ids 255;.*--ignore_label=255'):
        check_ids(np.array([[0, 1, 255]], np.uint8), 2, None, 'a.png')


def test_many_wrong_ids_are_cut_short():
    with pytest.raises(DataError, match='ids 10, 11, 12, 13, 14 and 15 more'):
        check_ids(np.arange(30, dtype=np.uint8), 10, None, 'a.png')


def test_help_needs_neither_folder_nor_images(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['read_data.py', '--help'])
    with pytest.raises(SystemExit) as caught:
        read_data.main()
    assert caught.value.code == 0
    assert '--ignore_label' in capsys.readouterr().out
