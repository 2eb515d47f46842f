"""fcn8s.utils.download against a server on 127.0.0.1 that cuts, stalls, lies and serves wrong bytes."""
import hashlib
import os
import re
import time

import pytest
from bad_server import DATA, MD5, Server, running

from fcn8s.utils import download
from fcn8s.utils.download import DownloadError, fetch
from fcn8s.utils.errors import UserError


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with running(Server()) as server:
        yield server


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / 'new' / 'file.bin')


def get(server, path, **options):
    return fetch(server.url, path, **{'digest': MD5, 'wait': 0.001, 'timeout': 5, **options})


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)


def test_whole_file_arrives_and_no_part_is_left(server, path):
    assert get(server, path) == path
    assert read(path) == DATA
    assert os.listdir(os.path.dirname(path)) == ['file.bin']


def test_part_of_an_earlier_run_is_resumed(server, path):
    write(path + '.part', DATA[:70000])
    get(server, path)
    assert server.asked == ['bytes=70000-']
    assert read(path) == DATA


def test_part_is_not_trusted_without_a_digest(server, path):
    write(path + '.part', b'an older file')
    get(server, path, digest=None)
    assert server.asked == [None]
    assert read(path) == DATA


@pytest.mark.parametrize('habit', ['ranges', 'wrong_start'])
def test_server_without_ranges_sends_all_again(server, path, habit):
    setattr(server, habit, not getattr(server, habit))
    write(path + '.part', DATA[:70000])
    get(server, path)
    assert read(path) == DATA


def test_whole_part_is_only_verified(server, path):
    write(path + '.part', DATA)
    get(server, path)
    assert server.asked == ['bytes=200000-']
    assert read(path) == DATA


def test_part_longer_than_the_file_starts_over(server, path):
    write(path + '.part', DATA + b'more')
    get(server, path)
    assert server.asked == ['bytes=200004-', None]
    assert read(path) == DATA


def test_cut_connection_goes_on_where_it_ended(server, path):
    server.cuts = [50000, 30000]
    get(server, path)
    assert server.asked == [None, 'bytes=50000-', 'bytes=80000-']
    assert read(path) == DATA


def test_cuts_that_bring_new_bytes_do_not_use_up_the_tries(server, path):
    server.cuts = [20000] * 6
    get(server, path, tries=2)
    assert read(path) == DATA


def test_server_that_always_cuts_at_once_gives_one_error_and_keeps_the_part(server, path):
    server.cuts = [50000] + [0] * 10
    with pytest.raises(DownloadError, match='ended after 50000 of 200000 bytes'):
        get(server, path, tries=3)
    assert len(server.asked) == 3
    assert read(path + '.part') == DATA[:50000]
    assert not os.path.exists(path)


def test_short_answer_is_never_accepted_without_digest(server, path):
    server.cuts = [199999] + [0] * 10
    with pytest.raises(DownloadError, match='199999 of 200000'):
        get(server, path, digest=None, tries=2)
    assert not os.path.exists(path)


@pytest.mark.parametrize('lie', [-50000, 50000])
@pytest.mark.parametrize('known', [{'digest': MD5}, {'digest': None, 'size': len(DATA)}], ids=['digest', 'size'])
@pytest.mark.parametrize('had', [b'', DATA[:70000]], ids=['new', 'resumed'])
def test_length_that_is_a_lie_gives_the_whole_file_or_none(server, path, lie, known, had):
    server.lie = lie
    write(path + '.part', had)
    try:
        get(server, path, tries=2, **known)
        assert read(path) == DATA
    except DownloadError:
        assert not os.path.exists(path)


def test_answer_without_length_is_held_to_the_size(server, path):
    server.lengthless, server.ranges, server.cuts = True, False, [199999]
    get(server, path, digest=None, size=200000)
    assert len(server.asked) == 2
    assert read(path) == DATA


def test_stall_is_cut_and_resumed(server, path):
    server.stall = 1.0
    start = time.time()
    get(server, path, timeout=0.2)
    assert read(path) == DATA
    assert len(server.asked) == 2
    assert time.time() - start < 0.9


def test_server_errors_are_tried_again(server, path):
    server.statuses = [503, 429]
    get(server, path)
    assert read(path) == DATA


