"""Disks that are small, full or cannot be written, where the system lets us have them; and what a folder holds."""
import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """Mounts a disk of this size on a new folder; skips the test where that is not allowed."""
    os.makedirs(str(folder))
    command = ['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m', 'tmpfs', str(folder)]
    try:
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('a disk can be mounted by root on Linux only')
    try:
        yield str(folder)
    finally:
        subprocess.run(['umount', '-l', str(folder)], check=True)


@contextlib.contextmanager
def unwritable(folder):
    """Makes a new folder, which holds an empty file, unwritable also for root."""
    if os.geteuid():
        os.makedirs(str(folder))
        (folder / 'file').write_text('')
        os.chmod(str(folder), 0o555)
        yield str(folder)
        os.chmod(str(folder), 0o755)
    else:
        with small_disk(folder, 1) as mounted:
            (folder / 'file').write_text('')
            subprocess.run(['mount', '-o', 'remount,ro', mounted], check=True)
            yield mounted


@contextlib.contextmanager
def closed(folder):
    """Lets nobody, root included, make or remove files in a folder; skips the test where that cannot be done."""
    if os.geteuid():
        os.chmod(folder, 0o555)
    elif subprocess.run(['chattr', '+i', folder], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip('this file system has no immutable folders')
    try:
        yield
    finally:
        if os.geteuid():
            os.chmod(folder, 0o755)
        else:
            subprocess.run(['chattr', '-i', folder], check=True)


def fill(folder):
    """Fills the disk to its last byte; returns the path of the file that does it."""
    path = os.path.join(folder, 'filler')
    with open(path, 'ab', buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    return path


def content(folder):
    """{path: bytes} of a folder and all below it."""
    found = {}
    for parent, _, names in os.walk(str(folder)):
        for name in names:
            with open(os.path.join(parent, name), 'rb') as file:
                found[os.path.join(parent, name)] = file.read()
    return found
