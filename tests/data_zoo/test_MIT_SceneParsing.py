"""Data_zoo/MIT_SceneParsing on tiny zips, put there by hand or served by a file server."""
import csv
import functools
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import zipfile

import pytest

from Data_zoo.MIT_SceneParsing import prepare as ade
from fcn8s.utils.errors import UserError

COUNTS = {'training': 2, 'validation': 1}
MEMBERS = ['ADEChallengeData2016/' + name for name in (
    'images/training/ADE_train_1.jpg', 'annotations/training/ADE_train_1.png',
    'images/training/ADE_train_2.jpg', 'annotations/training/ADE_train_2.png',
    'images/validation/ADE_val_1.jpg', 'annotations/validation/ADE_val_1.png',
    'sceneCategories.txt')]


def write_zip(folder, members):
    """Returns the MD5 of a zip of these empty files."""
    path = os.path.join(str(folder), 'ADEChallengeData2016.zip')
    with zipfile.ZipFile(path, 'w') as file:
        for name in members:
            file.writestr(name, b'')
    with open(path, 'rb') as file:
        return hashlib.md5(file.read()).hexdigest()


def write_tree(data_dir, members):
    for name in members:
        path = os.path.join(data_dir, *name.split('/')[1:])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'w').close()


@pytest.fixture
def data_dir(tmp_path):
    return str(tmp_path / 'ADEChallengeData2016')


@pytest.fixture
def file_server(tmp_path, monkeypatch):
    """(folder it serves, its address)."""
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.HTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield folder, f'http://127.0.0.1:{server.server_address[1]}'
    server.shutdown()
    server.server_close()


def no_download(*_, **__):
    raise AssertionError('nothing should be downloaded')


def test_download_is_extracted_into_the_one_layout(file_server, data_dir, capsys):
    folder, url = file_server
    md5 = write_zip(folder, MEMBERS)
    assert ade.prepare(data_dir, url + '/ADEChallengeData2016.zip', md5, COUNTS) == data_dir
    for name in MEMBERS:
        assert os.path.isfile(os.path.join(os.path.dirname(data_dir), *name.split('/')))
    assert 'training: 2 images, 2 annotations' in capsys.readouterr().out


def test_zip_put_there_by_hand_is_used(tmp_path, data_dir, monkeypatch):
    md5 = write_zip(tmp_path, MEMBERS)
    ade.prepare(data_dir, 'http://127.0.0.1:9/none', md5, COUNTS)
    assert os.path.isfile(os.path.join(data_dir, 'images', 'validation', 'ADE_val_1.jpg'))


def test_zip_by_hand_with_a_wrong_md5_is_refused_and_kept(tmp_path, data_dir):
    write_zip(tmp_path, MEMBERS)
    with pytest.raises(UserError, match=r'ADEChallengeData2016\.zip'):
        ade.prepare(data_dir, counts=COUNTS)
    assert os.listdir(str(tmp_path)) == ['ADEChallengeData2016.zip']


def test_extracted_folder_is_only_checked(data_dir, monkeypatch):
    monkeypatch.setattr(ade, 'fetch', no_download)
    write_tree(data_dir, MEMBERS)
    assert ade.prepare(data_dir, counts=COUNTS) == data_dir


def test_classes_are_copied_beside_the_images(data_dir):
    write_tree(data_dir, MEMBERS)
    ade.prepare(data_dir, counts=COUNTS)
    with open(os.path.join(data_dir, 'classes.csv'), newline='') as file:
        rows = list(csv.DictReader(file))
    assert [int(row['index']) for row in rows] == list(range(151))
    assert [rows[i]['name'].split(';')[0] for i in (0, 1, 3, 13)] == ['others', 'wall', 'sky', 'person']
    assert [rows[3][colour] for colour in ('red', 'green', 'blue')] == ['6', '230', '230']


def test_own_classes_file_is_kept(data_dir):
    write_tree(data_dir, MEMBERS + ['x/classes.csv'])
    ade.prepare(data_dir, counts=COUNTS)
    assert os.path.getsize(os.path.join(data_dir, 'classes.csv')) == 0


def test_missing_pairs_are_counted(data_dir):
    write_tree(data_dir, MEMBERS[2:])
    with pytest.raises(UserError, match='holds 1 training pairs .*, expected 2'):
        ade.prepare(data_dir, counts=COUNTS)


@pytest.mark.parametrize('missing', [0, 1])
def test_image_or_annotation_without_partner_is_named(data_dir, missing):
    write_tree(data_dir, MEMBERS[:missing] + MEMBERS[missing + 1:])
    with pytest.raises(UserError, match='ADE_train_1'):
        ade.prepare(data_dir, counts=COUNTS)


def test_hidden_files_are_not_counted(data_dir):
    write_tree(data_dir, MEMBERS + ['x/images/training/._ADE_train_1.jpg'])
    ade.prepare(data_dir, counts=COUNTS)


@pytest.mark.parametrize('member', ['x/images/training/a/abbey/ADE_train_00000970_seg.png',
                                    'x/ADE20K_2021_17_01/index_ade20k.pkl'])
def test_full_ade20k_folder_is_said_to_be_it(data_dir, member):
    write_tree(data_dir, [member])
    with pytest.raises(UserError, match='full ADE20K'):
        ade.prepare(data_dir)


def test_full_ade20k_under_the_benchmarks_zip_name_is_said_to_be_it(tmp_path, data_dir):
    write_zip(tmp_path, ['ADE20K_2016_07_26/images/training/a/abbey/ADE_train_00000970.jpg'])
    with pytest.raises(UserError, match='full ADE20K'):
        ade.prepare(data_dir)


def test_full_ade20k_beside_is_noted_and_not_used(tmp_path, data_dir, capsys):
    (tmp_path / 'ADE20K_2021_17_01').mkdir()
    ade.prepare(data_dir, '', write_zip(tmp_path, MEMBERS), COUNTS)
    assert 'ADE20K_2021_17_01 is the full ADE20K' in capsys.readouterr().out


def test_facts_of_the_public_file():
    assert (ade.MD5, ade.COUNTS) == ('7328b3957e407ddae1d3cbf487f149ef', {'training': 20210, 'validation': 2000})


def test_script_runs_from_another_folder_and_ends_with_one_line(tmp_path, data_dir):
    write_tree(data_dir, MEMBERS)
    done = subprocess.run([sys.executable, ade.__file__, '--data_dir', data_dir], cwd=str(tmp_path),
                          check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('error: ') and 'expected 20210' in done.stderr
    assert done.stderr.count('\n') == 1
