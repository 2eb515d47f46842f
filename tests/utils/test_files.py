import errno
import json
import math
import os
import stat

import numpy as np
import pytest

from fcn8s.utils import files as atomic
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file, write_json


def write_text(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def read_text(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def test_file_appears_only_after_the_block(tmp_path):
    path = str(tmp_path / 'scores.csv')
    with atomic_file(path) as temporary:
        write_text(temporary, 'new')
        assert not os.path.exists(path)
    assert read_text(path) == 'new'


def test_temporary_file_is_hidden_beside_the_target_with_its_extension(tmp_path):
    with atomic_file(str(tmp_path / 'a b.PNG')) as temporary:
        write_text(temporary, '')
        assert os.path.dirname(temporary) == os.path.realpath(str(tmp_path))
        assert os.path.basename(temporary).startswith('.')
        assert temporary.endswith('.PNG')


@pytest.mark.parametrize('error', [ValueError('no'), KeyboardInterrupt()])
def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path, error):
    path = str(tmp_path / 'a.txt')
    write_text(path, 'old')
    with pytest.raises(type(error)), atomic_file(path) as temporary:
        write_text(temporary, 'half')
        raise error
    assert os.listdir(str(tmp_path)) == ['a.txt']
    assert read_text(path) == 'old'


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EACCES, errno.EDQUOT, errno.EFBIG])
def test_disk_errors_name_the_file_and_the_reason(tmp_path, code):
    path = str(tmp_path / 'a.txt')
    with pytest.raises(UserError) as caught, atomic_file(path) as temporary:
        write_text(temporary, 'half')
        raise OSError(code, os.strerror(code))
    assert path in str(caught.value)
    assert os.strerror(code) in str(caught.value)
    assert os.listdir(str(tmp_path)) == []


def test_failure_while_flushing_keeps_the_old_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path = str(tmp_path / 'a.txt')
    write_text(path, 'old')
    monkeypatch.setattr(atomic.os, 'fsync', full)
    with pytest.raises(UserError, match='No space left'), atomic_file(path) as temporary:
        write_text(temporary, 'new')
    assert read_text(path) == 'old'


def test_another_missing_file_is_named(tmp_path):
    other = str(tmp_path / 'other.txt')
    with pytest.raises(UserError) as caught, atomic_file(str(tmp_path / 'a.txt')):
        read_text(other)
    assert 'a.txt' in str(caught.value)
    assert other in str(caught.value)


def test_errors_of_our_own_pass_unchanged(tmp_path):
    with pytest.raises(UserError, match='^mine$'), atomic_file(str(tmp_path / 'a.txt')):
        raise UserError('mine')


def test_missing_folders_are_made(tmp_path):
    path = str(tmp_path / 'a' / 'b' / 'c.txt')
    with atomic_file(path) as temporary:
        write_text(temporary, 'x')
    assert read_text(path) == 'x'


def test_name_in_the_current_folder_needs_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with atomic_file('a.txt') as temporary:
        write_text(temporary, 'x')
    assert read_text('a.txt') == 'x'


def test_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    target, link = str(tmp_path / 'target.txt'), str(tmp_path / 'link.txt')
    write_text(target, 'old')
    os.symlink(target, link)
    with atomic_file(link) as temporary:
        write_text(temporary, 'new')
    assert os.path.islink(link)
    assert read_text(target) == 'new'


def test_folder_of_that_name_is_refused(tmp_path):
    folder = tmp_path / 'taken'
    folder.mkdir()
    with pytest.raises(UserError, match='taken cannot be written: it is a folder'), atomic_file(str(folder)):
        pytest.fail('the block must not run')


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    taken = tmp_path / 'taken'
    taken.write_text('mine')
    with pytest.raises(UserError, match='a.txt cannot be written: .*taken'), atomic_file(str(taken / 'a.txt')):
        pytest.fail('the block must not run')
    assert taken.read_text() == 'mine'


def test_folder_that_a_file_replaces_meanwhile_is_told(tmp_path):
    folder = tmp_path / 'logs'
    with pytest.raises(UserError, match='a.txt cannot be written: Not a directory'), \
            atomic_file(str(folder / 'a.txt')) as temporary:
        write_text(temporary, 'new')
        os.remove(temporary)
        folder.rmdir()
        folder.write_text('mine')
    assert folder.read_text() == 'mine'


def test_write_protected_file_is_refused(tmp_path, monkeypatch):
    path = str(tmp_path / 'a.txt')
    write_text(path, 'old')
    monkeypatch.setattr(atomic.os, 'access', lambda name, mode: mode != os.W_OK)  # root may write anything
    with pytest.raises(UserError, match='write-protected'), atomic_file(path):
        pytest.fail('the block must not run')
    assert read_text(path) == 'old'


def test_replaced_file_keeps_its_permissions(tmp_path):
    path = str(tmp_path / 'a.txt')
    write_text(path, 'old')
    os.chmod(path, 0o640)
    with atomic_file(path) as temporary:
        write_text(temporary, 'new')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_json_keeps_order_and_letters_and_ends_with_a_newline(tmp_path):
    path = str(tmp_path / 'logs' / 'config.json')
    write_json(path, {'net': 'fcn8s', 'classes': ['Straße'], 'a': (1, None)})
    assert read_text(path) == ('{\n "net": "fcn8s",\n "classes": [\n  "Straße"\n ],\n'
                               ' "a": [\n  1,\n  null\n ]\n}\n')


def test_json_takes_numpy_values(tmp_path):
    path = str(tmp_path / 'a.json')
    write_json(path, {'loss': np.float32(0.5), 'step': np.int64(3), 'iu': np.array([0.25, np.nan])})
    assert json.loads(read_text(path)) == {'loss': 0.5, 'step': 3, 'iu': [0.25, None]}


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, np.float32('nan')])
def test_json_writes_null_for_what_json_has_no_number_for(tmp_path, value):
    path = str(tmp_path / 'a.json')
    write_json(path, [value])
    assert json.loads(read_text(path)) == [None]


def test_json_keeps_file_names_that_are_not_utf8(tmp_path):
    path = str(tmp_path / 'a.json')
    name = os.fsdecode(b'photo-\xff.jpg')
    write_json(path, {'image': name})
    assert json.loads(read_text(path)) == {'image': name}


def test_value_that_json_does_not_know_leaves_the_old_file(tmp_path):
    path = str(tmp_path / 'a.json')
    write_json(path, 1)
    with pytest.raises(TypeError):
        write_json(path, {'a': object()})
    assert read_text(path) == '1\n'
