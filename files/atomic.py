"""Writes a file whole or not at all: what stood there before stays until the new one is complete."""
import contextlib
import errno
import json
import math
import os
import shutil

from files.errors import UserError
from files.partial import PREFIX, new_tag


@contextlib.contextmanager
def whole_file(path, make_folders=True):
    """Yields a temporary path beside `path`; leaving the block moves what was written there to `path`.

    The temporary name is hidden and keeps the extension, by which Pillow, imageio and numpy choose a format. On any
    failure the temporary file is removed and `path` stays as it was. make_folders: False for a folder that must not
    come back where it was removed.
    Raises UserError, naming `path` and the reason, where the file cannot be written.
    """
    target = os.path.realpath(path)  # through a link, so that the file it points to is replaced and not the link
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
        with contextlib.suppress(OSError):  # it may not be there, nor its folder: the cause is told above
            os.remove(temporary)


def write_json(path, value):
    """Writes `value` as UTF-8 JSON through whole_file; numpy values become numbers and lists, NaN and infinities null.

    The file and its name are on the disk at the end. Raises UserError where the file cannot be written, TypeError for a
    value that JSON does not know.
    """
    text = json.dumps(_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 holds lone surrogates: written as \udcxx, which is their JSON escape too.
    encoded = (text + '\n').encode('utf-8', errors='backslashreplace')
    with whole_file(path) as temporary, open(temporary, 'wb') as file:
        file.write(encoded)
    flush_folder(os.path.dirname(os.path.realpath(path)))


def is_full_disk(error):
    """Whether this UserError of whole_file says that there is no room on the disk."""
    return getattr(error.__cause__, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)


def flush_file(path):
    """Waits until a file's bytes are on the disk, so that a power cut cannot leave its name without them."""
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())


def flush_folder(folder):
    """Waits until the names in a folder are on the disk, where the system can be asked for that."""
    with contextlib.suppress(OSError):  # neither Windows nor every network file system can
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
    return f'{path} cannot be written: {reason}. Nothing of it was changed.'


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
