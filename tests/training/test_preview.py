"""The contact sheet of --preview_augmentation."""
import numpy as np
import pytest
from image_files import save

from fcn8s.data.classes import ClassInfo
from fcn8s.data.records import Dataset, Record
from fcn8s.training.preview import preview
from fcn8s.utils.errors import UserError

CLASSES = (ClassInfo(0, 'ground', (255, 0, 0)), ClassInfo(1, 'cat', (0, 0, 255)))
TITLE = 21  # 3 / 2 of the 14 pixels of the letters


@pytest.fixture
def records(tmp_path):
    """Four pairs of 30 x 400 pixels, wide enough for their titles; photo k is grey 50 + k, its annotation all 1."""
    return [Record(save(str(tmp_path / f'{k}.png'), np.full((30, 400, 3), 50 + k, np.uint8)),
                   save(str(tmp_path / f'{k}_ids.png'), np.ones((30, 400), np.uint8))) for k in range(4)]


def marked(photo, ids, epoch, index):
    """A transform whose photo shows the epoch and index that it was called with."""
    return np.full_like(photo, 100 + 10 * epoch + index), np.zeros_like(ids)


def test_a_row_holds_the_original_and_then_its_epochs(records):
    sheet = preview(Dataset(tuple(records), CLASSES), marked, count=1, versions=2, side=400)
    assert sheet.shape == (TITLE + 3 * 30, 3 * 400 + 2 * 8, 3)
    assert sheet[TITLE + 15, [200, 608, 1016], 0].tolist() == [50, 100, 110]


def test_photos_are_spread_over_the_records_and_keep_their_index(records):
    sheet = preview(Dataset(tuple(records), CLASSES), marked, count=2, versions=1, side=400)
    below = TITLE + 3 * 30 + 12 + TITLE + 15  # record 2 in the second row
    assert sheet[below, [200, 608], 0].tolist() == [52, 102]


def test_overlay_and_annotation_are_below_the_photo(records):
    sheet = preview(Dataset(tuple(records), CLASSES), marked, count=1, versions=1, side=400)
    column = sheet[[TITLE + 45, TITLE + 75], 200].tolist()
    assert column == [[25, 25, 152], [0, 0, 255]]  # half of grey 50 and of blue, rounded down; blue


def test_pictures_shrink_to_the_side(records):
    sheet = preview(Dataset(tuple(records), CLASSES), marked, count=1, versions=1, side=200)
    assert len(sheet) == TITLE + 3 * 15


def test_preview_without_augmentation_is_refused(records):
    with pytest.raises(UserError, match='--random_crop'):
        preview(Dataset(tuple(records), CLASSES), None)


def spoil(record):
    with open(record.image, 'w') as file:
        file.write('no photo')


def test_unusable_photo_stops_the_preview(records):
    spoil(records[0])
    with pytest.raises(UserError, match='0.png: this is not a JPEG'):
        preview(Dataset(tuple(records), CLASSES), marked)


def test_unusable_photo_is_skipped_on_request(records):
    spoil(records[0])
    bad = {}
    sheet = preview(Dataset(tuple(records), CLASSES, bad=bad), marked, count=2, versions=1, side=400)
    below = TITLE + 3 * 30 + 12
    assert sheet[[TITLE + 15, below + TITLE + 15], 200, 0].tolist() == [51, 52]  # record 1 in the place of record 0
    assert list(bad) == [records[0].image]


def test_preview_without_a_usable_photo_is_an_error(records):
    for record in records:
        spoil(record)
    with pytest.raises(UserError, match='none of the 4 photos .*0.png: this is not a JPEG'):
        preview(Dataset(tuple(records), CLASSES, bad={}), marked)
