"""Folders and linked folders."""
import os

from fcn8s.utils.walk import walk


def names(folder):
    return [(os.path.relpath(where, str(folder)), found) for where, found in walk(str(folder))]


def test_folders_and_files_come_sorted_without_hidden_ones(tmp_path):
    for path in ('b/2.txt', 'b/1.txt', 'a/x.txt', '.git/y.txt', 'b/.z'):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text('')
    assert names(tmp_path) == [('.', []), ('a', ['x.txt']), ('b', ['1.txt', '2.txt'])]


def test_linked_folder_is_entered_and_a_circle_ends(tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'a.jpg').write_text('')
    (tmp_path / 'export').mkdir()
    os.symlink(str(tmp_path / 'photos'), str(tmp_path / 'export' / 'images'))
    os.symlink(str(tmp_path / 'export'), str(tmp_path / 'export' / 'self'))
    assert names(tmp_path / 'export') == [('.', []), ('images', ['a.jpg'])]


def test_missing_folder_has_nothing(tmp_path):
    assert names(tmp_path / 'none') == []
