"""Atomic files and folders: complete, or not there at all."""
import contextlib
import errno
import json
import math
import os
import shutil
import stat
import tempfile

from fcn8s.utils.errors import ArchiveError, UserError
from fcn8s.utils.partial import PREFIX, new_tag, remove_abandoned_folders


def make_folder(path):
    """Makes `path` and its missing parents. Raises UserError naming the reason."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise UserError(f'the folder {path} cannot be made: {error.strerror} ({error.filename}). Choose another.')


@contextlib.contextmanager
def atomic_file(path, make_folders=True):
    """Yields a temporary path beside `path`; leaving the block moves the file written there to `path`.

    The temporary name is hidden and keeps the extension, by which Pillow, imageio and numpy choose a format. On any
    failure the temporary file is removed and `path` stays as it was. make_folders: False for a folder that must not
    come back where it was removed. Raises UserError, naming `path` and the reason, if the file cannot be written.
    """
    target = os.path.realpath(path)  # follow links, so that the target is replaced and not the link
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, PREFIX + new_tag() + os.path.splitext(target)[1])
    try:
        if make_folders:
            os.makedirs(folder, exist_ok=True)
        _check_replaceable(path)
        yield temporary
        flush_file(temporary)
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        raise UserError(_cannot_write(path, temporary, error)) from error
    finally:
        with contextlib.suppress(OSError):  # it or its folder may be missing; the cause is reported above
            os.remove(temporary)


def write_json(path, value):
    """Writes `value` as UTF-8 JSON through atomic_file; numpy values become numbers and lists, NaN and infinities null.

    The file and its name are flushed to disk. Raises UserError if the file cannot be written, TypeError for a value
    that JSON cannot hold.
    """
    text = json.dumps(_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 holds lone surrogates: written as \udcxx, which is their JSON escape too.
    encoded = (text + '\n').encode('utf-8', errors='backslashreplace')
    with atomic_file(path) as temporary, open(temporary, 'wb') as file:
        file.write(encoded)
    flush_folder(os.path.dirname(os.path.realpath(path)))


def is_full_disk(error):
    """Whether a UserError of atomic_file means that the disk is full."""
    return getattr(error.__cause__, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)


def flush_file(path):
    """Flushes a file to disk, so that a power cut cannot leave its name without its bytes."""
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())


def flush_folder(folder):
    """Flushes the names in a folder to disk, if the system supports that."""
    with contextlib.suppress(OSError):  # Windows and some network file systems cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_replaceable(path):
    if os.path.exists(path) and not os.path.isfile(path):
        raise UserError(f'{path} cannot be written: it is a folder or a device. Choose another name.')
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise UserError(f'{path} cannot be written: the file is write-protected. Make it writable or move it away.')


def _cannot_write(path, temporary, error):
    reason = error.strerror or str(error)
    if error.filename not in (None, temporary):
        reason += f' ({error.filename})'
    return f'{path} cannot be written: {reason}. The file was not changed.'


def _jsonable(value):
    if hasattr(value, 'tolist'):  # numpy arrays and scalars
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    return value


@contextlib.contextmanager
def atomic_folder(folder):
    """Yields a temporary folder, renamed to `folder` on success and deleted on error.

    If `folder` is a link, the link stays and its target is filled. Raises ArchiveError, before the block runs, if
    folder is a file, is not empty, or cannot be replaced, such as a mount point.
    """
    folder = os.path.realpath(folder)
    if os.path.exists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise ArchiveError(f'{folder} exists already and was not changed. Move it away, or name another folder.')
    parent, name = os.path.split(folder)
    os.makedirs(parent, exist_ok=True)
    start = os.path.join(parent, name + '.unfinished-')
    for left in remove_abandoned_folders(start):
        print(f'removed what a stopped process left: {left}')
    temporary = tempfile.mkdtemp(prefix=os.path.basename(start) + new_tag() + '-', dir=parent)
    try:
        _check_folder_replaceable(folder, temporary + '-old')
        new = os.path.join(temporary, name)  # mkdtemp's own folder would stay closed to other users
        os.mkdir(new)
        yield new
        if os.path.isdir(folder):
            os.rmdir(folder)  # fails, and loses nothing, if somebody filled it meanwhile
        os.rename(new, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_folder_replaceable(folder, aside):
    """Raises ArchiveError for an empty folder that cannot be moved, which is tried, to `aside` and back."""
    if os.path.isdir(folder):
        try:
            os.rename(folder, aside)
        except OSError as error:
            raise ArchiveError(f'{folder} cannot be replaced by a new folder: {error.strerror}. Is it a mount point, '
                               f'or of another user? Name a folder in it, such as {os.path.join(folder, "data")}.')
        os.rename(aside, folder)


MAX_BYTES = 100 * 10**6  # two million lines of a list
SMALL = 4 << 20  # for files that people write or change by hand


def read_bounded(path, max_bytes=MAX_BYTES):
    """The bytes of a file. Raises UserError for a folder, pipe, device or a file above max_bytes, else OSError."""
    status = os.stat(path)  # before opening, which would block on a pipe
    if stat.S_ISDIR(status.st_mode):
        raise UserError(f'{path} is a folder; expected a text file.')
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f'{path} is a pipe or a device; expected a text file. Write the lines to a file and give that.')
    with open(path, 'rb') as file:
        data = file.read(min(status.st_size, max_bytes) + 1)  # never allocate more than the claimed size
    if status.st_size > max_bytes or len(data) > max_bytes:
        raise UserError(f'{path} has {max(status.st_size, len(data))} bytes; at most {max_bytes} are read. '
                        'Is it the right file?')
    return data
