"""COCO's JSON: polygons, both forms of RLE, crowds, overlaps, splits."""
import numpy as np
import pytest
from export_files import class_colours, class_names, convert, counts, ids, photo, split_of, write_json

from Data_zoo.COCO import prepare as coco
from fcn8s.utils.errors import UserError

SQUARE = [2, 1, 6, 1, 6, 4, 2, 4]  # 12 pixels
COLUMNS = [17, 3, 5, 3, 5, 3, 5, 3, 36]  # the same as runs down the columns of 8 x 10 pixels
CATEGORIES = [{'id': 7, 'name': 'cat', 'supercategory': 'animal'}, {'id': 3, 'name': 'dog', 'supercategory': 'animal'}]


def annotation(image, category, segmentation, crowd=0):
    return {'id': 1, 'image_id': image, 'category_id': category, 'segmentation': segmentation, 'iscrowd': crowd,
            'area': 12.0, 'bbox': [2, 1, 4, 3]}


def write(path, *annotations, names=('a', 'b'), categories=None):
    """A COCO file about the photos a.jpg (id 1), b.jpg (id 2), ..."""
    images = [{'id': i, 'file_name': name + '.jpg', 'height': 8, 'width': 10} for i, name in enumerate(names, 1)]
    return write_json(path, {'info': {}, 'licenses': [], 'images': images, 'annotations': list(annotations),
                             'categories': categories or CATEGORIES})


@pytest.fixture
def export(tmp_path):
    for name in 'ab':
        photo(tmp_path / 'export' / 'images' / (name + '.jpg'))
    return tmp_path / 'export'


def converted(tmp_path, export, *annotations, arguments=(), **options):
    write(export / 'result.json', *annotations, **options)
    return convert(coco, export, tmp_path / 'data', *arguments)


def test_polygon_and_runs_are_the_same_object(tmp_path, export):
    data = converted(tmp_path, export, annotation(1, 7, [SQUARE]),
                     annotation(2, 3, {'size': [8, 10], 'counts': COLUMNS}))
    assert class_names(data) == ['others', 'cat', 'dog']
    assert counts(data, 'a') == {0: 68, 1: 12} and counts(data, 'b') == {0: 68, 2: 12}
    assert np.array_equal(ids(data, 'a') * 2, ids(data, 'b'))


def test_parts_are_joined_even_where_they_overlap(tmp_path, export):
    data = converted(tmp_path, export, annotation(1, 7, [SQUARE, [5, 1, 8, 1, 8, 4, 5, 4]]))
    assert counts(data, 'a') == {0: 80 - 18, 1: 18}


def test_hole_of_a_mask_stays(tmp_path, export):
    ring = np.zeros((8, 10), bool)
    ring[1:6, 2:7], ring[3, 4] = True, False
    flat = ring.ravel('F')
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [80]])).tolist()
    data = converted(tmp_path, export, annotation(1, 7, {'size': [8, 10], 'counts': runs}))
    assert counts(data, 'a') == {0: 80 - 24, 1: 24} and ids(data, 'a')[3, 4] == 0


@pytest.mark.parametrize('order', [(0, 1), (1, 0)])
def test_smaller_objects_cover_larger_ones_in_any_order(tmp_path, export, order):
    objects = [annotation(1, 7, [[0, 0, 10, 0, 10, 8, 0, 8]]), annotation(1, 3, [SQUARE])]
    assert counts(converted(tmp_path, export, *[objects[i] for i in order]), 'a') == {1: 68, 2: 12}


def test_crowd_is_ignored_below_all_objects(tmp_path, export, capsys):
    data = converted(tmp_path, export, annotation(1, 7, [SQUARE]), annotation(
        1, 7, {'size': [8, 10], 'counts': [8, 32, 40]}, crowd=1))
    assert counts(data, 'a') == {0: 45, 1: 12, 255: 32 - 9}
    shown = capsys.readouterr().out
    assert '1 objects are crowds' in shown and 'FCN_train.py' in shown and '--ignore_label=255' in shown


def test_crowd_can_be_kept(tmp_path, export):
    data = converted(tmp_path, export, annotation(1, 7, {'size': [8, 10], 'counts': [8, 32, 40]}, crowd=1),
                     arguments=['--crowd=class'])
    assert counts(data, 'a') == {0: 48, 1: 32}


def test_object_partly_outside_is_cut(tmp_path, export):
    data = converted(tmp_path, export, annotation(1, 7, [[-4, -4, 2, -4, 2, 3, -4, 3]]))
    assert counts(data, 'a') == {0: 74, 1: 6}


