import os

import pytest

from fcn8s.data.folder import pair_by_stem
from fcn8s.utils.errors import DataError
from read_data import read_dataset


def make(tmp_path, *names):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('')
    return str(tmp_path)


@pytest.mark.parametrize('annotation', ['a.png', 'a.PNG', 'a.tif', 'a.TIFF', 'a.bmp'])
def test_annotation_may_have_any_lossless_ending(tmp_path, annotation):
    folder = make(tmp_path, 'images/training/a.jpg', 'annotations/training/' + annotation)
    records = read_dataset(folder, 'training', 2).records
    assert [os.path.basename(record.annotation) for record in records] == [annotation]


@pytest.mark.parametrize('photo', ['a.jfif', 'a.jpe', 'a.JIF', 'a.jpg'])
def test_photo_may_have_any_ending_of_jpeg(tmp_path, photo):
    folder = make(tmp_path, 'images/training/' + photo, 'annotations/training/a.png')
    records = read_dataset(folder, 'training', 2).records
    assert [os.path.basename(record.image) for record in records] == [photo]


@pytest.mark.parametrize('ending, why', [('.jpg', "JPEG's compression changes ids"), ('.JFIF', 'compression'),
                                         ('.gif', 'GIF renumber'), ('.json', 'must be an image of one channel')])
def test_annotations_of_formats_that_are_not_read_are_named_as_the_cause(tmp_path, ending, why):
    stems = [f'p{i}' for i in range(12)]
    folder = make(tmp_path, 'images/training/a.jpg', 'annotations/training/a.png',
                  *[f'images/training/{stem}.jpg' for stem in stems],
                  *[f'annotations/training/{stem}{ending}' for stem in stems])
    with pytest.raises(DataError) as error:
        read_dataset(folder, 'training', 2)
    assert str(error.value).startswith(f'12 masks with the ending {ending.lower()} where an annotation ends in .png')
    assert why in str(error.value) and 'and 7 more' in str(error.value) and len(str(error.value).splitlines()) == 1


def test_other_files_beside_an_annotation_do_not_matter(tmp_path):
    folder = make(tmp_path, 'images/training/a.jpg', 'annotations/training/a.png', 'annotations/training/a.json')
    assert len(read_dataset(folder, 'training', 2).records) == 1


def test_annotations_of_two_lossless_endings_are_refused():
    pairs, unpaired = pair_by_stem(['i/a.jpg'], ['m/a.png', 'm/a.tif'], 'i', 'm')
    assert pairs == [] and unpaired[0].paths == ['i/a.jpg', 'm/a.png', 'm/a.tif']
