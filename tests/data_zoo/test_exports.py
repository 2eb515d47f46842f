"""What all conversions of exports share: splits, classes, names, reports. LabelMe's form serves as the example."""
import os

import numpy as np
import pytest
from export_files import (
    SQUARE,
    annotate,
    annotations,
    class_colours,
    class_names,
    convert,
    counts,
    photo,
    shape,
    split_of,
)

from Data_zoo.export_classes import hex_colour, number_classes
from Data_zoo.export_splits import part_of, split_named
from Data_zoo.LabelMe import prepare as labelme
from fcn8s.data import check
from fcn8s.utils.errors import ArchiveError, UserError


@pytest.fixture
def export(tmp_path):
    for i in range(12):
        annotate(tmp_path / 'export', f'p{i}', shape('cat', SQUARE))
    return tmp_path / 'export'


def splits(data):
    return {name: split_of(data, name) for name in annotations(data)}


def test_result_passes_the_data_check(tmp_path, export, capsys):
    data = convert(labelme, export, tmp_path / 'data')
    assert check.print_findings(check.examine(data)) == 0
    assert 'no problems found' in capsys.readouterr().out


def test_photos_keep_their_split_when_others_are_added(tmp_path, export):
    before = splits(convert(labelme, export, tmp_path / 'data'))
    for i in range(100, 120):
        annotate(export, f'p{i}', shape('cat', SQUARE))
    after = splits(convert(labelme, export, tmp_path / 'more'))
    assert {name: after[name] for name in before} == before
    assert set(before.values()) == {'training', 'validation'}


def test_split_follows_the_hash_of_the_name(tmp_path, export):
    expected = {f'p{i}': 'validation' if part_of(f'p{i}') < .3 else 'training' for i in range(12)}
    assert splits(convert(labelme, export, tmp_path / 'data', '--validation=0.3')) == expected


def test_hash_is_that_of_the_composed_name_alone():
    assert part_of('x/cafe\u0301.jpg') == part_of('y/caf\u00e9.PNG') == pytest.approx(0x850f7dc4 / 2**32, abs=1e-9)


def test_neither_split_is_empty(tmp_path):
    for name in 'ab':
        annotate(tmp_path / 'export', name, shape('cat', SQUARE))
    assert set(splits(convert(labelme, tmp_path / 'export', tmp_path / 'data')).values()) == {'training', 'validation'}


@pytest.mark.parametrize('text, split', [('instances_val2017.json', 'validation'), ('train', 'training'),
                                         ('valid/_annotations.coco.json', 'validation'), ('test', 'test'),
                                         ('trainval', None), ('default', None), ('train_and_val', None)])
def test_split_words(text, split):
    assert split_named(text) == split


def test_report_counts_photos_objects_and_pixels(tmp_path, export, capsys):
    convert(labelme, export, tmp_path / 'my data')
    shown = capsys.readouterr().out
    assert '  1  cat                                      144 pixels   15.00%' in shown
    assert "python FCN_train.py --data_dir='" in shown and "my data' --logs_dir='logs/my data' --learn" in shown


def test_photos_without_objects_are_background_or_left_out(tmp_path, export, capsys):
    annotate(export, 'empty')
    assert counts(convert(labelme, export, tmp_path / 'data'), 'empty') == {0: 80}
    assert '1 photos without an object are all others: export/empty.jpg' in capsys.readouterr().out
    assert 'empty' not in annotations(convert(labelme, export, tmp_path / 'other', '--skip_empty'))


def test_photos_of_one_name_in_two_folders(tmp_path, export):
    annotate(export / 'left', 'same', shape('cat', SQUARE))
    annotate(export / 'right', 'same', shape('dog', SQUARE))
    data = convert(labelme, export, tmp_path / 'data')
    assert counts(data, 'left_same') == {0: 68, 1: 12} and counts(data, 'right_same') == {0: 68, 2: 12}


def test_photo_annotated_twice_is_refused(tmp_path, export):
    (export / 'copy.json').write_text((export / 'p1.json').read_text())
    with pytest.raises(UserError, match=r'p1\.jpg is annotated twice'):
        convert(labelme, export, tmp_path / 'data')


def test_existing_folder_is_left_alone(tmp_path, export):
    photo(tmp_path / 'data' / 'mine.jpg')
    with pytest.raises(ArchiveError, match='exists already'):
        convert(labelme, export, tmp_path / 'data')


