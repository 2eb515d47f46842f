"""Locks a folder against a second process."""
import contextlib
import os
import socket

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import make_folder

NAME = '.lock'
_BYTE = 1 << 30  # the byte to lock on Windows, far behind the text: a locked byte cannot be read


class FolderLost(UserError):
    """A locked folder that was deleted, moved or replaced."""


class LockedFolder:
    """A folder that this process has locked."""

    def __init__(self, folder):
        self.folder = folder
        # Held open, because a new folder could get the inode number of a deleted one. Windows cannot open folders,
        # but does not remove one that holds an open file either.
        self._descriptor = None if os.name == 'nt' else os.open(folder, os.O_RDONLY)

    def check(self, more=''):
        """Raises FolderLost, which ends with `more`, unless the folder that was locked still has its name."""
        try:
            found = os.stat(self.folder)
        except OSError as error:
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                return  # an unreachable network file system may come back
            found = None
        if found is None or self._descriptor is not None and not os.path.samestat(found, os.fstat(self._descriptor)):
            raise FolderLost(f'{self.folder} was deleted, moved or replaced while this process wrote into it: nothing '
                             f'more is written there.{more}')

    def close(self):
        """Closes the folder without releasing the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextlib.contextmanager
def folder_lock(folder):
    """Yields a LockedFolder: `folder`, made if missing and locked against other processes.

    The system frees the lock when its holder ends, however it ends; the file .lock that stays behind locks nothing.
    Raises UserError with the holder's process id and host, or if the folder cannot be written.
    """
    make_folder(folder)
    path = os.path.join(folder, NAME)
    with _opened(path) as file:
        if not _acquire(file, folder):
            file.seek(0)
            raise UserError(f'{folder} is in use by {file.read() or "another process"}. Wait until that ends, or give '
                            'another folder.')
        _write_holder(file, path)
        with contextlib.closing(LockedFolder(folder)) as locked:
            yield locked


def _opened(path):
    try:
        return open(path, 'a+', encoding='utf-8')
    except OSError as error:
        raise UserError(f'{path} cannot be written: {error.strerror}. Make the folder writable, or give another.')


def _acquire(file, folder):
    """Tries to take the lock; returns whether it succeeded."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt
        file.seek(_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # some network file systems have no locks
        print(f'warning: {folder} cannot be locked ({error.strerror}): do not let a second process write there')
    return True


def _write_holder(file, path):
    try:
        file.truncate(0)
        file.write(f'process {os.getpid()} on {socket.gethostname()}')
        file.flush()
    except OSError as error:
        raise UserError(f'{path} cannot be written: {error.strerror}.')
