"""LabelMe's JSON files, one beside each photo."""
import base64
import io

import numpy as np
import pytest
from export_files import SQUARE, annotate, class_names, convert, counts, ids, photo, shape, write_json
from matplotlib.path import Path
from PIL import Image

from Data_zoo.LabelMe import prepare as labelme
from fcn8s.utils.errors import UserError


@pytest.fixture
def export(tmp_path):
    """Photos a, without objects of interest, and b, with a cat."""
    annotate(tmp_path / 'export', 'b', shape('cat', SQUARE))
    return tmp_path / 'export'


def test_polygon_has_the_pixels_whose_centres_are_inside(tmp_path, export):
    annotate(export, 'a', shape('cat', [[1.2, .8], [8.9, 2.1], [3.4, 7.7]]))
    data = convert(labelme, export, tmp_path / 'data')
    x, y = np.meshgrid(np.arange(10) + .5, np.arange(8) + .5)
    inside = Path([[1.2, .8], [8.9, 2.1], [3.4, 7.7]]).contains_points(np.stack([x.ravel(), y.ravel()], 1))
    assert np.array_equal(ids(data, 'a').ravel(), inside)
    assert counts(data, 'b') == {0: 68, 1: 12}


def test_later_objects_cover_earlier_ones(tmp_path, export):
    annotate(export, 'a', shape('cat', SQUARE), shape('dog', [[5, 1], [9, 1], [9, 4], [5, 4]]))
    assert counts(convert(labelme, export, tmp_path / 'data'), 'a') == {0: 80 - 21, 1: 9, 2: 12}


def test_rectangle_circle_and_mask(tmp_path, export):
    mask = io.BytesIO()
    Image.fromarray(np.array([[0, 255], [255, 255]], np.uint8)).save(mask, 'PNG')
    annotate(export, 'a', shape('rectangle', [[6, 4], [2, 1]], 'rectangle'),
             shape('circle', [[8, 6], [9, 6]], 'circle'),
             shape('mask', [[0, 6], [1, 7]], 'mask', mask=base64.b64encode(mask.getvalue()).decode()))
    data = convert(labelme, export, tmp_path / 'data')
    assert class_names(data) == ['others', 'cat', 'circle', 'mask', 'rectangle']
    assert counts(data, 'a') == {0: 80 - 12 - 4 - 3, 4: 12, 2: 4, 3: 3}
    assert ids(data, 'a')[6:, :2].tolist() == [[0, 3], [3, 3]]


def test_lines_and_points_are_counted_and_left_out(tmp_path, export, capsys):
    annotate(export, 'a', shape('cat', SQUARE), shape('pole', [[0, 0], [5, 5]], 'line'),
             shape('eye', [[1, 1]], 'point'))
    assert class_names(convert(labelme, export, tmp_path / 'data')) == ['others', 'cat']
    assert 'left out: 1 lines, 1 points' in capsys.readouterr().out


def test_labels_txt_numbers_the_classes(tmp_path, export):
    (export / 'labels.txt').write_text('__ignore__\n_background_\ndog\ncat\n')
    annotate(export, 'a', shape('cat', SQUARE), shape('_background_', [[2, 1], [4, 1], [4, 4], [2, 4]]),
             shape('__ignore__', [[0, 0], [2, 0], [2, 1], [0, 1]]))
    data = convert(labelme, export, tmp_path / 'data')
    assert class_names(data) == ['_background_', 'dog', 'cat']
    assert counts(data, 'a') == {0: 80 - 6 - 2, 2: 6, 255: 2}


def test_ignored_pixels_are_in_the_next_command(tmp_path, export, capsys):
    annotate(export, 'a', shape('__ignore__', SQUARE))
    convert(labelme, export, tmp_path / 'data')
    assert '--ignore_label=255 --learning_rate' in capsys.readouterr().out


def test_names_of_any_script(tmp_path, export):
    annotate(export, 'cafe\u0301 猫', shape('ко\u0448ка', SQUARE))
    data = convert(labelme, export, tmp_path / 'data')
    assert class_names(data) == ['others', 'cat', 'кошка']
    assert counts(data, 'cafe\u0301 猫') == {0: 68, 2: 12}


def test_photo_named_by_a_windows_path_is_found(tmp_path, export):
    content = {'shapes': [shape('cat', SQUARE)], 'imagePath': '..\\photos\\c.jpg', 'imageHeight': 8, 'imageWidth': 10}
    write_json(export / 'json' / 'c.json', content)
    photo(export / 'photos' / 'c.jpg')
    assert counts(convert(labelme, export, tmp_path / 'data'), 'c') == {0: 68, 1: 12}


def test_photo_that_exif_turns_is_annotated_upright(tmp_path, export):
    photo(export / 'a.jpg', 8, 10, orientation=6)
    write_json(export / 'a.json', {'shapes': [shape('cat', [[0, 0], [8, 0], [8, 1], [0, 1]])], 'imagePath': 'a.jpg',
                                   'imageHeight': 10, 'imageWidth': 8})
    found = ids(convert(labelme, export, tmp_path / 'data'), 'a')
    assert found.shape == (10, 8) and found[0].all() and not found[1:].any()


