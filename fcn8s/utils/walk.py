"""Walks through folders and what links in them lead to."""
import os


def walk(folder):
    """Yields (folder, its file names) for a folder and all in it, sorted, without hidden ones.

    Links to folders are followed, but no folder is visited twice, so that links in a circle end.
    """
    seen = set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        yield where, sorted(name for name in names if not name.startswith('.'))
