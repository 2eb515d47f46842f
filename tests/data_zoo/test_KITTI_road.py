"""Data_zoo/KITTI_road on a source of a few tiny images in the published tree."""
import collections
import os

import numpy as np
import pytest
from image_files import array, save

from Data_zoo.conversion import Pair
from Data_zoo.KITTI_road import prepare as kitti
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes
from fcn8s.utils.errors import UserError
from read_data import read_dataset

VOID, ROAD, OTHER = (0, 0, 0), (255, 0, 255), (255, 0, 0)
NAMES = ('um_000000', 'um_000004', 'umm_000003', 'uu_000009')


@pytest.fixture
def training(tmp_path):
    """The folder training/ of a source; its ground truth is 1 x 3 pixels: road, other, void."""
    training = tmp_path / 'source' / 'data_road' / 'training'
    (training / 'image_2').mkdir(parents=True)
    (training / 'gt_image_2').mkdir()
    for name in NAMES:
        save(str(training / 'image_2' / (name + '.png')), np.full((1, 3, 3), 99, np.uint8))
        save(road(training, name), array([[ROAD, OTHER, VOID]]))
    save(str(training / 'gt_image_2' / 'um_lane_000000.png'), array([[[0, 255, 0]]]))
    return training


def road(training, name):
    category, number = name.split('_')
    return str(training / 'gt_image_2' / f'{category}_road_{number}.png')


def convert(tmp_path):
    return kitti.prepare(str(tmp_path / 'data'), str(tmp_path / 'source'), partial=True)


def test_every_fifth_image_is_for_validation(tmp_path, training):
    data_dir = convert(tmp_path)
    stems = {split: [os.path.basename(record.annotation) for record in read_dataset(data_dir, split).records]
             for split in ('training', 'validation')}
    assert stems == {'training': ['um_000000.png', 'umm_000003.png'], 'validation': ['um_000004.png', 'uu_000009.png']}


def test_split_of_the_whole_benchmark_has_the_stated_counts():
    names = [f'{category}_{i:06}' for category, count in (('um', 95), ('umm', 96), ('uu', 98)) for i in range(count)]
    assert collections.Counter(kitti.split_of(Pair(name, name, '')) for name in names) == kitti.COUNTS


def test_colours_become_ids(tmp_path, training):
    annotation = read_dataset(convert(tmp_path), 'training').records[0].annotation
    assert read_annotation(annotation).tolist() == [[1, 2, 0]]


def test_classes_have_the_colours_of_the_ground_truth():
    assert [(c.name, c.colour) for c in read_classes(kitti.CLASSES)] == [('void', VOID), ('road', ROAD),
                                                                         ('other', OTHER)]


def test_ground_truth_of_lanes_is_left_out(tmp_path, training, monkeypatch):
    monkeypatch.setattr(kitti, 'COUNTS', {'training': 2, 'validation': 2})
    data_dir = kitti.prepare(str(tmp_path / 'data'), str(tmp_path / 'source'))
    assert not os.path.exists(os.path.join(data_dir, 'annotations', 'training', 'um_lane_000000.png'))


def test_unknown_colour_names_the_file(tmp_path, training):
    save(road(training, 'umm_000003'), array([[ROAD, (254, 0, 0), VOID]]))
    with pytest.raises(UserError, match=r'umm_road_000003\.png .*\(254, 0, 0\) in 1 pixels'):
        convert(tmp_path)
    assert not os.path.exists(str(tmp_path / 'data'))


def test_missing_ground_truth_names_the_image(tmp_path, training):
    os.remove(road(training, 'uu_000009'))
    with pytest.raises(UserError, match=r'image_2.uu_000009\.png'):
        kitti.prepare(str(tmp_path / 'data'), str(tmp_path / 'source'))


def test_size_mismatch_names_the_files(tmp_path, training):
    save(road(training, 'um_000000'), array([[ROAD, ROAD]]))
    with pytest.raises(UserError, match=r'um_000000\.png has 1 x 3 .*um_road_000000\.png has 1 x 2'):
        convert(tmp_path)


def test_foreign_image_is_refused(tmp_path, training):
    save(str(training / 'image_2' / 'holiday.png'), array([[ROAD]]))
    save(str(training / 'gt_image_2' / 'holiday_road_.png'), array([[ROAD]]))
    os.rename(str(training / 'image_2' / 'holiday.png'), str(training / 'image_2' / 'holiday_.png'))
    with pytest.raises(UserError, match=r'holiday_\.png is no image of the benchmark'):
        convert(tmp_path)


def test_without_source_the_error_says_where_to_get_it(tmp_path):
    with pytest.raises(UserError, match='http://www.cvlibs.net/datasets/kitti/eval_road.php'):
        kitti.prepare(str(tmp_path / 'data'), str(tmp_path / 'none'))