def test_annotation_of_the_stored_pixels_is_turned(tmp_path, export, capsys):
    photo(export / 'a.jpg', 8, 10, orientation=6)
    write_json(export / 'a.json', {'shapes': [shape('cat', [[0, 0], [10, 0], [10, 1], [0, 1]])], 'imagePath': 'a.jpg',
                                   'imageHeight': 8, 'imageWidth': 10})
    found = ids(convert(labelme, export, tmp_path / 'data'), 'a')
    assert found.shape == (10, 8) and found[:, 7].all() and not found[:, :7].any()
    assert '1 photos that EXIF turns have the size of their stored pixels' in capsys.readouterr().out


@pytest.mark.parametrize('ending', ['jpg', 'png'])
def test_missing_photo_is_taken_out_of_its_json(tmp_path, export, capsys, ending):
    picture = io.BytesIO()
    Image.new('RGB', (10, 8), (9, 9, 9)).save(picture, {'jpg': 'JPEG', 'png': 'PNG'}[ending])
    write_json(export / 'a.json', {'shapes': [shape('cat', SQUARE)], 'imagePath': '..\\a.' + ending, 'imageHeight': 8,
                                   'imageWidth': 10, 'imageData': base64.b64encode(picture.getvalue()).decode()})
    data = convert(labelme, export, tmp_path / 'data')
    assert counts(data, 'a') == {0: 68, 1: 12}
    [path] = (tmp_path / 'data' / 'images').glob('*/a.' + ending)
    assert path.read_bytes() == picture.getvalue() and not path.is_symlink()
    assert "1 photos as copies out of the tool's files" in capsys.readouterr().out


def test_photo_in_a_json_that_is_none_is_named(tmp_path, export):
    write_json(export / 'a.json', {'shapes': [], 'imagePath': 'a.jpg', 'imageData': 'QUJD'})
    with pytest.raises(UserError, match='a.json: .*the photo in it is neither JPEG nor PNG'):
        convert(labelme, export, tmp_path / 'data')


def test_photo_whose_size_cannot_tell_is_noted(tmp_path, export, capsys):
    annotate(export, 'a', shape('cat', SQUARE), orientation=3)
    assert ids(convert(labelme, export, tmp_path / 'data'), 'a')[1:4, 2:6].all()
    assert 'EXIF turns 1 photos in a way that no size shows' in capsys.readouterr().out


def test_missing_photos_are_one_line_with_three_names(tmp_path, export):
    for name in 'cdef':
        annotate(export, name, shape('cat', SQUARE))
        (export / (name + '.jpg')).unlink()
    with pytest.raises(UserError) as error:
        convert(labelme, export, tmp_path / 'data')
    lines = str(error.value).splitlines()
    assert len(lines) == 2 and '--photos=DIR' in lines[0] and '--partial' in lines[1]
    assert lines[0].startswith('photos that are missing: 4 (export/c.jpg, export/d.jpg, export/e.jpg and 1 more). ')
    assert not (tmp_path / 'data').exists()


def test_partial_leaves_missing_photos_out(tmp_path, export, capsys):
    annotate(export, 'a', shape('cat', SQUARE))
    annotate(export, 'c', shape('cat', SQUARE))
    (export / 'c.jpg').unlink()
    assert counts(convert(labelme, export, tmp_path / 'data', '--partial'), 'a') == {0: 68, 1: 12}
    assert 'left out: ' in capsys.readouterr().out


def test_photo_of_another_size_is_named(tmp_path, export):
    annotate(export, 'a', shape('cat', SQUARE))
    photo(export / 'a.jpg', 16, 20)
    with pytest.raises(UserError, match=r'a\.jpg has 16 x 20 pixels .* export says 8 x 10'):
        convert(labelme, export, tmp_path / 'data')


ONE = '{"shapes": [{"label": "x", "points": [[0, 1]], "shape_type": "star"}], "imagePath": "b.jpg"}'


@pytest.mark.parametrize('content, message', [
    ('{"shapes": [', 'a.json cannot be read as JSON'), (ONE, 'unknown type star'),
    ('{"shapes": [{}]}', "not as the tool writes it: KeyError: 'label'"),
    (ONE.replace('star', 'polygon').replace('[0, 1]', '[0]'), 'cannot be drawn')])
def test_damaged_file_is_named(tmp_path, export, content, message):
    (export / 'b.json').unlink()
    (export / 'a.json').write_text(content)
    with pytest.raises(UserError, match=message):
        convert(labelme, export, tmp_path / 'data')


def test_folder_without_labelme_files_is_refused(tmp_path):
    write_json(tmp_path / 'export' / 'a.json', [1])
    with pytest.raises(UserError, match='no JSON file of LabelMe'):
        convert(labelme, tmp_path / 'export', tmp_path / 'data')