def test_boxes_are_left_out_and_counted(tmp_path, export, capsys):
    converted(tmp_path, export, annotation(1, 7, [SQUARE]), annotation(1, 3, []))
    assert '1 boxes without a mask' in capsys.readouterr().out


def test_boxes_alone_are_refused(tmp_path, export):
    with pytest.raises(UserError, match='no object with an area.* 1 boxes without a mask'):
        converted(tmp_path, export, annotation(1, 7, []))


def test_splits_of_files_are_kept(tmp_path, export):
    write(export / 'annotations' / 'instances_train.json', annotation(1, 7, [SQUARE]), names='a')
    write(export / 'annotations' / 'instances_val.json', annotation(1, 3, [SQUARE]), names='b')
    write(export / 'annotations' / 'person_keypoints_val.json', annotation(1, 3, [SQUARE]), names='b')
    data = convert(coco, export, tmp_path / 'data')
    assert (split_of(data, 'a'), split_of(data, 'b')) == ('training', 'validation')


def test_splits_of_folders_are_kept_and_an_unused_parent_is_no_class(tmp_path, capsys):
    categories = [{'id': 0, 'name': 'pets', 'supercategory': 'none'}, {'id': 1, 'name': 'cat', 'supercategory': 'pets'}]
    for split in ('train', 'valid', 'test'):
        photo(tmp_path / 'export' / split / 'same.jpg')
        write(tmp_path / 'export' / split / '_annotations.coco.json', annotation(1, 1, [SQUARE]), names=['same'],
              categories=categories)
    data = convert(coco, tmp_path / 'export', tmp_path / 'data')
    assert class_names(data) == ['others', 'cat'] and split_of(data, 'same') in ('training', 'validation')
    assert '1 photos of the split test are left out' in capsys.readouterr().out


def test_colours_of_categories_are_kept(tmp_path, export):
    data = converted(tmp_path, export, annotation(1, 1, [SQUARE]), categories=[
        {'id': 1, 'name': 'cat', 'color': '#0a0b0c'}, {'id': 2, 'name': 'dog', 'color': [1, 2, 3]}])
    assert class_colours(data) == [(0, 0, 0), (10, 11, 12), (1, 2, 3)]


@pytest.mark.parametrize('segmentation, message', [
    ({'size': [8, 9], 'counts': [72]}, r'RLE mask of \[8, 9\]'), ([['x', 1, 2, 3]], 'cannot be drawn'),
    ({'size': [8, 10], 'counts': [79]}, 'runs of 79 pixels'), ({'size': [8, 10]}, "KeyError: 'counts'")])
def test_damaged_object_is_named(tmp_path, export, segmentation, message):
    with pytest.raises(UserError, match=message):
        converted(tmp_path, export, annotation(1, 7, segmentation))


def test_panoptic_form_is_refused(tmp_path, export):
    with pytest.raises(UserError, match='panoptic form'):
        converted(tmp_path, export, {'image_id': 1, 'category_id': 7, 'segments_info': []})


def test_compressed_runs_are_decoded(tmp_path, export):
    mask = pytest.importorskip('pycocotools.mask')
    compressed = mask.frPyObjects({'size': [8, 10], 'counts': COLUMNS}, 8, 10)['counts'].decode()
    data = converted(tmp_path, export, annotation(1, 7, {'size': [8, 10], 'counts': compressed}))
    assert counts(data, 'a') == {0: 68, 1: 12} and ids(data, 'a')[1:4, 2:6].all()


def test_missing_pycocotools_is_named(tmp_path, export, monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, 'pycocotools', None)
    monkeypatch.setitem(sys.modules, 'pycocotools.mask', None)
    with pytest.raises(UserError, match='pycocotools is needed .* pip install -r .*requirements-annotations.txt'):
        converted(tmp_path, export, annotation(1, 7, {'size': [8, 10], 'counts': 'PPYo0'}))


@pytest.mark.parametrize('seed', range(5))
def test_polygons_differ_from_pycocotools_on_the_border_only(seed):
    mask = pytest.importorskip('pycocotools.mask')
    random = np.random.RandomState(seed)
    angles = np.sort(random.rand(20)) * 2 * np.pi
    points = np.stack([60 + random.uniform(20, 50, 20) * np.cos(angles),
                       50 + random.uniform(20, 45, 20) * np.sin(angles)], 1)
    theirs = mask.decode(mask.frPyObjects([points.ravel().tolist()], 100, 120))[:, :, 0]
    ours = np.zeros((100, 120), np.uint8)
    coco.shapes.paint(ours, coco.shapes.outline([points], 100, 120), 1)
    assert abs(int(ours.sum()) - int(theirs.sum())) < .01 * theirs.sum() and (ours != theirs).mean() < .01
