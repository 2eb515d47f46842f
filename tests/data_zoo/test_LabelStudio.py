"""Label Studio's JSON, JSON-MIN and PNGs: brush strokes, polygons, rectangles, ellipses."""
import numpy as np
import pytest
from export_files import class_names, convert, counts, ids, photo, write_json
from PIL import Image

from Data_zoo.LabelStudio import brush
from Data_zoo.LabelStudio import prepare as studio
from fcn8s.utils.errors import UserError

SQUARE = [[20, 12.5], [60, 12.5], [60, 50], [20, 50]]  # percent: 4 x 3 of 10 x 8 pixels


def pack(mask, sizes=(3, 4, 8, 16)):
    """bool [H, W] as Label Studio's bytes: a run for each stretch of equal alpha; single pixels as literal values."""
    values = np.repeat(mask.ravel().astype(int) * 255, 4)
    bits = f'{len(values):032b}' + f'{7:05b}' + ''.join(f'{size - 1:04b}' for size in sizes)
    edges = np.flatnonzero(np.diff(values)) + 1
    for part in np.split(values, edges):
        which = next(i for i, size in enumerate(sizes) if len(part) - 1 < 1 << size)
        is_run = len(part) > 4
        bits += f'{int(is_run)}{which:02b}' + f'{len(part) - 1:0{sizes[which]}b}'
        bits += ''.join(f'{value:08b}' for value in (part[:1] if is_run else part))
    bits += '0' * (-len(bits) % 8)
    return [int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)]


def region(kind, label, region_id='r', **value):
    name = kind + 'labels'
    return {'id': region_id, 'from_name': 'tag', 'to_name': 'image', 'type': name, 'origin': 'manual',
            'image_rotation': 0, 'original_width': 10, 'original_height': 8, 'value': {**value, name: [label]}}


def polygon(label, points=SQUARE, **more):
    return region('polygon', label, points=points, closed=True, **more)


def stroke(label, mask, **more):
    return region('brush', label, format='rle', rle=pack(mask), **more)


def task(number, image, *annotations):
    return {'id': number, 'annotations': [
        {'id': 10 * number + i, 'was_cancelled': False, 'ground_truth': False, 'result': list(results)}
        for i, results in enumerate(annotations)], 'data': {'image': image}, 'predictions': [], 'project': 1}


def converted(tmp_path, *results, tasks=(), arguments=()):
    """The data set of a.jpg, with these results, and b.jpg, with a square cat; `tasks` in place of a's."""
    for name in 'ab':
        photo(tmp_path / 'photos' / (name + '.jpg'))
    tasks = list(tasks) or [task(1, '/data/upload/1/0123abcd-a.jpg', results)]
    path = write_json(tmp_path / 'project-1.json', tasks + [task(2, '/data/upload/1/89abcdef-b.jpg', [polygon('cat')])])
    return convert(studio, path, tmp_path / 'data', '--photos', str(tmp_path / 'photos'), *arguments)


def shape(seed=0):
    return np.random.RandomState(seed).rand(8, 10) < .5


def test_brush_by_hand():
    """1 x 2 pixels, the second one painted: a run of four 0, a run of four 255; sizes of counts 3, 4, 8, 16."""
    bits = f'{8:032b}' + '00111' + '0010' + '0011' + '0111' + '1111'
    bits += '1' + '00' + '011' + '0' * 8 + '1' + '00' + '011' + '1' * 8
    bits += '0' * (-len(bits) % 8)
    data = [int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)]
    assert brush.decode(data, 1, 2).tolist() == [[False, True]]


@pytest.mark.parametrize('seed', range(5))
def test_brush_of_runs_and_single_values(seed):
    assert np.array_equal(brush.decode(pack(shape(seed)), 8, 10), shape(seed))


@pytest.mark.parametrize('change, message', [(lambda data: data[:-3], 'cut short'),
                                             (lambda data: data[:3] + [8] + data[4:], 'of 264 values for 8 x 10')])
def test_damaged_brush_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        brush.decode(change(pack(shape())), 8, 10)


def test_brush_stroke(tmp_path):
    data = converted(tmp_path, stroke('dog', shape()))
    assert np.array_equal(ids(data, 'a'), 2 * shape()) and class_names(data) == ['others', 'cat', 'dog']


def test_polygon_in_percent(tmp_path):
    assert counts(converted(tmp_path, polygon('cat')), 'a') == {0: 68, 1: 12}


def test_rectangle_turns_about_its_corner_and_ellipse_about_its_centre(tmp_path):
    data = converted(tmp_path, region('rectangle', 'dog', x=30, y=12.5, width=40, height=25, rotation=90),
                     region('ellipse', 'cat', 's', x=70, y=75, radiusX=20, radiusY=12.5, rotation=0))
    found = ids(data, 'a')
    assert (found[1:5, 1:3] == 2).all() and (found[5:7, 5:9] == 1).all()
    assert counts(data, 'a') == {0: 80 - 16, 1: 8, 2: 8}


def test_later_regions_cover_earlier_ones(tmp_path):
    everywhere = stroke('dog', np.ones((8, 10), bool))
    assert counts(converted(tmp_path, everywhere, polygon('cat', region_id='s')), 'a') == {2: 68, 1: 12}


