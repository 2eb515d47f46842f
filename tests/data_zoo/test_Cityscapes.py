"""Data_zoo/Cityscapes on a source of three tiny images in the published tree."""
import os
import subprocess
import sys

import numpy as np
import pytest
from image_files import array, save

from Data_zoo.Cityscapes import prepare as cityscapes
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes
from fcn8s.utils.errors import UserError
from read_data import read_dataset

ROAD, POLE, BICYCLE, PARKING = 7, 17, 33, 9
STEMS = {'train': ('aachen_000000_000019', 'bremen_000001_000019'), 'val': ('lindau_000000_000019',)}


def gt_path(source, split, stem):
    return source / 'gtFine' / split / stem.split('_')[0] / (stem + '_gtFine_labelIds.png')


@pytest.fixture
def source(tmp_path):
    source = tmp_path / 'source'
    for split, stems in STEMS.items():
        for stem in stems:
            image = source / 'leftImg8bit' / split / stem.split('_')[0] / (stem + '_leftImg8bit.png')
            gt = gt_path(source, split, stem)
            image.parent.mkdir(parents=True)
            gt.parent.mkdir(parents=True)
            save(str(image), np.full((2, 3, 3), 99, np.uint8))
            save(str(gt), array([[ROAD, POLE, BICYCLE], [PARKING, 0, 8]]))
            save(str(gt).replace('labelIds', 'instanceIds'), array([[1]]))
    return source


def convert(tmp_path, source):
    return cityscapes.prepare(str(tmp_path / 'data'), str(source), partial=True)


def test_cities_become_the_one_layout(tmp_path, source):
    data_dir = convert(tmp_path, source)
    names = {split: [os.path.basename(record.image) for record in read_dataset(data_dir, split).records]
             for split in ('training', 'validation')}
    assert names == {'training': ['aachen_000000_000019.png', 'bremen_000001_000019.png'],
                     'validation': ['lindau_000000_000019.png']}


def test_label_ids_become_train_ids_plus_one(tmp_path, source):
    data_dir = convert(tmp_path, source)
    annotation = read_dataset(data_dir, 'validation').records[0].annotation
    assert read_annotation(annotation).tolist() == [[1, 6, 19], [0, 0, 2]]


def test_every_published_label_id_is_known_and_19_are_classes():
    ours = [cityscapes.TABLE[label_id] for label_id in range(34)]
    assert sorted(ours) == [0] * 15 + list(range(1, 20))


def test_classes_are_those_of_the_benchmark():
    classes = read_classes(cityscapes.CLASSES)
    assert [c.name for c in classes] == [
        'void', 'road', 'sidewalk', 'building', 'wall', 'fence', 'pole', 'traffic light', 'traffic sign', 'vegetation',
        'terrain', 'sky', 'person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle']
    assert (classes[1].colour, classes[19].colour) == ((128, 64, 128), (119, 11, 32))


def test_unknown_label_id_names_the_file(tmp_path, source):
    path = gt_path(source, 'train', STEMS['train'][1])
    save(str(path), array([[ROAD, 34, 255], [0, 0, 0]]))
    with pytest.raises(UserError, match=rf'{path.name} holds the ids 34, 255'):
        convert(tmp_path, source)
    assert os.listdir(str(tmp_path)) == ['source']


def test_missing_annotation_names_the_image(tmp_path, source):
    gt_path(source, 'val', STEMS['val'][0]).unlink()
    with pytest.raises(UserError, match='lindau_000000_000019_leftImg8bit.png'):
        cityscapes.prepare(str(tmp_path / 'data'), str(source))


def test_incomplete_source_is_refused_with_the_counts(tmp_path, source):
    with pytest.raises(UserError, match='training: 2 pairs, the whole set has 2975; validation: 1 .* 500'):
        cityscapes.prepare(str(tmp_path / 'data'), str(source))


def test_second_run_leaves_the_data_set_as_it_is(tmp_path, source, capsys):
    data_dir = convert(tmp_path, source)
    mark = os.path.join(data_dir, 'notes.txt')
    open(mark, 'w').close()
    assert cityscapes.prepare(data_dir, str(tmp_path / 'no source')) == data_dir
    assert os.path.isfile(mark)
    assert 'the whole set has 2975' in capsys.readouterr().out


def test_script_without_source_says_where_to_get_it_in_one_line(tmp_path):
    done = subprocess.run([sys.executable, cityscapes.__file__, '--source', str(tmp_path / 'none'),
                           '--data_dir', str(tmp_path / 'data')], cwd=str(tmp_path), check=False,
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('error: ') and 'https://www.cityscapes-dataset.com/downloads/' in done.stderr
    assert done.stderr.count('\n') == 1
