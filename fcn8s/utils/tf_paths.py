"""Makes any path readable by TensorFlow, which treats some characters as patterns.

When TensorFlow reads a checkpoint or a SavedModel, it treats the path as a pattern: `run [v1]` means `run v` or `run 1`
there, and never the folder of that name. It writes to the path as it is, if that is UTF-8.
"""
import os
import shutil
import tempfile
import weakref

from fcn8s.utils.errors import UserError

_PATTERN = '*?[\\' if os.sep == '/' else '*?'  # on Windows \ separates folders, and [ is no pattern


class ReadablePath:
    """`path`: another name, free of patterns, of a checkpoint's prefix or of a folder; a link while this object lives.

    Raises UserError naming the path and the character if no link can be made.
    """

    def __init__(self, path):
        self.path = path
        if _is_plain(path):
            return
        links = tempfile.mkdtemp(prefix='fcn-links-')
        weakref.finalize(self, shutil.rmtree, links, ignore_errors=True)
        self.path = os.path.join(links, 'linked')
        folder, name = os.path.split(os.path.abspath(path))
        try:
            for found in os.listdir(folder) if os.path.isdir(folder) else ():
                if found == name or found.startswith(name + '.'):
                    os.symlink(os.path.join(folder, found), self.path + found[len(name):])
        except OSError as error:
            odd = next((letter for letter in path if letter in _PATTERN), 'a letter that is not UTF-8')
            raise UserError(f'{path}: TensorFlow does not find a file with {odd} in its path, and a link to it cannot '
                            f'be made in {tempfile.gettempdir()}: {error.strerror}. Rename the file or folder.')


def check_writable_name(flag, path):
    """Raises UserError for a path that TensorFlow cannot write to: one that is not UTF-8."""
    try:
        os.path.abspath(path).encode('utf-8')
    except UnicodeEncodeError as error:
        odd = os.fsencode(error.object[error.start])
        raise UserError(f'--{flag}={path}: the path holds the byte {odd!r}, which is not UTF-8, and TensorFlow writes '
                        'to no such path. Give a folder with another name.')


def _is_plain(path):
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        return False
    return not any(letter in path for letter in _PATTERN)
