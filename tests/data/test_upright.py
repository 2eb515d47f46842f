import os

import numpy as np
import pytest
from image_files import save, save_palette
from turned_photos import IDS, TO_UPRIGHT, exif

from Data_zoo.upright import main
from fcn8s.data.annotations import examine_annotation, read_annotation
from fcn8s.utils.errors import UserError


@pytest.fixture
def data_dir(tmp_path):
    """Photos of 2 x 3 stored pixels, p1 to p8, each with the EXIF orientation of its name; masks of these pixels."""
    for kind in ('images', 'annotations'):
        (tmp_path / kind / 'training').mkdir(parents=True)
    for orientation in range(1, 9):
        save(str(tmp_path / 'images' / 'training' / f'p{orientation}.jpg'), np.zeros((2, 3, 3), np.uint8),
             exif=exif(orientation))
        save(mask(tmp_path, orientation), IDS)
    return tmp_path


def mask(data_dir, orientation):
    return str(data_dir / 'annotations' / 'training' / f'p{orientation}.png')


def upright_ones(data_dir):
    return [orientation for orientation, turn in TO_UPRIGHT.items()
            if read_annotation(mask(data_dir, orientation)).tolist() == turn(IDS).tolist()]


def test_annotations_whose_size_shows_it_turn_as_their_photos(data_dir, capsys):
    main([str(data_dir)])
    assert upright_ones(data_dir) == [1, 5, 6, 7, 8]
    shown = capsys.readouterr().out
    assert '4 annotations marked' in shown and '3 annotations left as they are' in shown


def test_all_are_marked_on_request_and_only_once(data_dir, capsys):
    main([str(data_dir), '--all'])
    assert upright_ones(data_dir) == list(range(1, 9))
    main([str(data_dir), '--all'])
    assert upright_ones(data_dir) == list(range(1, 9))
    assert capsys.readouterr().out.splitlines() == ['7 annotations marked: they turn with their photos',
                                                    '0 annotations marked: they turn with their photos']


def test_annotation_that_is_upright_by_its_size_is_left(data_dir):
    save(mask(data_dir, 6), TO_UPRIGHT[6](IDS))
    main([str(data_dir), '--all'])
    assert upright_ones(data_dir) == list(range(1, 9))


def test_nothing_else_of_the_file_changes(data_dir):
    colours = [(n, 255 - n, 7) for n in range(256)]
    save_palette(mask(data_dir, 3), [5, 200, 0], colours)
    save(str(data_dir / 'images' / 'training' / 'p3.jpg'), np.zeros((1, 3, 3), np.uint8), exif=exif(3))
    with open(mask(data_dir, 3), 'rb') as file:
        before = file.read()
    main([str(data_dir), '--all'])
    with open(mask(data_dir, 3), 'rb') as file:
        after = file.read()
    at = after.index(b'eXIf') - 4
    assert after[:at] + after[at + 12 + 26:] == before  # length, name, 26 bytes, CRC
    annotation = examine_annotation(mask(data_dir, 3))
    assert annotation.ids.tolist() == [[0, 200, 5]]
    assert annotation.palette.tolist() == [list(colour) for colour in colours]


def test_annotation_that_cannot_be_marked_is_named_before_any_is_changed(data_dir):
    save(mask(data_dir, 8), IDS, format='BMP')
    with pytest.raises(UserError, match='p8.png is no PNG'):
        main([str(data_dir)])
    assert upright_ones(data_dir) == [1]
    assert not [name for name in os.listdir(str(data_dir / 'annotations' / 'training')) if 'partial' in name]
