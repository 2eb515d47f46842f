"""Data_zoo.conversion on a source of two images: links, whole folders, and sources that are not as they should be."""
import os

import numpy as np
import pytest
from image_files import array, save
from PIL import Image

from Data_zoo import conversion
from Data_zoo.conversion import Pair, check_counts, files_by_stem, find_root, is_prepared, pair_files, write_layout
from fcn8s.data.annotations import read_annotation
from fcn8s.utils.errors import UserError

COUNTS = {'training': 1, 'validation': 1}


@pytest.fixture
def data_dir(tmp_path):
    return str(tmp_path / 'zoo' / 'data')


@pytest.fixture
def classes_csv(tmp_path):
    path = tmp_path / 'classes.csv'
    path.write_text('index,name,red,green,blue\n0,ground,1,2,3\n1,cat,250,9,8\n')
    return str(path)


@pytest.fixture
def splits(tmp_path):
    """A 2 x 3 pair named 'a b' for training, 'v' for validation."""
    source = tmp_path / 'the source'
    source.mkdir()
    return {split: [Pair(stem, save(str(source / (stem + '.PNG')), np.full((2, 3, 3), 77, np.uint8)),
                         save(str(source / (stem + '_gt.png')), array([[0, 1, 1], [1, 0, 0]])))]
            for split, stem in (('training', 'a b'), ('validation', 'v'))}


def forbid(monkeypatch, *names):
    def refuse(*_):
        raise OSError('not on this system')
    for name in names:
        monkeypatch.setattr(conversion.os, name, refuse)


def test_annotations_become_palette_images_of_the_ids(data_dir, classes_csv, splits):
    write_layout(data_dir, splits, classes_csv, read_annotation)
    with Image.open(os.path.join(data_dir, 'annotations', 'training', 'a b.png')) as image:
        assert image.mode == 'P'
        assert np.array(image).tolist() == [[0, 1, 1], [1, 0, 0]]
        assert image.getpalette()[:6] == [1, 2, 3, 250, 9, 8]


@pytest.mark.parametrize('forbidden', [(), ('link',), ('link', 'symlink')])
def test_image_has_the_bytes_of_the_source_on_any_file_system(data_dir, classes_csv, splits, monkeypatch, forbidden):
    forbid(monkeypatch, *forbidden)
    write_layout(data_dir, splits, classes_csv, read_annotation)
    source, image = splits['training'][0].image, os.path.join(data_dir, 'images', 'training', 'a b.PNG')
    with open(source, 'rb') as expected, open(image, 'rb') as found:
        assert found.read() == expected.read()
    assert os.path.islink(image) == (forbidden == ('link',))
    assert os.path.samefile(source, image) == ('symlink' not in forbidden)


@pytest.mark.skipif(os.name == 'nt', reason='links need a privilege there')
def test_links_to_a_source_given_by_a_relative_path_lead_there(tmp_path, data_dir, classes_csv, splits, monkeypatch):
    forbid(monkeypatch, 'link')
    monkeypatch.chdir(tmp_path)
    relative = {split: [Pair(pair.stem, *(os.path.relpath(path) for path in pair[1:])) for pair in pairs]
                for split, pairs in splits.items()}
    write_layout(data_dir, relative, classes_csv, read_annotation)
    assert os.path.samefile(splits['validation'][0].image, os.path.join(data_dir, 'images', 'validation', 'v.PNG'))


def test_prepared_folder_is_recognized_with_its_counts(data_dir, classes_csv, splits, capsys):
    write_layout(data_dir, splits, classes_csv, read_annotation)
    assert is_prepared(data_dir, {'training': 1, 'validation': 9})
    out = capsys.readouterr().out
    assert 'training: 1 pairs, complete' in out and 'validation: 1 pairs, the whole set has 9' in out


def test_missing_and_empty_folder_are_not_prepared(data_dir):
    assert not is_prepared(data_dir, COUNTS)
    os.makedirs(data_dir)
    assert not is_prepared(data_dir, COUNTS)


def test_folder_with_something_else_is_an_error_and_stays(data_dir):
    os.makedirs(os.path.join(data_dir, 'images', 'training'))
    with pytest.raises(UserError, match='Move it away'):
        is_prepared(data_dir, COUNTS)
    assert os.listdir(data_dir) == ['images']


