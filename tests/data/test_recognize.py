"""Exports are recognized by their files, and the command that is named converts them."""
import json
import os
import shlex
import subprocess
import sys

import numpy as np
import pytest
from export_files import SQUARE, annotate, photo, shape
from project import PROJECT
from tool_exports import IDS, TOOLS, beside, label_studio, labelme, yolo

import read_data
from fcn8s.data.recognize import recognize
from fcn8s.visualize import save_ids


@pytest.mark.parametrize('write, tool', TOOLS.items(), ids=lambda value: getattr(value, '__name__', None))
def test_export_is_recognized_and_its_command_names_it(tmp_path, write, tool):
    write(tmp_path / 'my export')
    path = str(tmp_path / 'my export')
    assert recognize(path).command == f"python Data_zoo/{tool}/prepare.py '{path}' my_data"


@pytest.mark.parametrize('write', [labelme, beside])
def test_command_that_is_printed_converts_the_export(tmp_path, monkeypatch, capsys, write):
    write(tmp_path / 'export')
    monkeypatch.setattr(sys, 'argv', ['read_data.py', str(tmp_path / 'export')])
    assert read_data.main() == 1
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith('Convert it: python ')]
    _, script, export, _ = shlex.split(line[len('Convert it: '):])
    subprocess.run([sys.executable, os.path.join(PROJECT, script), export, str(tmp_path / 'data')], check=True)
    monkeypatch.setattr(sys, 'argv', ['read_data.py', str(tmp_path / 'data')])
    assert read_data.main() == 0


def test_many_photos_hide_no_other_file(tmp_path, monkeypatch):
    monkeypatch.setattr('fcn8s.data.recognize.MOST_FILES', 3)
    for name in 'abcdefgh':
        annotate(tmp_path / 'deep', name, shape('cat', SQUARE))
        photo(tmp_path / (name + '.jpg'))
    os.rename(str(tmp_path / 'deep' / 'h.json'), str(tmp_path / 'z.json'))
    assert 'LabelMe' in str(recognize(str(tmp_path)))


def test_single_file_is_recognized(tmp_path):
    label_studio(tmp_path)
    assert 'Data_zoo/LabelStudio/prepare.py' in str(recognize(str(tmp_path / 'project.json')))


def test_large_photo_within_a_labelme_file_does_not_hide_it(tmp_path):
    content = {'shapes': [], 'imageData': 'A' * 2**20, 'imagePath': 'a.jpg', 'imageHeight': 8}
    (tmp_path / 'a.json').write_text(json.dumps(content))
    assert 'LabelMe' in str(recognize(str(tmp_path)))


def test_brush_pngs_need_the_names_of_their_photos(tmp_path):
    photo(tmp_path / 'task-1-annotation-2-by-1-tag-cat-0.png')
    assert 'LabelStudio/prepare.py' in str(recognize(str(tmp_path))) and 'JSON or CSV' in str(recognize(str(tmp_path)))


def test_boxes_are_told_from_outlines(tmp_path):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / 'a.txt').write_text('0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.1 0.1\n')
    found = recognize(str(tmp_path))
    assert "boxes in YOLO's form" in str(found) and not found.command


def test_boxes_of_voc(tmp_path):
    (tmp_path / 'a.xml').write_text('<annotation><object><bndbox></bndbox></object></annotation>')
    assert "boxes in PASCAL VOC's form (a.xml)" in str(recognize(str(tmp_path)))


def test_colour_masks_alone_get_the_command_for_colours(tmp_path):
    for name in 'ab':
        save_ids(str(tmp_path / (name + '.png')), IDS, np.array([[0, 0, 0], [220, 60, 20]], np.uint8))
    assert recognize(str(tmp_path)).command == (f'python Data_zoo/colour_masks.py {tmp_path} classes.csv '
                                                'my_data/annotations/training')


def test_archive_is_to_be_extracted(tmp_path):
    (tmp_path / 'a.zip').write_bytes(b'PK')
    assert 'an archive.\nExtract it' in str(recognize(str(tmp_path / 'a.zip')))


@pytest.mark.parametrize('files', [['images/training/a.json'], ['ADE/images/training/a.jpg', 'ADE/x.json'],
                                   ['images/ADE/a/b_seg.png', 'images/ADE/a/b.jpg'], ['a.txt', 'b.json', 'c.xml'], []])
def test_other_folders_are_not_recognized(tmp_path, files):
    for name in files:
        os.makedirs(os.path.dirname(str(tmp_path / name)), exist_ok=True)
        (tmp_path / name).write_text('1 2 3')
    assert recognize(str(tmp_path)) is None


def test_data_set_that_has_a_converter_is_named(tmp_path):
    photo(tmp_path / 'leftImg8bit' / 'train' / 'a.png')
    assert f'Convert it: python Data_zoo/Cityscapes/prepare.py --source={tmp_path}' in str(recognize(str(tmp_path)))


def test_photos_without_masks_are_not_recognized(tmp_path):
    photo(tmp_path / 'images' / 'a.jpg')
    assert recognize(str(tmp_path)) is None


def test_missing_folder_is_not_recognized(tmp_path):
    assert recognize(str(tmp_path / 'none')) is None


def test_training_on_an_export_names_the_command(tmp_path):
    yolo(tmp_path)
    with pytest.raises(read_data.DataError, match='Fix: .*\nConvert it: python Data_zoo/YOLO/prepare.py') as error:
        read_data.read_dataset(str(tmp_path), 'training')
    assert 'rename' not in str(error.value)


def test_folder_that_a_converter_would_have_to_make_is_explained():
    missing = os.path.join(PROJECT, 'Data_zoo', 'LabelMe', 'data')
    with pytest.raises(read_data.UserError, match='needs to know where that is: python .*prepare.py EXPORT'):
        read_data.ensure_data_set(missing)


def test_masks_of_the_project_itself_are_no_export(tmp_path):
    for kind in ('images', 'annotations'):
        photo(tmp_path / kind / 'training' / 'a.png')
    assert recognize(str(tmp_path)) is None
