"""Downloads and archives that find no room on a real disk: told before they begin, or when it happens."""
import os
import zipfile

import numpy as np
import pytest

if not hasattr(os, 'fork'):
    pytest.skip('needs a mounted disk', allow_module_level=True)

from bad_server import Server, running
from disks import small_disk

from fcn8s.utils.archive import unzip
from fcn8s.utils.download import DownloadError, fetch
from fcn8s.utils.errors import ArchiveError

NOISE = np.random.RandomState(0).bytes(3 << 20)  # which no zip makes smaller


@pytest.fixture
def disk(tmp_path):
    """A disk of 2 MB."""
    with small_disk(tmp_path / 'disk', 2) as disk:
        yield disk


@pytest.mark.parametrize('lengthless, words', [(False, r'it needs 3.1 MB more and the disk has 2.1 MB free'),
                                               (True, 'No space left on device')])
def test_download_that_finds_no_room_is_told_and_not_finished(disk, monkeypatch, lengthless, words):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with running(Server(NOISE)) as server, pytest.raises(DownloadError, match=words):
        server.lengthless = lengthless
        fetch(server.url, os.path.join(disk, 'file.bin'), tries=2, wait=0.001)
    assert not os.path.exists(os.path.join(disk, 'file.bin'))


def test_archive_that_finds_no_room_is_told_and_leaves_nothing(disk, tmp_path):
    archive = str(tmp_path / 'noise.zip')
    with zipfile.ZipFile(archive, 'w') as file:
        file.writestr('noise.bin', NOISE)
    with pytest.raises(ArchiveError, match=r'needs 3.1 MB when extracted and the disk of .* has 2.1 MB free'):
        unzip(archive, os.path.join(disk, 'data'))
    assert os.listdir(disk) == []


def test_archive_of_many_small_files_that_fills_the_disk_leaves_nothing(disk, tmp_path):
    archive = str(tmp_path / 'many.zip')
    with zipfile.ZipFile(archive, 'w') as file:
        for number in range(600):  # of 1 byte, for which the disk takes 4096
            file.writestr(str(number), b'x')
    with pytest.raises(ArchiveError, match='No space left on device'):
        unzip(archive, os.path.join(disk, 'data'))
    assert os.listdir(disk) == []
