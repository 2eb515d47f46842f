"""Paths that begin with ~, which a shell leaves as they are behind a flag's = sign."""
import argparse
import os

from files.errors import UserError


def expand_home(path):
    """`path` with the home folder in place of a leading ~ or ~USER.

    Raises UserError for the ~USER/... of a user that there is not, unless a folder of that very name is there.
    """
    expanded = os.path.expanduser(path)
    first, behind = _parts(path)
    if expanded == path and first.startswith('~') and behind and not os.path.isdir(first):
        raise UserError(f'{path}: this system has no user {first[1:]!r} whose home folder {first} could be. Write the '
                        f'path out, or {os.path.join(".", path)} for a folder that is named {first}.')
    if expanded != path and os.path.exists(path):
        print(f'note: {path} is taken as {expanded}. The file or folder of that very name is '
              f'{os.path.join(".", path)}.')
    return expanded


def path_argument(text):
    """An argparse type: a path, with its ~ expanded."""
    try:
        return expand_home(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(error)


def _parts(path):
    """(first part of a path, whether more follows)."""
    first = path.replace(os.sep, '/').split('/')[0]
    return first, len(first) < len(path)
