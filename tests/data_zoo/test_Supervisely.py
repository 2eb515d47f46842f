"""Supervisely's projects: meta.json, bitmaps, polygons with holes."""
import base64
import io
import zlib

import numpy as np
import pytest
from export_files import class_colours, class_names, convert, counts, ids, photo, split_of, write_json
from PIL import Image

from Data_zoo.Supervisely import prepare as supervisely
from fcn8s.utils.errors import UserError

META = {'classes': [{'title': 'cat', 'shape': 'any', 'color': '#DC3C14', 'geometry_config': {}, 'id': 1},
                    {'title': 'dog', 'shape': 'bitmap', 'color': '#143CDC'}], 'tags': [], 'projectType': 'images'}


def thing(title, kind, **geometry):
    return {'id': 1, 'classTitle': title, 'geometryType': kind, 'tags': [], 'description': '', **geometry}


def polygon(title, exterior, *interior):
    return thing(title, 'polygon', points={'exterior': exterior, 'interior': list(interior)})


def bitmap(title, rows, origin, mode='1'):
    """A bitmap as Supervisely stores it: base64 of zlib of a PNG."""
    mask = Image.fromarray(np.array(rows, np.uint8) * 255)
    if mode == 'RGBA':
        image = Image.new('RGBA', mask.size)
        image.putalpha(mask)
    else:
        image = mask.convert(mode)
    png = io.BytesIO()
    image.save(png, 'PNG')
    return thing(title, 'bitmap', bitmap={'data': base64.b64encode(zlib.compress(png.getvalue())).decode(),
                                          'origin': origin})


def annotate(folder, name, *objects, dataset='ds', tags=()):
    photo(folder / dataset / 'img' / (name + '.jpg'))
    write_json(folder / dataset / 'ann' / (name + '.jpg.json'), {
        'description': '', 'tags': [{'name': tag, 'value': None} for tag in tags],
        'size': {'height': 8, 'width': 10}, 'objects': list(objects)})


@pytest.fixture
def export(tmp_path):
    write_json(tmp_path / 'export' / 'meta.json', META)
    annotate(tmp_path / 'export', 'b', polygon('cat', [[2, 1], [5, 1], [5, 3], [2, 3]]))
    return tmp_path / 'export'


def test_points_of_a_polygon_are_pixels_inside(tmp_path, export):
    data = convert(supervisely, export, tmp_path / 'data')
    assert counts(data, 'b') == {0: 68, 1: 12} and ids(data, 'b')[1:4, 2:6].all()
    assert class_names(data) == ['others', 'cat', 'dog'] and class_colours(data)[1:] == [(220, 60, 20), (20, 60, 220)]


def test_interior_is_a_hole(tmp_path, export):
    annotate(export, 'a', polygon('cat', [[1, 1], [7, 1], [7, 6], [1, 6]], [[3, 3], [4, 3], [4, 4], [3, 4]]))
    assert counts(convert(supervisely, export, tmp_path / 'data'), 'a') == {0: 80 - 42 + 4, 1: 42 - 4}


@pytest.mark.parametrize('mode', ['1', 'L', 'RGBA'])
def test_bitmap_at_its_origin(tmp_path, export, mode):
    annotate(export, 'a', bitmap('dog', [[0, 1, 1], [1, 0, 0]], [4, 2], mode))
    found = ids(convert(supervisely, export, tmp_path / 'data'), 'a')
    assert found[2:4, 4:7].tolist() == [[0, 2, 2], [2, 0, 0]] and found.sum() == 6


def test_bitmap_beyond_the_edge_is_cut(tmp_path, export):
    annotate(export, 'a', bitmap('dog', [[1, 1], [1, 1]], [9, 7]))
    assert counts(convert(supervisely, export, tmp_path / 'data'), 'a') == {0: 79, 2: 1}


def test_later_objects_cover_earlier_ones_and_rectangles_include_their_corners(tmp_path, export):
    annotate(export, 'a', thing('cat', 'rectangle', points={'exterior': [[5, 3], [2, 1]], 'interior': []}),
             bitmap('dog', [[1, 1]], [2, 1]))
    assert counts(convert(supervisely, export, tmp_path / 'data'), 'a') == {0: 68, 1: 10, 2: 2}


def test_lines_and_points_are_left_out(tmp_path, export, capsys):
    annotate(export, 'a', thing('cat', 'line', points={'exterior': [[1, 1], [2, 2]], 'interior': []}),
             thing('cat', 'point', points={'exterior': [[1, 1]], 'interior': []}))
    convert(supervisely, export, tmp_path / 'data')
    assert '1 lines, 1 points' in capsys.readouterr().out


def test_tags_or_data_sets_make_the_split(tmp_path, export):
    annotate(export, 'a', bitmap('dog', [[1]], [0, 0]), dataset='val')
    annotate(export, 'b', bitmap('dog', [[1]], [0, 0]), tags=['train', 'blurred'])
    data = convert(supervisely, export, tmp_path / 'data')
    assert (split_of(data, 'a'), split_of(data, 'b')) == ('validation', 'training')


def test_same_name_in_two_data_sets(tmp_path, export):
    for dataset, title in (('one', 'cat'), ('two', 'dog')):
        annotate(export, 'same', bitmap(title, [[1]], [0, 0]), dataset=dataset)
    data = convert(supervisely, export, tmp_path / 'data')
    assert counts(data, 'one_img_same') == {0: 79, 1: 1} and counts(data, 'two_img_same') == {0: 79, 2: 1}


@pytest.mark.parametrize('data, message', [('AAAA', 'cannot be drawn'), (
    base64.b64encode(zlib.compress(b'no PNG')).decode(), 'cannot be drawn')])
def test_damaged_bitmap_is_named(tmp_path, export, data, message):
    annotate(export, 'a', thing('cat', 'bitmap', bitmap={'data': data, 'origin': [0, 0]}))
    with pytest.raises(UserError, match=message):
        convert(supervisely, export, tmp_path / 'data')


def test_class_that_meta_lacks_is_named(tmp_path, export):
    annotate(export, 'a', bitmap('bird', [[1]], [0, 0]))
    with pytest.raises(UserError, match="the class 'bird' is none of others, cat, dog"):
        convert(supervisely, export, tmp_path / 'data')


def test_folder_without_meta_is_refused(tmp_path):
    with pytest.raises(UserError, match='holds no meta.json'):
        convert(supervisely, tmp_path, tmp_path / 'data')
