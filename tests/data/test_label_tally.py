"""What is warned of before a run: labels that teach nothing, or something else than meant."""
import os
import time

import numpy as np
import pytest
from image_files import save, save_palette
from turned_photos import corner, exif

from fcn8s.data import label_tally
from fcn8s.data.classes import ClassInfo
from fcn8s.data.label_tally import Tally, count_ids, print_label_warnings, sample_labels
from fcn8s.data.photos import Annotation
from fcn8s.data.records import Record

NAMES = ['sky', 'cat', 'dog', 'cow', 'owl', 'bee', 'ant']
CLASSES = tuple(ClassInfo(i, name, (i, 0, 0)) for i, name in enumerate(NAMES))


def tally_of(*annotations, palette=None):
    tally = Tally()
    for number, ids in enumerate(annotations):
        tally.add(Annotation(None, None, [], palette), count_ids(np.array(ids, np.uint8)), f'{number}.png')
    return tally


@pytest.mark.parametrize('annotations, ignored, words', [
    ([[2, 2], [2]], (), 'in all annotations the only class is 2 dog: '),
    ([[0, 2], [2]], (0,), 'the only class is 2 dog: '),
    ([[255, 2], [2]], (255,), 'the only class is 2 dog: '),
    ([[255, 0], [0]], (0, 255), 'every pixel is ignored'),
    ([[0, 1, 2], [1]], (), '4 of 7 classes never occur: 3 cow, 4 owl, 5 bee, 6 ant. '),
    ([[0, 0], [1, 0]], (0,), 'the only class is 1 cat: '),
    ([[1, 2], [0, 1]], (0,), '4 of 6 classes never occur: 3 cow'),
])
def test_labels_that_teach_little_are_warned_of(annotations, ignored, words):
    [warning] = tally_of(*annotations).warnings(CLASSES, ignored)
    assert words in warning


@pytest.mark.parametrize('annotations, ignored', [
    ([], ()), ([[0, 1, 2], [3]], ()), ([[1, 2], [3]], (0,)), ([[0, 9]], ()), ([[0]], (1, 2, 3, 4, 5, 6))])
def test_other_labels_are_not(annotations, ignored):
    assert tally_of(*annotations).warnings(CLASSES, ignored) == []


def test_sample_is_called_one_and_says_nothing_of_classes_that_are_rare(monkeypatch):
    [warning] = tally_of([1], [1]).warnings(CLASSES, (), of=9)
    assert warning.startswith('in a sample of 2 of 9 annotations the only class is 1 cat')
    assert tally_of([0], [1]).warnings(CLASSES, (), of=9) == []
    monkeypatch.setattr(label_tally, 'ENOUGH', 2)
    assert '5 of 7 classes never occur' in tally_of([0], [1]).warnings(CLASSES, (), of=9)[0]


@pytest.mark.parametrize('colours, found', [
    ({0: (0, 0, 0), 1: (2, 0, 0), 2: (1, 0, 0)}, True),
    ({0: (0, 0, 0), 1: (1, 0, 0), 2: (2, 0, 0)}, False),
    ({0: (9, 9, 9), 1: (8, 8, 8), 2: (7, 7, 7)}, False),              # another set of colours
    ({0: (9, 9, 9), 1: (8, 8, 8), 2: (1, 0, 0)}, False),              # in which one is a class's by chance
    ({0: (0, 0, 0), 1: (0, 0, 0), 2: (0, 0, 0)}, False),              # no colours at all
])
def test_palette_in_another_order_is_told_from_another_palette(colours, found):
    palette = np.zeros((256, 3), np.uint8)
    palette[list(colours)] = list(colours.values())
    problems = tally_of([0, 1, 2], [1], palette=palette).palette_problems(CLASSES)
    assert [path for path, _ in problems] == (['0.png', '1.png'] if found else [])


def test_palette_is_not_held_against_names_that_are_made_up():
    classes = tuple(c._replace(name=f'class {c.index}') for c in CLASSES)
    assert tally_of([0, 1], palette=np.array([(1, 0, 0), (0, 0, 0)], np.uint8)).palette_problems(classes) == []


def make_records(folder, count):
    photo = save(str(folder / 'photo.png'), np.zeros((1, 1, 3), np.uint8))
    return [Record(photo, save(str(folder / f'{n:03}.png'), np.array([[n % 2]], np.uint8))) for n in range(count)]


def test_sample_is_spread_evenly_and_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(label_tally, 'SAMPLE', 10)
    records = make_records(tmp_path, 40)
    seen = []
    examine = label_tally.examine_annotation
    monkeypatch.setattr(label_tally, 'examine_annotation', lambda path: seen.append(path) or examine(path))
    tally, _ = sample_labels(records, seconds=60)
    assert sorted(seen) == [record.annotation for record in records[::4]]
    assert tally.annotations == 10


def test_sample_ends_when_its_time_is_over(tmp_path, monkeypatch):
    records = make_records(tmp_path, 40)
    examine = label_tally.examine_annotation
    monkeypatch.setattr(label_tally, 'examine_annotation', lambda path: time.sleep(.01) or examine(path))
    tally, _ = sample_labels(records, seconds=.03)
    assert 0 < tally.annotations < 40


def test_files_that_cannot_be_read_are_left_to_the_run(tmp_path):
    records = make_records(tmp_path, 3)
    os.remove(records[1].annotation)
    assert sample_labels(records)[0].annotations == 2


def test_run_is_warned_of_masks_on_the_stored_pixels_and_of_the_palette(tmp_path, capsys):
    photo, ids = corner()
    save(str(tmp_path / 'a.jpg'), photo, exif=exif(3))
    save(str(tmp_path / 'a.png'), ids)
    save(str(tmp_path / 'b.jpg'), photo)
    save_palette(str(tmp_path / 'b.png'), [0, 1, 2], [(0, 0, 0), (2, 0, 0), (1, 0, 0)] + [(0, 0, 0)] * 253)
    records = [Record(str(tmp_path / f'{stem}.jpg'), str(tmp_path / f'{stem}.png')) for stem in 'ab']
    print_label_warnings(records, CLASSES[:3], ())
    palette, turned = capsys.readouterr().out.splitlines()
    assert palette.startswith('warning: ') and 'b.png: the palette has the colours' in palette
    assert turned.startswith('warning: the annotations of 1 photos that EXIF turns')
    assert 'upright.py DIR --all' in turned
