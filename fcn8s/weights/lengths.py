"""Checks the lengths that a weight file claims against its size, before memory is allocated."""
import functools
import operator
import os
import zipfile

import numpy as np

from fcn8s.utils.archive import MAX_RATIO

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class LengthError(ValueError):
    """A file claims more bytes than it can hold."""


def check_length(name, claimed, there, ratio=1):
    """Raises LengthError if the bytes claimed for `name` exceed the available ones more than `ratio` times."""
    if claimed > ratio * there:
        compressed = ' compressed' if ratio > 1 else ''
        raise LengthError(f'{name} would take {claimed:,} bytes, but the file has only {there:,}{compressed} ones')


def array_bytes(shape, itemsize):
    """Bytes of an array, exactly: numpy's own product would overflow."""
    return functools.reduce(operator.mul, map(int, shape), int(itemsize))


def read_npy_header(file):
    """(shape, whether in Fortran order, dtype) from the start of an .npy file."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f'it is of version {version[0]}.{version[1]} of the format, expected 1.0 or 2.0')
    return _HEADERS[version](file)


def unzipped_size(path, names=None):
    """Bytes of a zip's entries, or of those of `names`. LengthError if they exceed MAX_RATIO times the zip's."""
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist() if names is None or info.filename in names)
    check_length('its content', size, os.path.getsize(path), MAX_RATIO)
    return size


def check_npz(path, names):
    """Raises LengthError if arrays of these names in an .npz claim more bytes than their entries have."""
    unzipped_size(path, {name + '.npy' for name in names})
    with zipfile.ZipFile(path) as archive:
        for name in names:
            info = archive.getinfo(name + '.npy')
            with archive.open(info) as file:
                shape, _, dtype = read_npy_header(file)
            check_length(name, array_bytes(shape, dtype.itemsize), info.file_size)