def test_linked_folder_of_photos_is_entered(tmp_path, export):
    (tmp_path / 'photos').mkdir()
    for i in range(12):
        os.rename(str(export / f'p{i}.jpg'), str(tmp_path / 'photos' / f'p{i}.jpg'))
    os.symlink(str(tmp_path / 'photos'), str(export / 'images'))
    assert len(annotations(convert(labelme, export, tmp_path / 'data'))) == 12


def test_photos_in_another_folder(tmp_path, export):
    os.rename(str(export / 'p1.jpg'), str(tmp_path / 'P1.JPG'))
    for i in range(12):
        if i != 1:
            os.rename(str(export / f'p{i}.jpg'), str(tmp_path / f'p{i}.jpg'))
    data = convert(labelme, export, tmp_path / 'data', '--photos', str(tmp_path))
    assert len(annotations(data)) == 12


def test_classes_csv_keeps_ids(tmp_path, export):
    first = convert(labelme, export, tmp_path / 'data')
    annotate(export, 'more', shape('ant', SQUARE), shape('cat', [[0, 0], [1, 0], [1, 1], [0, 1]]))
    with pytest.raises(UserError, match=r'classes\.csv lists 2 classes.*without these of the export: ant'):
        convert(labelme, export, tmp_path / 'new', '--classes', os.path.join(first, 'classes.csv'))
    with open(os.path.join(first, 'classes.csv'), 'a') as file:
        file.write('2,ant,1,2,3\n')
    data = convert(labelme, export, tmp_path / 'new', '--classes', os.path.join(first, 'classes.csv'))
    assert counts(data, 'more') == {0: 67, 1: 1, 2: 12} and class_names(data) == ['others', 'cat', 'ant']
    assert class_colours(data)[2] == (1, 2, 3)


def test_colours_of_the_tool_are_kept_and_missing_ones_made():
    names = number_classes([('sky', (1, 2, 3)), ('void', (9, 9, 9)), ('sea', None), ('sand', (1, 2, 3))])
    assert [(c.name, c.colour) for c in names.classes] == [
        ('void', (0, 0, 0)), ('sky', (1, 2, 3)), ('sea', (128, 0, 0)), ('sand', (0, 128, 0))]


def test_names_that_differ_in_form_only_are_one_class():
    names = number_classes([('cafe\u0301', None), (' caf\u00e9 ', None)])
    assert len(names.classes) == 2 and names('cafe\u0301') == 1


def test_names_with_halves_of_letters_can_be_written(tmp_path):
    assert number_classes([('a\ud800', None)]).classes[1].name == 'a?'


@pytest.mark.parametrize('name', ['', ' \n'])
def test_class_without_a_name_is_refused(name):
    with pytest.raises(UserError, match='has no name'):
        number_classes([(name, None)])


def test_up_to_254_classes_beside_the_background():
    assert len({c.colour for c in number_classes([(str(i), None) for i in range(254)]).classes}) == 255
    with pytest.raises(UserError, match='255 classes, but an annotation of bytes holds 254'):
        number_classes([(str(i), None) for i in range(255)])


def test_colours_as_html_writes_them():
    assert hex_colour('#ff8000') == (255, 128, 0) and hex_colour('red') is None and hex_colour(None) is None


@pytest.mark.parametrize('share', ['0', '1', 'x', 'nan'])
def test_share_that_is_none_is_refused(tmp_path, export, share):
    with pytest.raises(SystemExit):
        convert(labelme, export, tmp_path / 'data', f'--validation={share}')


def test_missing_export_and_archives_are_named(tmp_path):
    with pytest.raises(UserError, match='no such folder or file'):
        convert(labelme, tmp_path / 'export', tmp_path / 'data')
    (tmp_path / 'export.zip').write_bytes(b'PK')
    with pytest.raises(UserError, match='is an archive. Extract it'):
        convert(labelme, tmp_path / 'export.zip', tmp_path / 'data')


def test_photos_are_the_same_bytes(tmp_path, export):
    data = convert(labelme, export, tmp_path / 'data')
    path = os.path.join(data, 'images', split_of(data, 'p3'), 'p3.jpg')
    assert np.array_equal(np.fromfile(path, np.uint8), np.fromfile(str(export / 'p3.jpg'), np.uint8))
