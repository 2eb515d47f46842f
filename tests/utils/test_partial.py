"""Partial files and folders of killed processes go, and nobody else's do."""
import os
import subprocess
import sys

import pytest
from project import PROJECT

from fcn8s.utils.files import atomic_folder
from fcn8s.utils.partial import PREFIX, new_tag, remove_abandoned_files

if os.name == 'nt':
    pytest.skip('on Windows only the age is known', allow_module_level=True)


def tag_of_the_dead():
    command = [sys.executable, '-c', 'from fcn8s.utils.partial import new_tag; print(new_tag())']
    return subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def write(folder, name, hours=0):
    path = folder / name
    path.write_bytes(b'x')
    os.utime(str(path), (os.stat(str(path)).st_mtime - 3600 * hours,) * 2)


def test_file_of_a_dead_process_goes(tmp_path):
    name = PREFIX + tag_of_the_dead() + '.png'
    write(tmp_path, name)
    assert remove_abandoned_files(str(tmp_path)) == [name] and os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('name, hours', [(PREFIX + new_tag() + '.png', 0), (PREFIX + 32 * 'f', 23),
                                         ('.partial-mine', 99), (PREFIX + 31 * '0' + 'x.png', 99)],
                         ids=['of the living', 'of another machine', 'of no tag', 'of letters'])
def test_file_of_others_stays(tmp_path, name, hours):
    write(tmp_path, name, hours)
    assert remove_abandoned_files(str(tmp_path)) == [] and os.listdir(str(tmp_path)) == [name]


def test_file_of_another_machine_goes_after_a_day(tmp_path):
    write(tmp_path, PREFIX + 32 * 'f', hours=25)
    assert remove_abandoned_files(str(tmp_path)) == [PREFIX + 32 * 'f']


def test_unfinished_folder_of_a_dead_process_goes_and_others_stay(tmp_path):
    stays = ['x.unfinished-mine', 'x.unfinished-' + new_tag() + '-a', 'y.unfinished-' + tag_of_the_dead() + '-a']
    for name in stays + ['x.unfinished-' + tag_of_the_dead() + '-a']:
        (tmp_path / name / 'x').mkdir(parents=True)
    with atomic_folder(str(tmp_path / 'x')):
        pass
    assert sorted(os.listdir(str(tmp_path))) == sorted(stays + ['x'])