def test_missing_file_is_asked_for_once(server, path):
    server.statuses = [404, 404]
    with pytest.raises(DownloadError, match='404'):
        get(server, path)
    assert len(server.asked) == 1


def test_wrong_bytes_are_refused_with_both_digests_and_not_kept(server, path):
    server.data = b'x' * 1000
    with pytest.raises(DownloadError) as error:
        get(server, path)
    for part in (server.url, MD5, hashlib.md5(b'x' * 1000).hexdigest()):
        assert part in str(error.value)
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize('digits', [8, 64])
def test_sha256_is_compared_by_the_digits_that_are_known(server, path, digits):
    digest = hashlib.sha256(DATA).hexdigest()[:digits]
    get(server, path, digest=digest)
    assert read(path) == DATA
    with pytest.raises(DownloadError, match=f'its digest is {digest}, expected {"0" * digits}'):
        get(server, path, digest='0' * digits)


def test_wrong_part_starts_over_once(server, path):
    write(path + '.part', b'?' * 70000)
    get(server, path)
    assert server.asked == ['bytes=70000-', None]
    assert read(path) == DATA


def test_another_size_than_expected_stops_before_the_first_byte(server, path):
    with pytest.raises(DownloadError, match='200000 bytes, expected 123'):
        get(server, path, size=123)
    assert os.listdir(os.path.dirname(path)) == []


def test_existing_file_is_not_fetched_again(server, path):
    write(path, DATA)
    assert get(server, path, size=len(DATA)) == path
    assert server.asked == []


@pytest.mark.parametrize('options', [{}, {'digest': None, 'size': 5}])
def test_existing_wrong_file_is_named_and_kept(server, path, options):
    write(path, b'mine')
    with pytest.raises(DownloadError, match=re.escape(path)):
        get(server, path, **options)
    assert read(path) == b'mine'
    assert server.asked == []


def test_no_network_gives_one_error_with_url_reason_and_manual_way(server, path):
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError) as error:
        get(server, path, tries=2)
    for part in (server.url, 'refused', f'by hand from {server.url}', path):
        assert part in str(error.value)
    assert os.listdir(os.path.dirname(path)) == []


def check(path):
    """What a caller knows of the file without a digest."""
    with open(path, 'rb') as file:
        if file.read() != DATA:
            raise UserError('it has other bytes')


def test_check_sees_the_file_before_it_has_its_name(server, path):
    seen = []
    get(server, path, digest=None, check=lambda part: seen.append((part, os.path.exists(path))))
    assert seen == [(path + '.part', False)]


def test_file_that_fails_its_check_is_not_kept(server, path):
    server.data = b'<html>'
    with pytest.raises(DownloadError, match='it has other bytes, so the server has another or a damaged file'):
        get(server, path, digest=None, check=check)
    assert os.listdir(os.path.dirname(path)) == []


def test_later_call_resumes_what_a_check_can_prove(server, path):
    server.cuts = [1000, 0]
    with pytest.raises(DownloadError):
        get(server, path, digest=None, check=check, tries=1)
    server.cuts, server.asked = [], []
    get(server, path, digest=None, check=check)
    assert server.asked == ['bytes=1000-']


def test_resumed_file_that_fails_its_check_is_fetched_from_the_start(server, path):
    os.makedirs(os.path.dirname(path))
    with open(path + '.part', 'wb') as file:
        file.write(b'of another file')
    get(server, path, digest=None, check=check)
    assert server.asked == ['bytes=15-', None]


def test_full_disk_is_seen_before_the_download(server, path, monkeypatch):
    monkeypatch.setattr(download.shutil, 'disk_usage', lambda _: type('Usage', (), {'free': 199999}))
    with pytest.raises(DownloadError, match='0.2 MB'):
        get(server, path)
    assert os.listdir(os.path.dirname(path)) == []


def test_second_process_is_turned_away_while_the_first_one_writes(server, path):
    fcntl = pytest.importorskip('fcntl')
    write(path + '.part', DATA[:10])
    with open(path + '.part', 'ab') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match='another process'):
            get(server, path)
    assert read(path + '.part') == DATA[:10]


def test_unwritable_folder_is_an_error_for_the_user(server, tmp_path):
    write(str(tmp_path / 'file'), b'')
    with pytest.raises(DownloadError, match='file'):
        get(server, str(tmp_path / 'file' / 'file.bin'))
