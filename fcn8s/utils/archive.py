"""Extracts an archive into a folder that appears only when complete."""
import lzma
import os
import re
import shutil
import stat
import struct
import zipfile
import zlib

from fcn8s.utils.errors import ArchiveError
from fcn8s.utils.files import atomic_folder
from fcn8s.utils.progress import progress

CHUNK = 1 << 20
MAX_DEPTH = 50  # parts of a path: making and removing folders would run out of stack at about 1000
MAX_RATIO = 100  # real photos and annotations stay below 20; bombs start at about 1000
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, ValueError,
           NotImplementedError)


def unzip(archive, folder, root='', max_ratio=MAX_RATIO):
    """Extracts a zip's files, or those under its folder `root`, so that they lie in folder.

    The folder appears when all is extracted and checked (sizes, CRC), not before. max_ratio: extracted bytes per byte
    of the archive. Raises ArchiveError and leaves no trace for a damaged zip, an unsafe name, a link, a bomb, a full
    disk, or a folder that is not empty.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            members = _members(file, archive, root)
            _check_sizes([info for info, _ in members], archive, folder, max_ratio)
            with atomic_folder(folder) as new:
                _extract(file, members, new, os.path.basename(archive))
    except DAMAGED as error:
        raise ArchiveError(f'{archive} is not a whole zip file ({error}). Delete it and download it again.') from error
    except OSError as error:
        raise ArchiveError(f'Cannot extract {archive} to {folder}: {error}.') from error


def _members(file, archive, root):
    """[(ZipInfo, path parts below root)] of the files to extract, with every name of the archive checked."""
    root = [part for part in root.split('/') if part]
    checked = [(info, _safe_parts(info, archive)) for info in file.infolist()]
    members = [(info, parts[len(root):]) for info, parts in checked
               if parts[:len(root)] == root and len(parts) > len(root) and not info.is_dir()]
    if not members:
        found = ', '.join(sorted({parts[0] for _, parts in checked if parts})[:10])
        raise ArchiveError(f'{archive} holds no files under {"/".join(root)}/; it holds: {found or "nothing"}.')
    return members


def _safe_parts(info, archive):
    name = info.filename
    parts = [part for part in name.split('/') if part not in ('', '.')]
    kind = stat.S_IFMT(info.external_attr >> 16)  # 0 if the zip was not made on Unix
    if name.startswith('/') or '..' in parts or re.search(r'[\\:\0]', name):
        problem = 'a path that leads out of the folder'
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        problem = 'a link or a device'
    elif info.flag_bits & 1:
        problem = 'encrypted'
    elif len(parts) > MAX_DEPTH:
        problem = f'{len(parts) - 1} folders deep, more than {MAX_DEPTH - 1}'
        name = name[:60] + '...'
    else:
        return parts
    raise ArchiveError(f'{archive} is refused: its entry {name!r} is {problem}. Get the archive from its own site.')


def _check_sizes(infos, archive, folder, max_ratio):
    """Checks the sizes that the archive declares; _extract enforces them for each file."""
    needed, packed = sum(info.file_size for info in infos), os.path.getsize(archive)
    if needed > max_ratio * packed:
        raise ArchiveError(f'{archive} is refused: its {packed} bytes would grow to {needed}, '
                           f'more than {max_ratio} times as much.')
    free = shutil.disk_usage(_existing_parent(folder)).free
    if needed > free:
        raise ArchiveError(f'{archive} needs {needed / 1e6:.1f} MB when extracted '
                           f'and the disk of {folder} has {free / 1e6:.1f} MB free.')


def _existing_parent(folder):
    parent = os.path.dirname(os.path.realpath(folder))
    while not os.path.exists(parent):
        parent = os.path.dirname(parent)
    return parent


def _extract(file, members, folder, name):
    total = sum(info.file_size for info, _ in members)
    with progress(desc='extracting ' + name, total=total, unit='B', unit_scale=True, unit_divisor=1024) as bar:
        for info, parts in members:
            path = os.path.join(folder, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with file.open(info) as source, open(path, 'xb') as target:  # 'x': no entry replaces another
                for chunk in iter(lambda: source.read(CHUNK), b''):
                    target.write(chunk)
                    bar.update(len(chunk))
                    if target.tell() > info.file_size:
                        break
                if target.tell() != info.file_size:
                    raise zipfile.BadZipFile(f'{info.filename} does not have the size that the archive declares')
