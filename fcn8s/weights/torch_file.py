"""Reads the files of PyTorch's torch.save without PyTorch and without running anything that they name.

Both formats pickle an object whose tensors refer to storages, flat arrays of one type. The older format is a stream: a
magic number, a version, the byte order, the object and the storages' keys, each pickled, and then every storage, its
length before its bytes. The later one is a zip archive: data.pkl, byteorder and data/KEY for each storage.
(torch/serialization.py and torch/_utils.py of PyTorch 0.2 to 2.13.)
"""
import contextlib
import io
import os
import struct
import weakref
import zipfile

import numpy as np

from fcn8s.weights.lengths import LengthError, array_bytes, check_length, unzipped_size
from fcn8s.weights.safe_pickle import PickleError, read_pickle
from fcn8s.weights.torch_pickle import BFLOAT16, KINDS, OTHER_KINDS, Kind, Storage, stand_in

MAGIC, VERSION = 0x1950a86a20f9469cfc6c, 1001
ZIP, TAR, TAR_AT = b'PK\3\4', b'ustar', 257  # the last: bytes before its mark
CHUNK = 1 << 20


@contextlib.contextmanager
def open_torch_file(path):
    """Yields a TorchFile. Raises ValueError, PickleError and zipfile's errors on damaged and other files."""
    with open(path, 'rb') as file:
        start = file.read(TAR_AT + len(TAR))
        if start[TAR_AT:] == TAR:
            raise PickleError('it is a tar archive, the format before PyTorch 0.2')
        file.seek(0)
        yield (_ZipFile if start.startswith(ZIP) else _Stream)(file, path)


class TorchFile:
    """An open file. content: its object, with Tensor and Foreign in it; size: bytes of all that it holds."""

    def __init__(self, size):
        self.size = size
        self._storages = {}  # {key: (kind, numel)}
        self._arrays, self._last = weakref.WeakValueDictionary(), None  # storages in memory: used by arrays, read last
        self._order = '<'

    def array(self, tensor):
        """A Tensor's numbers as float32, perhaps a view of others. Raises ValueError if it leaves its storage."""
        storage, offset, shape, strides = tensor
        if len(shape) != len(strides) or not _are_counts((offset,) + shape + strides):
            raise ValueError(f'offset {offset!r}, shape {shape!r} and strides {strides!r} do not fit each other')
        if 0 in shape:
            return np.zeros(shape, np.float32)
        last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
        if last >= storage.numel:
            raise LengthError(f'it reaches element {last:,} of storage {storage.key}, which has {storage.numel:,}')
        array = self._storage(storage.key)[storage.start + offset:storage.start + storage.numel]
        steps = [0 if size == 1 else stride * array.itemsize for size, stride in zip(shape, strides)]
        array = np.lib.stride_tricks.as_strided(array, shape, steps, writeable=False)
        if storage.kind == BFLOAT16:  # the upper half of a float32
            return (array.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over='ignore'):
            return array.astype(np.float32, copy=False)

    def _storage(self, key):
        if key not in self._arrays:
            kind, numel = self._storages[key]
            dtype = _dtype(kind, self._order)
            with self._opened(key, array_bytes([numel], dtype.itemsize)) as source:
                self._arrays[key] = array = np.empty(numel, dtype)
                _read_into(source, array.view(np.uint8))
        self._last = self._arrays[key]
        return self._last

    def _storage_of(self, pid):
        """The Storage that a persistent id means: ('storage', kind, key, device, numel, None or a view of it)."""
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != 'storage':
            raise PickleError('it refers to something else than numbers, such as a whole module')
        kind, key, _, numel = pid[1:5]
        start, part = pid[5][1:] if pid[5:] and pid[5] else (0, numel)
        if not isinstance(kind, Kind) or not isinstance(key, str) or not _are_counts((numel, start, part)) \
                or start + part > numel:
            raise PickleError(f'its storage {key!r} has no type and length')
        if self._storages.setdefault(key, (kind.name, numel)) != (kind.name, numel):
            raise PickleError(f'its storage {key} has two types or lengths')
        return Storage(key, kind.name, start, part)


class _ZipFile(TorchFile):
    def __init__(self, file, path):
        super().__init__(unzipped_size(path))
        self._file = zipfile.ZipFile(file)
        names = self._file.namelist()
        found = [name[:-len('data.pkl')] for name in names if name.split('/')[1:] == ['data.pkl']]
        if len(found) != 1:
            raise PickleError('it is a zip archive without a data.pkl, so torch.save did not write it')
        self._folder, = found
        if self._folder + 'byteorder' in names:
            self._order = {b'little': '<', b'big': '>'}[self._file.read(self._folder + 'byteorder')]
        pickled = self._file.read(self._folder + 'data.pkl')
        self.content = read_pickle(io.BytesIO(pickled), len(pickled), stand_in, self._storage_of)

    @contextlib.contextmanager
    def _opened(self, key, size):
        """Yields a file of a storage's bytes, of which there are `size`."""
        name = f'{self._folder}data/{key}'
        if name not in self._file.NameToInfo:
            raise LengthError(f'its storage data/{key} is missing')
        found = self._file.getinfo(name).file_size
        if found != size:
            raise LengthError(f'its storage data/{key} has {found:,} bytes, expected {size:,}')
        with self._file.open(name) as source:
            yield source
            source.read(1)  # the end, at which the checksum is compared


class _Stream(TorchFile):
    def __init__(self, file, path):
        super().__init__(os.path.getsize(path))
        self._file = file
        header = [self._pickle() for _ in range(3)]
        if header[:2] != [MAGIC, VERSION] or not isinstance(header[2], dict):
            raise PickleError('it does not begin as torch.save begins')
        if not header[2].get('little_endian', True):
            raise PickleError('a big-endian machine wrote it in the older format')
        self.content = self._pickle()
        self._places, keys = {}, self._pickle()
        for key in keys:
            if key not in self._storages:
                raise PickleError(f'its storage {key!r} belongs to no tensor')
            kind, numel = self._storages[key]
            length = self._file.read(8)
            if length != struct.pack('<q', numel):
                raise LengthError(f'its storage {key} has the length {length!r}, expected {struct.pack("<q", numel)!r}')
            self._places[key] = self._file.tell()
            end = self._places[key] + array_bytes([numel], _dtype(kind).itemsize)
            check_length(f'all up to storage {key}', end, self.size)
            self._file.seek(end)

    def _pickle(self):
        return read_pickle(self._file, self.size, stand_in, self._storage_of)

    @contextlib.contextmanager
    def _opened(self, key, size):
        """Yields the file at the first of a storage's bytes."""
        if key not in self._places:
            raise LengthError(f'its storage {key} is missing')
        self._file.seek(self._places[key])
        yield self._file


def element_bytes(tensor):
    """Bytes of a Tensor's elements in its file, each counted once."""
    return array_bytes(tensor.shape, _dtype(tensor.storage.kind).itemsize)


def _read_into(source, target):
    for start in range(0, len(target), CHUNK):
        part = memoryview(target)[start:start + CHUNK]
        if source.readinto(part) != len(part):
            raise LengthError('a storage ends early')


def _dtype(kind, order='<'):
    return np.dtype(order + (KINDS.get(kind) or OTHER_KINDS[kind]))


def _are_counts(values):
    return all(type(value) is int and value >= 0 for value in values)
