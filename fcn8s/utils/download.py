"""Downloads one public file: streamed, resumed, verified, and at its path only when complete."""
import contextlib
import hashlib
import os
import shutil
import time

from fcn8s.utils.errors import UserError
from fcn8s.utils.http_file import CHUNK, Failed, Interrupted, chunks, content_range, open_rest
from fcn8s.utils.progress import progress

MD5_DIGITS = 32


class DownloadError(UserError):
    """The file could not be downloaded, or the file on disk is a different one."""


def fetch(url, path, digest=None, size=None, tries=4, wait=1.0, timeout=30.0, check=None):
    """Downloads url to path and returns path; an existing path is verified and never fetched again.

    The bytes gather in path + '.part', which a later call resumes when digest or check can prove the whole.
    digest: the MD5 as 32 hex digits, or the first ones of the SHA-256; size: bytes; tries: requests in a
    row that may bring nothing new; wait: seconds before the second of them, doubled before each later one;
    timeout: seconds without a byte; check: function from the path of a downloaded file that raises UserError
    if it is another one. Raises DownloadError.
    """
    if os.path.exists(path):
        _verify_existing(path, digest, size)
        return path
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with _only_writer(path + '.part') as part:
            if not os.path.exists(path):  # another process may have finished it before the lock was ours
                print(f'downloading {url} to {path}')
                _download(url, part, (digest, check), size, tries, wait, timeout)
                os.replace(part, path)
    except (Failed, OSError) as error:
        raise DownloadError(f'Cannot download {url}: {error}. Download it by hand from {url}, put it at {path} and '
                            'run again.') from error
    return path


def digest_of(path, like):
    """The digest of a file, read in pieces: of the kind and length of `like`, see fetch."""
    digest = hashlib.md5() if len(like) == MD5_DIGITS else hashlib.sha256()
    with open(path, 'rb') as file:
        for chunk in iter(lambda: file.read(CHUNK), b''):
            digest.update(chunk)
    return digest.hexdigest()[:len(like)]


def _verify_existing(path, digest, size):
    try:
        found_size = os.path.getsize(path)
        wrong = (f'it has {found_size} bytes, expected {size}' if size not in (None, found_size) else
                 _problem(path, digest, None))
    except OSError as error:
        wrong = error
    if wrong:
        raise DownloadError(f'{path} is not the expected file: {wrong}. It was not changed; '
                            'move it away and run again to download a good one.')


@contextlib.contextmanager
def _only_writer(part):
    """Yields the locked part file; removes it afterwards if it is empty."""
    with open(part, 'ab') as file:
        try:
            import fcntl
        except ImportError:  # Windows itself refuses to rename a file that another process has open
            file.close()
        else:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failed(f'another process is downloading it now (it holds {part})')
            except OSError:  # some network file systems have no locks; the digest tells what went wrong
                pass
        try:
            yield part
        finally:
            if os.path.exists(part) and os.path.getsize(part) == 0:
                os.remove(part)


def _download(url, part, proofs, size, tries, wait, timeout):
    """Fills part until it is the whole file, or raises Failed. proofs: (digest, check) of fetch."""
    if not any(proofs):
        os.truncate(part, 0)  # nothing could prove that old beginning and new rest belong together
    fresh = os.path.getsize(part) == 0
    while True:
        _receive_all(url, part, size, tries, wait, timeout)
        wrong = _problem(part, *proofs)
        if not wrong:
            return
        os.truncate(part, 0)
        if fresh:
            raise Failed(f'{wrong}, so the server has another or a damaged file')
        print(f'the resumed download is wrong ({wrong}): starting over')
        fresh = True


def _problem(path, digest, check):
    """What digest or check of fetch find wrong with a file; None if nothing."""
    found = digest_of(path, digest) if digest else digest
    if found != digest:
        return f'its digest is {found}, expected {digest}'
    try:
        if check:
            check(path)
    except UserError as error:
        return str(error)
    return None


def _receive_all(url, part, size, tries, wait, timeout):
    """Sends requests until one ends in a whole file; gives up after `tries` in a row without a new byte."""
    furthest, failures = os.path.getsize(part), 0
    while True:
        try:
            return _receive(url, part, size, timeout)
        except Interrupted as error:
            reached = os.path.getsize(part)
            failures = failures + 1 if reached <= furthest else 1
            furthest = max(furthest, reached)
            if failures >= tries:
                raise Failed(f'{error} ({failures} tries)')
            print(f'{error}: trying again')
            time.sleep(wait * 2 ** (failures - 1))


def _receive(url, part, size, timeout):
    """Sends one request and appends the rest of the file to part."""
    done = os.path.getsize(part)
    if done and done == size:
        return
    response = open_rest(url, part, done, timeout)
    if response is None:
        return
    with response:
        resumed = response.status == 206
        start, total = content_range(response) if resumed else (0, response.length)
        if start != (done if resumed else 0):
            os.truncate(part, 0)
            raise Interrupted(f'the server resumed at byte {start} instead of {done}')
        if None not in (total, size) and total != size:
            raise Failed(f'the server has {total} bytes, expected {size}, so it is another file')
        total = size if total is None else total
        _need_space(part, (total or 0) - start)
        done = start
        with open(part, 'ab' if resumed else 'wb') as file, \
                progress(desc=os.path.basename(part)[:-len('.part')], total=total, initial=start, unit='B',
                     unit_scale=True, unit_divisor=1024) as bar:
            for chunk in chunks(response):
                file.write(chunk)
                done += len(chunk)
                bar.update(len(chunk))
    if total is not None and done != total:
        raise Interrupted(f'the connection ended after {done} of {total} bytes')


def _need_space(part, needed):
    free = shutil.disk_usage(os.path.dirname(os.path.abspath(part))).free
    if needed > free:
        raise Failed(f'it needs {needed / 1e6:.1f} MB more and the disk has {free / 1e6:.1f} MB free')
