"""Removes files left in a checkpoint folder by a process that was killed while saving."""
import contextlib
import os
import re

from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.weights.checkpoints import NAME, checkpoint_files, listed_checkpoints, missing_files

# TensorFlow's temporary names of index and data, and of the list of checkpoints
_UNFINISHED = re.compile(re.escape(NAME) + r'-\d+\.(index|data-\d{5}-of-\d{5})\.tempstate\d+$'
                         r'|checkpoint\.tmp[0-9a-f]{32}$')


def remove_partial_saves(folder, keep):
    """Removes files with our names that belong to no checkpoint to keep; returns their names.

    These are files with temporary names (see fcn8s.utils.partial too); data without an index, if TensorFlow's list
    names other checkpoints; and the oldest of that list beyond `keep`. Whole checkpoints outside the list belong to
    somebody else and stay.
    """
    if not os.path.isdir(folder):
        return []
    known, found = listed_checkpoints(folder), checkpoint_files(folder)
    names = [name for name in os.listdir(folder) if _UNFINISHED.match(name)]
    for name in known[:-keep]:
        names += found.get(name, [])
    for name, files in found.items() if known else ():
        if re.match(re.escape(NAME) + r'-\d+$', name) and name not in known and name + '.index' not in files:
            names += files
    return sorted(remove_abandoned_files(folder) + remove(folder, names))


def remove_failed_save(prefix):
    """Removes the files of a failed save."""
    folder = os.path.dirname(prefix)
    if not os.path.isdir(folder):  # that may be why it failed
        return []
    names = [name for name in os.listdir(folder) if _UNFINISHED.match(name)]
    if missing_files(prefix):
        names += checkpoint_files(folder)[os.path.basename(prefix)]
    return remove(folder, names)


def remove(folder, names):
    """Removes files if possible; returns the names of those removed."""
    for name in sorted(names, reverse=True):  # the index first: data without an index is no checkpoint
        with contextlib.suppress(OSError):
            os.remove(os.path.join(folder, name))
    return sorted(name for name in names if not os.path.exists(os.path.join(folder, name)))