def test_label_given_by_a_result_of_its_own(tmp_path, capsys):
    shape_only = polygon('x')
    del shape_only['value']['polygonlabels']
    named = {**shape_only, 'type': 'labels', 'value': {**shape_only['value'], 'labels': ['dog']}}
    assert counts(converted(tmp_path, shape_only, named), 'a') == {0: 68, 2: 12}
    assert 'left out' not in capsys.readouterr().out


def test_region_without_a_label_is_left_out_and_counted(tmp_path, capsys):
    shape_only = polygon('x')
    del shape_only['value']['polygonlabels']
    converted(tmp_path, shape_only, polygon('dog', region_id='s'))
    assert 'left out: 1 regions without a label.' in capsys.readouterr().out


def test_points_and_choices_have_no_area(tmp_path, capsys):
    converted(tmp_path, polygon('cat'), region('keypoint', 'eye', 's', x=5, y=5, width=1),
              {'id': 't', 'type': 'choices', 'value': {'choices': ['blurred']}})
    assert 'left out: 1 points.' in capsys.readouterr().out


def test_ground_truth_or_the_first_annotation_counts(tmp_path, capsys):
    several = task(1, 'a.jpg', [polygon('cat')], [polygon('dog')], [polygon('bird')])
    several['annotations'][0]['was_cancelled'] = True
    assert counts(converted(tmp_path, tasks=[several]), 'a') == {0: 68, 2: 12}
    several['annotations'][2]['ground_truth'] = True
    (tmp_path / 'data').rename(tmp_path / 'before')
    assert class_names(converted(tmp_path, tasks=[several])) == ['others', 'bird', 'cat']
    assert '1 photos have several annotations' in capsys.readouterr().out


def test_photo_that_is_not_annotated_is_left_out(tmp_path, capsys):
    photo(tmp_path / 'photos' / 'c.jpg')
    converted(tmp_path, tasks=[task(1, 'a.jpg', [polygon('cat')]), task(3, 'c.jpg')])
    assert '1 photos are not annotated and are left out' in capsys.readouterr().out


@pytest.mark.parametrize('image', ['/data/upload/3/0123abcd-a.jpg', '/data/local-files/?d=pets%2Fa.jpg', 'pets\\a.jpg',
                                   's3://bucket/pets/a.jpg', 'https://host/pets/a.jpg?size=2'])
def test_photo_is_found_by_its_name(tmp_path, image):
    assert counts(converted(tmp_path, tasks=[task(1, image, [polygon('cat')])]), 'a') == {0: 68, 1: 12}


def test_photo_turned_in_the_tool_is_refused(tmp_path):
    with pytest.raises(UserError, match='turned by 90 degrees in the tool'):
        converted(tmp_path, {**polygon('cat'), 'image_rotation': 90})


def test_json_min(tmp_path):
    regions = [{'points': SQUARE, 'polygonlabels': ['dog'], 'original_width': 10, 'original_height': 8}]
    data = converted(tmp_path, tasks=[{'image': 'a.jpg', 'id': 1, 'tag': regions, 'annotator': 1, 'annotation_id': 4}])
    assert counts(data, 'a') == {0: 68, 2: 12}


def test_file_of_another_form_is_refused(tmp_path):
    with pytest.raises(UserError, match='no JSON export of Label Studio'):
        convert(studio, write_json(tmp_path / 'a.json', {'shapes': []}), tmp_path / 'data')


@pytest.fixture
def pngs(tmp_path):
    """Brush labels as PNGs of tasks 1 and 2; in task 1 a cat within a dog."""
    for name in 'ab':
        photo(tmp_path / 'photos' / (name + '.jpg'))
    (tmp_path / 'export').mkdir()
    everywhere, square = np.full((8, 10), 255, np.uint8), np.zeros((8, 10), np.uint8)
    square[1:4, 2:6] = 255
    for name, mask in (('1-annotation-7-by-1-tag-big-dog-0', everywhere), ('1-annotation-7-by-1-tag-cat-0', square),
                       ('2-annotation-8-by-1-tag-cat-0', square)):
        Image.fromarray(mask).save(str(tmp_path / 'export' / f'task-{name}.png'))
    return tmp_path / 'export'


def test_pngs_with_the_csv(tmp_path, pngs):
    (pngs / 'project.csv').write_text('image,id,tag\n/data/upload/1/0123abcd-a.jpg,1,"[]"\nb.jpg,2,"[]"\n')
    data = convert(studio, pngs, tmp_path / 'data', '--photos', str(tmp_path / 'photos'))
    assert class_names(data) == ['others', 'big-dog', 'cat']
    assert counts(data, 'a') == {1: 68, 2: 12} and counts(data, 'b') == {0: 68, 2: 12}


def test_pngs_alone_do_not_name_their_photos(tmp_path, pngs):
    with pytest.raises(UserError, match=r'name tasks rather than photos. Export the project as JSON \(or CSV\), too'):
        convert(studio, pngs, tmp_path / 'data', '--photos', str(tmp_path / 'photos'))
