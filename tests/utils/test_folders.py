"""fcn8s.utils.files.atomic_folder: a folder that is there when it is whole, in the place of none or of an empty one."""
import errno
import os

import pytest
from disks import small_disk

from fcn8s.utils.errors import ArchiveError
from fcn8s.utils.files import atomic_folder


@pytest.fixture
def target(tmp_path):
    return str(tmp_path / 'data' / 'set')


def fill(target):
    with atomic_folder(target) as new, open(os.path.join(new, 'a.txt'), 'w') as file:
        file.write('alpha')


def test_an_interrupted_folder_vanishes(target):
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as new:
        open(os.path.join(new, 'half'), 'w').close()
        raise KeyboardInterrupt
    assert os.listdir(os.path.dirname(target)) == []


@pytest.mark.parametrize('there', [True, False])
def test_a_link_to_a_folder_stays_and_that_folder_is_filled(tmp_path, target, there):
    disk = tmp_path / 'larger disk' / 'set'
    os.makedirs(str(disk if there else disk.parent))
    os.makedirs(os.path.dirname(target))
    os.symlink(str(disk), target)
    fill(target)
    assert os.path.islink(target) and os.listdir(str(disk)) == ['a.txt']
    assert os.listdir(str(disk.parent)) == ['set']


def test_an_empty_folder_is_replaced(target):
    os.makedirs(target)
    fill(target)
    assert os.listdir(target) == ['a.txt'] and os.listdir(os.path.dirname(target)) == ['set']


def test_a_mount_point_is_refused_before_the_work(tmp_path):
    with small_disk(tmp_path / 'disk', 1) as mounted:
        with pytest.raises(ArchiveError, match=mounted + ' cannot be replaced .*Name a folder in it'), \
                atomic_folder(mounted):
            raise AssertionError('the work began')
        assert os.listdir(str(tmp_path)) == ['disk'] and os.listdir(mounted) == []


def test_a_folder_that_cannot_be_moved_is_refused_before_the_work(target, monkeypatch):
    def refuse(old, new):
        raise OSError(errno.EBUSY, 'Device or resource busy')

    os.makedirs(target)
    monkeypatch.setattr(os, 'rename', refuse)
    with pytest.raises(ArchiveError, match='cannot be replaced .*busy'), atomic_folder(target):
        raise AssertionError('the work began')
    assert os.listdir(os.path.dirname(target)) == ['set']


def test_a_folder_filled_meanwhile_keeps_its_files(target):
    with pytest.raises(OSError), atomic_folder(target):
        os.mkdir(target)
        open(os.path.join(target, 'mine'), 'w').close()
    assert os.listdir(target) == ['mine']
