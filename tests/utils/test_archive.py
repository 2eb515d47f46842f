"""fcn8s.utils.archive against damaged and hostile zips made by hand."""
import os
import random
import re
import stat
import struct
import zipfile

import pytest

from fcn8s.utils import archive
from fcn8s.utils.archive import unzip
from fcn8s.utils.errors import ArchiveError

FILES = {'top/a.txt': b'alpha', 'top/sub/b.bin': bytes(range(256)) * 40, 'other/c.txt': b'gamma'}


@pytest.fixture
def target(tmp_path):
    return str(tmp_path / 'data' / 'set')


def make_zip(tmp_path, members, compression=zipfile.ZIP_DEFLATED):
    """members: name or ZipInfo -> bytes."""
    path = str(tmp_path / 'some.zip')
    with zipfile.ZipFile(path, 'w', compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def tree(folder):
    """Relative path -> bytes of every file below folder."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), 'rb') as file:
                found[os.path.relpath(os.path.join(where, name), folder).replace(os.sep, '/')] = file.read()
    return found


def assert_refused(path, target, match, **options):
    with pytest.raises(ArchiveError, match=match) as error:
        unzip(path, target, **options)
    assert path in str(error.value)
    assert not os.path.exists(target)
    assert not os.path.exists(os.path.dirname(target)) or os.listdir(os.path.dirname(target)) == []


def test_all_files_are_extracted(tmp_path, target):
    unzip(make_zip(tmp_path, FILES), target)
    assert tree(target) == FILES
    assert os.listdir(os.path.dirname(target)) == ['set']


def test_root_is_left_out_of_the_extracted_paths(tmp_path, target):
    unzip(make_zip(tmp_path, FILES), target, root='top')
    assert tree(target) == {'a.txt': b'alpha', 'sub/b.bin': FILES['top/sub/b.bin']}


def test_missing_root_names_what_the_archive_holds(tmp_path, target):
    assert_refused(make_zip(tmp_path, FILES), target, 'other, top', root='absent')


def test_extracted_folder_is_as_open_as_any_new_folder(tmp_path, target):
    os.mkdir(str(tmp_path / 'plain'))
    unzip(make_zip(tmp_path, FILES), target)
    assert os.stat(target).st_mode == os.stat(str(tmp_path / 'plain')).st_mode


def test_empty_target_is_filled(tmp_path, target):
    os.makedirs(target)
    unzip(make_zip(tmp_path, FILES), target)
    assert tree(target) == FILES


def test_target_with_files_is_left_as_it_is(tmp_path, target):
    os.makedirs(target)
    with open(os.path.join(target, 'mine.txt'), 'w') as file:
        file.write('mine')
    with pytest.raises(ArchiveError, match=re.escape(target)):
        unzip(make_zip(tmp_path, FILES), target)
    assert tree(target) == {'mine.txt': b'mine'}


@pytest.mark.parametrize('name', ['/etc/evil', '../evil', 'a/../../evil', 'C:/evil', 'a\\..\\evil', 'a/b:stream'])
def test_paths_that_lead_outside_are_refused(tmp_path, target, name):
    assert_refused(make_zip(tmp_path, {'good': b'good', name: b'evil'}), target, re.escape(repr(name)))


@pytest.mark.parametrize('kind', [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, target, kind):
    info = zipfile.ZipInfo('link')
    info.external_attr = (kind | 0o777) << 16
    assert_refused(make_zip(tmp_path, {info: b'/etc/passwd'}), target, 'link')


def test_an_unsafe_name_outside_the_root_refuses_the_whole_archive(tmp_path, target):
    assert_refused(make_zip(tmp_path, dict(FILES, **{'../evil': b'evil'})), target, 'evil', root='top')


def test_encrypted_files_are_refused(tmp_path, target):
    path = make_zip(tmp_path, {'a': b'alpha'})
    patch(path, b'PK\x01\x02', 8, struct.pack('<H', 1))
    assert_refused(path, target, 'encrypted')


def test_declared_bomb_is_refused_before_anything_is_written(tmp_path, target):
    assert_refused(make_zip(tmp_path, {'zeros': bytes(5000000)}), target, '5000000')


def test_ratio_limit_is_for_the_caller_to_widen(tmp_path, target):
    unzip(make_zip(tmp_path, {'zeros': bytes(5000000)}), target, max_ratio=2000)
    assert os.path.getsize(os.path.join(target, 'zeros')) == 5000000


@pytest.mark.parametrize('declared', [10, 20000])
def test_file_of_another_size_than_declared_is_refused(tmp_path, target, declared):
    path = make_zip(tmp_path, {'a': bytes(bytearray(i * i % 251 for i in range(10240)))})
    patch(path, b'PK\x01\x02', 24, struct.pack('<I', declared))
    assert_refused(path, target, 'not a whole zip')


def test_second_entry_of_the_same_name_is_refused(tmp_path, target):
    path = str(tmp_path / 'double.zip')
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('a', b'first')
        with pytest.warns(UserWarning):
            file.writestr('a', b'second')
    assert_refused(path, target, 'exists')


def test_full_disk_is_seen_before_anything_is_written(tmp_path, target, monkeypatch):
    path = make_zip(tmp_path, FILES)
    monkeypatch.setattr(archive.shutil, 'disk_usage', lambda _: type('Usage', (), {'free': 10249}))
    assert_refused(path, target, 'MB free')


@pytest.mark.parametrize('keep', [0, 1, 100, -1, -30])
def test_truncated_zip_is_refused(tmp_path, target, keep):
    path = make_zip(tmp_path, FILES)
    with open(path, 'rb') as file:
        data = file.read()
    with open(path, 'wb') as file:
        file.write(data[:keep])
    assert_refused(path, target, 'not a whole zip')


def test_missing_zip_is_named(tmp_path, target):
    assert_refused(str(tmp_path / 'absent.zip'), target, 'No such file')


@pytest.mark.parametrize('seed', range(40))
def test_damaged_bytes_are_refused_or_do_not_matter(tmp_path, target, seed):
    rng = random.Random(seed)
    path = make_zip(tmp_path, FILES, rng.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA]))
    with open(path, 'r+b') as file:
        for _ in range(3):
            file.seek(rng.randrange(os.path.getsize(path)))
            file.write(bytes([rng.randrange(256)]))
    try:
        unzip(path, target)
    except ArchiveError:
        assert not os.path.exists(target)
    else:
        assert sorted(tree(target).values()) == sorted(FILES.values())


def patch(path, signature, offset, value):
    """Writes value at offset of the last record that starts with signature."""
    with open(path, 'r+b') as file:
        file.seek(file.read().rindex(signature) + offset)
        file.write(value)


def test_folders_in_folders_without_end_are_refused(tmp_path, target):
    with pytest.raises(ArchiveError, match='3000 folders deep'):
        unzip(make_zip(tmp_path, {'a/' * 3000 + 'x.txt': b'x'}), target)
    assert not os.path.exists(target)