def test_size_mismatch_names_both_files_and_leaves_nothing(data_dir, classes_csv, splits):
    save(splits['validation'][0].annotation, np.zeros((3, 2), np.uint8))
    with pytest.raises(UserError, match=r'v\.PNG has 2 x 3 .*v_gt\.png has 3 x 2'):
        write_layout(data_dir, splits, classes_csv, read_annotation)
    assert os.listdir(os.path.dirname(data_dir)) == []


def test_leavings_of_a_killed_run_are_noted_and_do_not_hinder(data_dir, classes_csv, splits, capsys):
    leaving = data_dir + '.unfinished-x1'
    os.makedirs(os.path.join(leaving, 'data', 'images'))
    write_layout(data_dir, splits, classes_csv, read_annotation)
    assert is_prepared(data_dir, COUNTS)
    assert f'note: {leaving} is from a run' in capsys.readouterr().out
    assert os.path.isdir(leaving)


def test_target_that_cannot_be_written_is_a_user_error(tmp_path, classes_csv, splits):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot be written'):
        write_layout(str(tmp_path / 'file' / 'data'), splits, classes_csv, read_annotation)


def test_source_is_found_one_folder_down(tmp_path):
    (tmp_path / 'unpacked' / 'train').mkdir(parents=True)
    (tmp_path / 'unpacked' / 'val').mkdir()
    assert find_root(str(tmp_path), [('other',), ('train', 'val')], '') == str(tmp_path / 'unpacked')


def test_wrong_source_is_explained(tmp_path):
    (tmp_path / 'somewhere').mkdir()
    with pytest.raises(UserError, match='holds somewhere; expected the folders train and val, .*Get it'):
        find_root(str(tmp_path), [('train', 'val')], 'Get it there.')
    with pytest.raises(UserError, match='no such folder. Get it'):
        find_root(str(tmp_path / 'none'), [('train', 'val')], 'Get it there.')


def test_files_are_found_by_suffix_whatever_its_case(tmp_path):
    for name in ('a b_Gt.PNG', 'c_gt.png', 'd.png', '._e_gt.png'):
        (tmp_path / name).write_text('')
    assert files_by_stem(str(tmp_path), '_Gt.png') == {'a b': str(tmp_path / 'a b_Gt.PNG'),
                                                       'c': str(tmp_path / 'c_gt.png')}


@pytest.mark.skipif(os.name == 'nt', reason='such names cannot exist there')
def test_name_with_a_line_break_is_refused(tmp_path):
    (tmp_path / 'a\nb.png').write_text('')
    with pytest.raises(UserError, match=r"a\\nb\.png'.*Rename"):
        files_by_stem(str(tmp_path), '.png')


@pytest.mark.skipif(os.name == 'nt', reason='links need a privilege there')
def test_link_in_the_source_is_not_followed(tmp_path):
    (tmp_path / 'outside').write_text('secret')
    (tmp_path / 'source').mkdir()
    (tmp_path / 'source' / 'a.png').symlink_to(tmp_path / 'outside')
    with pytest.raises(UserError, match=r'a\.png is a link'):
        files_by_stem(str(tmp_path / 'source'), '.png')


@pytest.mark.parametrize('images, annotations', [({'a': 'a.png', 'b': 'b.png'}, {'a': 'a_gt.png'}),
                                                 ({'a': 'a.png'}, {'a': 'a_gt.png', 'b': 'b.png'})])
def test_file_without_partner_is_named_unless_partial(images, annotations):
    with pytest.raises(UserError, match=r'1 files have no partner.*: b\.png\..*--partial'):
        pair_files(images, annotations)
    assert pair_files(images, annotations, partial=True) == [Pair('a', 'a.png', 'a_gt.png')]


def test_wrong_count_is_an_error_unless_partial(splits, capsys):
    counts = {'training': 1, 'validation': 2}
    with pytest.raises(UserError, match='validation: 1 pairs, the whole set has 2.*--partial'):
        check_counts(splits, counts)
    check_counts(splits, counts, partial=True)
    assert 'training: 1 pairs, complete' in capsys.readouterr().out


def test_empty_split_is_an_error_even_if_partial(splits):
    splits['validation'] = []
    with pytest.raises(UserError, match='validation: 0 pairs'):
        check_counts(splits, COUNTS, partial=True)
