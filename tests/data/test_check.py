import os

import numpy as np
import pytest
from image_files import save, save_palette
from turned_photos import corner, exif

from fcn8s.data import check as data_health
from fcn8s.data.check import examine, print_findings
from fcn8s.utils.errors import UserError


def report(*args, **options):
    return print_findings(examine(*args, **options))



@pytest.fixture
def data_dir(tmp_path):
    """Two classes; training pairs a (4 x 5, all 0) and b (2 x 10, half 1), validation pair v (1 x 20, one 1)."""
    for kind in ('images', 'annotations'):
        for split in ('training', 'validation'):
            (tmp_path / kind / split).mkdir(parents=True)
    (tmp_path / 'classes.csv').write_text('index,name,red,green,blue\n0,ground,0,0,0\n1,cat,9,9,9\n')
    half = np.repeat(np.array([[0], [1]], np.uint8), 10, axis=1)
    add(tmp_path, 'training', 'a', (4, 5), np.zeros((4, 5), np.uint8))
    add(tmp_path, 'training', 'b', (2, 10), half)
    add(tmp_path, 'validation', 'v', (1, 20), np.eye(1, 20, dtype=np.uint8))
    return tmp_path


def add(folder, split, stem, size, ids):
    save(str(folder / 'images' / split / (stem + '.png')), np.zeros(size + (3,), np.uint8))
    save(str(folder / 'annotations' / split / (stem + '.png')), ids)


