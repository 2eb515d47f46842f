"""YOLO's text files of polygons."""
import sys

import numpy as np
import pytest
from export_files import class_names, convert, counts, ids, photo, split_of
from matplotlib.path import Path

from Data_zoo.YOLO import prepare as yolo
from fcn8s.utils.errors import UserError

SQUARE = '0.2 0.125 0.6 0.125 0.6 0.5 0.2 0.5'  # 4 x 3 of 10 x 8 pixels
WHOLE = '0 0 1 0 1 1 0 1'


def label(folder, name, *lines, kind=''):
    """images/KIND/NAME.jpg of 10 x 8 pixels and labels/KIND/NAME.txt."""
    photo(folder / 'images' / kind / (name + '.jpg'))
    (folder / 'labels' / kind).mkdir(parents=True, exist_ok=True)
    (folder / 'labels' / kind / (name + '.txt')).write_text(''.join(line + '\n' for line in lines))


@pytest.fixture
def export(tmp_path):
    """A folder with classes.txt and a photo b with a square cat."""
    label(tmp_path / 'export', 'b', '0 ' + SQUARE)
    (tmp_path / 'export' / 'classes.txt').write_text('cat\ndog\n')
    return tmp_path / 'export'


def test_outline_has_the_pixels_whose_centres_are_inside(tmp_path, export):
    points = np.array([[.11, .08], [.93, .3], [.42, .97]])
    label(export, 'a', '1 ' + ' '.join(map(str, points.ravel())))
    data = convert(yolo, export, tmp_path / 'data')
    x, y = np.meshgrid(np.arange(10) + .5, np.arange(8) + .5)
    inside = Path(points * (10, 8)).contains_points(np.stack([x.ravel(), y.ravel()], 1)).reshape(8, 10)
    assert np.array_equal(ids(data, 'a'), 2 * inside)
    assert counts(data, 'b') == {0: 68, 1: 12} and class_names(data) == ['others', 'cat', 'dog']


@pytest.mark.parametrize('lines', [('1 ' + WHOLE, '0 ' + SQUARE), ('0 ' + SQUARE, '1 ' + WHOLE)])
def test_smaller_objects_cover_larger_ones(tmp_path, export, lines):
    label(export, 'a', *lines)
    assert counts(convert(yolo, export, tmp_path / 'data'), 'a') == {2: 68, 1: 12}


def test_photo_without_a_text_file_has_no_objects(tmp_path, export):
    photo(export / 'images' / 'a.jpg')
    assert counts(convert(yolo, export, tmp_path / 'data'), 'a') == {0: 80}


@pytest.mark.parametrize('form', ['images/train', 'train/images'])
def test_split_of_the_folders_is_kept(tmp_path, form):
    for split, name in (('train', 'a'), ('valid', 'b')):
        folder = tmp_path / 'export' / form.replace('train', split)
        photo(folder / (name + '.jpg'))
        labels = tmp_path / 'export' / form.replace('train', split).replace('images', 'labels')
        labels.mkdir(parents=True)
        (labels / (name + '.txt')).write_text('0 ' + SQUARE)
    (tmp_path / 'export' / 'classes.txt').write_text('cat\n')
    data = convert(yolo, tmp_path / 'export', tmp_path / 'data')
    assert (split_of(data, 'a'), split_of(data, 'b')) == ('training', 'validation')
    assert counts(data, 'a') == {0: 68, 1: 12}


def test_boxes_are_left_out_and_counted(tmp_path, export, capsys):
    label(export, 'a', '0 0.5 0.5 0.2 0.2', '', '0 ' + SQUARE)
    assert counts(convert(yolo, export, tmp_path / 'data'), 'a') == {0: 68, 1: 12}
    assert '1 boxes' in capsys.readouterr().out


def test_outline_beyond_the_edge_is_cut(tmp_path, export):
    label(export, 'a', '0 -0.2 -0.25 0.2 -0.25 0.2 0.25 -0.2 0.25')
    assert counts(convert(yolo, export, tmp_path / 'data'), 'a') == {0: 76, 1: 4}


def test_turned_photo_is_labelled_upright(tmp_path, export):
    label(export, 'a', '0 0 0 1 0 1 0.1 0 0.1')
    photo(export / 'images' / 'a.jpg', 8, 10, orientation=6)
    found = ids(convert(yolo, export, tmp_path / 'data'), 'a')
    assert found.shape == (10, 8) and found[0].all() and not found[1:].any()


@pytest.mark.parametrize('line, message', [
    ('2 ' + SQUARE, 'line 1: the class 2 has no name'), ('0 2 1 6 1 6 4 2 4', 'line 1: expected shares .* found 6'),
    ('0 0.1 0.2 0.3 0.4 0.5 0.6 0.7', 'not as the tool writes it'), ('x 1 2', 'not as the tool writes it')])
def test_line_of_another_form_is_named(tmp_path, export, line, message):
    label(export, 'a', line)
    with pytest.raises(UserError, match=message):
        convert(yolo, export, tmp_path / 'data')


def test_label_without_a_photo_is_named(tmp_path, export):
    (export / 'labels' / 'a.txt').write_text('0 ' + SQUARE)
    with pytest.raises(UserError, match=r'photos that are missing: 1 \(labels.a\)'):
        convert(yolo, export, tmp_path / 'data')


def test_other_texts_are_no_labels(tmp_path, export):
    photo(export / 'images' / 'a.jpg')
    (export / 'licence.txt').write_text('Do as you like.')
    assert counts(convert(yolo, export, tmp_path / 'data'), 'b') == {0: 68, 1: 12}


def test_photos_in_another_folder(tmp_path, export):
    (export / 'images').rename(tmp_path / 'photos')
    photo(tmp_path / 'photos' / 'a.jpg')
    data = convert(yolo, export, tmp_path / 'data', '--photos', str(tmp_path / 'photos'))
    assert counts(data, 'b') == {0: 68, 1: 12}


def test_export_without_names_says_what_to_write(tmp_path, export):
    (export / 'classes.txt').unlink()
    with pytest.raises(UserError, match='names no classes: .* classes.txt with one name per line'):
        convert(yolo, export, tmp_path / 'data')


@pytest.mark.parametrize('names', ['names: [кошка, dog]', 'names:\n- кошка\n- dog', 'names:\n  1: dog\n  0: кошка'])
def test_names_of_data_yaml(tmp_path, export, names):
    pytest.importorskip('yaml')
    photo(export / 'images' / 'a.jpg')
    (export / 'data.yaml').write_text(f'train: ../train/images\nnc: 2\n{names}\n', encoding='utf-8')
    assert class_names(convert(yolo, export, tmp_path / 'data')) == ['others', 'кошка', 'dog']


def test_missing_yaml_is_named_with_a_way_out(tmp_path, export, monkeypatch):
    monkeypatch.setitem(sys.modules, 'yaml', None)
    (export / 'data.yaml').write_text('names: [cat]')
    with pytest.raises(UserError, match='yaml is needed .*classes.txt.* pip install -r .*requirements-annotations.txt'):
        convert(yolo, export, tmp_path / 'data')
