"""The picture of a data set: its photos under their masks, its class frequencies."""
import numpy as np
import pytest
from PIL import Image
from scripts import write_data_set

import read_data
from fcn8s.data.classes import ClassInfo
from fcn8s.data.records import Record
from fcn8s.sheet import BAR, CELL, COLUMNS, PAD, frequencies, sheet

CLASSES = (ClassInfo(0, 'others', (0, 0, 0)), ClassInfo(1, 'cat', (200, 0, 0)), ClassInfo(2, 'dog', (0, 0, 200)))
PIXELS = np.bincount([0, 1, 1, 1], minlength=256)


@pytest.fixture
def record(tmp_path):
    """A white photo, left half cat, right half ignored."""
    Image.new('RGB', (80, 60), (255, 255, 255)).save(str(tmp_path / 'p.png'))
    ids = np.full((60, 80), 255, np.uint8)
    ids[:, :40] = 1
    Image.fromarray(ids).save(str(tmp_path / 'a.png'))
    return Record(str(tmp_path / 'p.png'), str(tmp_path / 'a.png'))


def test_photo_is_painted_in_the_colours_of_its_classes_but_where_it_is_ignored(record):
    picture = sheet([record], CLASSES, PIXELS, 255)
    assert picture[100, CELL // 4].tolist() == [227, 127, 127]  # halfway from white to the cat's red, rounded down
    assert picture[100, 3 * CELL // 4].tolist() == [255, 255, 255]


def test_photos_stand_in_rows_of_four(record):
    one, two = (sheet([record] * count, CLASSES, PIXELS) for count in (COLUMNS, COLUMNS + 1))
    assert one.shape[1] == two.shape[1] == COLUMNS * (CELL + PAD) and len(two) > len(one)


def test_unreadable_photo_is_left_out(record, tmp_path):
    (tmp_path / 'broken.png').write_bytes(b'no picture')
    broken = record._replace(image=str(tmp_path / 'broken.png'))
    np.testing.assert_array_equal(sheet([broken, record], CLASSES, PIXELS), sheet([record], CLASSES, PIXELS))


def test_bars_are_as_long_as_the_classes_are_frequent():
    grey = (frequencies(CLASSES, PIXELS) == (150, 150, 150)).all(axis=2)
    lengths = [row.sum() for row in grey[:, 60:]]  # behind the swatches, whose outline is grey too
    assert max(lengths) == BAR + 1 and BAR // 3 + 1 in lengths  # cat has three pixels, others one, dog none


def test_id_without_a_class_gets_a_bar_of_its_own():
    more = PIXELS.copy()
    more[7] = 1
    assert len(frequencies(CLASSES, more)) > len(frequencies(CLASSES, PIXELS))
    assert len(frequencies(CLASSES, more, ignore_label=7)) == len(frequencies(CLASSES, PIXELS))


def test_read_data_writes_the_picture(tmp_path, monkeypatch, capsys):
    data_dir = write_data_set(tmp_path / 'data')
    monkeypatch.setattr('sys.argv', ['read_data.py', data_dir, f'--preview={tmp_path / "sheet.png"}'])
    assert read_data.main() == 0
    assert Image.open(str(tmp_path / 'sheet.png')).size[0] == COLUMNS * (CELL + PAD)
    assert f'the preview is in {tmp_path / "sheet.png"}' in capsys.readouterr().out