def lines(capsys):
    return [' '.join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_healthy_folder_has_no_problems(data_dir, capsys):
    assert report(str(data_dir)) == 0
    assert lines(capsys)[-1] == 'no problems found'


def test_splits_are_summed_up(data_dir, capsys):
    add(data_dir, 'validation', 'v', (1, 20), np.zeros((1, 20), np.uint8))
    report(str(data_dir))
    found = lines(capsys)
    assert 'training: 2 pairs' in found
    assert any(line.startswith('heights 2 to 4, widths 5 to 10;') for line in found)
    assert 'ids 0 to 1; classes never seen: none' in found
    assert 'ids 0 to 0; classes never seen: 1 cat' in found


def test_table_gives_share_of_pixels_and_number_of_images(data_dir, capsys):
    report(str(data_dir))
    found = lines(capsys)
    assert '0 ground 75.000% 2 95.000% 1' in found  # 20 + 10 of 40 pixels, 19 of 20
    assert '1 cat 25.000% 1 5.000% 1' in found


def test_ignored_id_is_no_problem_and_counts_for_no_share(data_dir, capsys):
    add(data_dir, 'validation', 'w', (1, 20), np.full((1, 20), 255, np.uint8))
    assert report(str(data_dir), ignore_label=255) == 0
    found = lines(capsys)
    assert '0 ground 75.000% 2 95.000% 1' in found
    assert '255 (ignored) - 0 - 1' in found


def test_all_problems_are_listed_in_one_go(data_dir, capsys):
    add(data_dir, 'training', 'high', (1, 2), np.array([[0, 7]], np.uint8))
    add(data_dir, 'training', 'sizes', (4, 5), np.zeros((5, 4), np.uint8))
    add(data_dir, 'training', 'mask', (1, 1), np.array([[[1, 2, 3]]], np.uint8))
    (data_dir / 'images' / 'training' / 'a.png').write_bytes(b'text')
    (data_dir / 'images' / 'training' / 'alone.jpg').write_bytes(b'')
    (data_dir / 'annotations' / 'validation' / 'lost.png').write_bytes(b'')
    assert report(str(data_dir)) == 1
    found = lines(capsys)
    problems = [line for line in found if line[0].isdigit() and '. ' in line[:4]]
    assert found[-1] == '6 problems found'
    assert [line.split('.')[0] for line in problems] == ['1', '2', '3', '4', '5', '6']
    for name in ('high.png holds the ids 7', 'sizes.png is 5 x 4', 'mask.png', 'a.png: this is not a JPEG', 'alone.jpg',
                 'lost.png'):
        assert sum(name in line for line in problems) == 1


def test_missing_split_is_a_problem_and_the_other_is_examined(data_dir, capsys):
    os.rename(str(data_dir / 'images' / 'validation'), str(data_dir / 'images' / 'val'))
    assert report(str(data_dir)) == 1
    found = '\n'.join(lines(capsys))
    assert 'training: 2 pairs' in found
    assert 'rename' in found


def test_faulty_class_list_is_a_problem_and_the_ids_are_still_counted(data_dir, capsys):
    (data_dir / 'classes.csv').write_text('')
    assert report(str(data_dir)) == 1
    found = lines(capsys)
    assert 'classes.csv, line 1' in '\n'.join(found)
    assert '1 (no class) 25.000% 1 5.000% 1' in found


def test_one_fault_in_every_file_is_one_problem(data_dir, capsys):
    for n in range(60):
        (data_dir / 'images' / 'training' / f'n{n:02}.jpg').write_bytes(b'')
        save(str(data_dir / 'annotations' / 'training' / f'n{n:02}.png'), np.zeros((1, 1), np.uint8))
    report(str(data_dir))
    problem, end = lines(capsys)[-2:]
    assert problem.startswith('1. 60 files alike: ') and 'n00.jpg: the file is empty' in problem
    assert 'n01.jpg, ' in problem and problem.endswith('n02.jpg and 57 more')
    assert end == '1 problem found'


def test_many_kinds_of_problems_are_cut_short(data_dir, capsys, monkeypatch):
    monkeypatch.setattr(data_health, 'SHOWN', 1)
    (data_dir / 'images' / 'training' / 'a.png').write_bytes(b'text')
    (data_dir / 'images' / 'training' / 'b.png').write_bytes(b'')
    report(str(data_dir))
    assert lines(capsys)[-2:] == ['... and 1 more', '2 problems found']


def test_missing_folder_is_said(tmp_path):
    with pytest.raises(UserError, match='none: no such folder'):
        examine(str(tmp_path / 'none'))


@pytest.mark.parametrize('link', [False, True])
def test_photos_in_subfolders_are_a_problem(data_dir, capsys, link):
    away = data_dir / 'elsewhere' if link else data_dir / 'images' / 'training' / 'city'
    (away / 'old town').mkdir(parents=True)
    for name in ('x.jpg', 'old town/y.jpg'):
        (away / name).write_bytes(b'')
    if link:
        os.symlink(str(away), str(data_dir / 'images' / 'training' / 'city'))
    (data_dir / 'images' / 'validation' / '.thumbnails').mkdir()
    (data_dir / 'images' / 'validation' / '.thumbnails' / 'v.png').write_bytes(b'')
    assert report(str(data_dir)) == 1
    found = lines(capsys)
    assert found[-2].startswith('1. 2 photos in subfolders of ') and 'city/x.jpg, are not read' in found[-2]
    assert found[-1] == '1 problem found'


def test_masks_of_one_class_are_warned_of(data_dir, capsys):
    for stem in 'ab':
        os.remove(str(data_dir / 'images' / 'training' / (stem + '.png')))
        os.remove(str(data_dir / 'annotations' / 'training' / (stem + '.png')))
    add(data_dir, 'training', 'c', (4, 5), np.ones((4, 5), np.uint8))
    assert report(str(data_dir)) == 0
    warning, end = lines(capsys)[-2:]
    assert warning.startswith('warning: training: in all annotations the only class is 1 cat:')
    assert end == 'no problems found, 1 warning'


def test_photos_that_exif_turns_are_counted_and_masks_of_stored_pixels_suspected(data_dir, capsys):
    photo, ids = corner()
    save(str(data_dir / 'images' / 'training' / 't.jpg'), photo, exif=exif(3))
    save(str(data_dir / 'annotations' / 'training' / 't.png'), ids)
    save(str(data_dir / 'images' / 'validation' / 't.jpg'), photo, exif=exif(3))
    save(str(data_dir / 'annotations' / 'validation' / 't.png'), np.rot90(ids, 2))
    assert report(str(data_dir)) == 0
    found = lines(capsys)
    assert found.count('photos turned upright by EXIF: 1; their annotations: 1 of a size that fits both ways') == 2
    [warning] = [line for line in found if line.startswith('warning')]
    assert warning.startswith('warning: training: ') and 'upright.py DIR --all' in warning


def test_masks_of_stored_pixels_that_stand_upright_are_a_problem(data_dir, capsys):
    for n in range(3):
        save(str(data_dir / 'images' / 'training' / f't{n}.jpg'), np.zeros((2 + n, 9, 3), np.uint8), exif=exif(6))
        save(str(data_dir / 'annotations' / 'training' / f't{n}.png'), np.zeros((2 + n, 9), np.uint8))
    assert report(str(data_dir)) == 1
    found = lines(capsys)
    assert 'photos turned upright by EXIF: 3; their annotations: 3 drawn on the stored pixels' in found
    assert found[-2].startswith('1. 3 files alike: ') and 'python Data_zoo/upright.py DIR' in found[-2]


def test_palette_in_another_order_than_the_classes_is_a_problem(data_dir, capsys):
    (data_dir / 'classes.csv').write_text('index,name,red,green,blue\n0,ground,0,0,0\n1,cat,220,60,20\n'
                                         '2,dog,20,60,220\n')
    path = str(data_dir / 'annotations' / 'training' / 'a.png')
    save(str(data_dir / 'images' / 'training' / 'a.png'), np.zeros((1, 3, 3), np.uint8))
    save_palette(path, [0, 1, 2], [(0, 0, 0), (20, 60, 220), (220, 60, 20)] + [(0, 0, 0)] * 253)
    assert report(str(data_dir)) == 1
    problem = lines(capsys)[-2]
    for words in ('a.png: the palette', 'index 1 has 20,60,220, which is 2 dog',
                  'index 2 has 220,60,20, which is 1 cat', 'python Data_zoo/colour_masks.py MASKS classes.csv IDS'):
        assert words in problem


def test_transparent_ids_are_named(data_dir, capsys):
    save_palette(str(data_dir / 'annotations' / 'validation' / 'v.png'), [0] * 10 + [1] * 10, [(9, 9, 9)] * 256,
                 transparency=bytes([0] + [255] * 255))
    report(str(data_dir))
    assert 'transparent ids, read like any others: 0 (in 1 annotations)' in lines(capsys)
