"""Writes files as torch.save does, in both formats and without torch, from the description of the formats."""
import io
import pickle
import struct
import zipfile
from collections import OrderedDict

import numpy as np

KINDS = {'<f4': 'Float', '<f8': 'Double', '<f2': 'Half', '<i8': 'Long', '<i4': 'Int', '<i2': 'Short', '|i1': 'Char',
         '|u1': 'Byte', '|b1': 'Bool'}


class Global:
    """A name in a pickle; called only in the file's own terms."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *_):
        raise AssertionError('a test must not run what it writes')


class Call:
    """What a pickle asks to call."""

    def __init__(self, module, name, *values):
        self.reduced = Global(module, name), values

    def __reduce__(self):
        return self.reduced


class Storage:
    """A flat array; claimed: the number of elements that the pickle says it has."""

    def __init__(self, array, kind=None, key=None, claimed=None, module='torch', view=None):
        self.array = np.ascontiguousarray(array).ravel()
        self.kind, self.key = Global(module, (kind or KINDS[self.array.dtype.str]) + 'Storage'), key
        self.claimed, self.view = len(self.array) if claimed is None else claimed, view


def tensor(array, **storage):
    """A contiguous tensor with a storage of its own."""
    array = np.array(array, order='C')
    return part(Storage(array, **storage), 0, array.shape, [stride // array.itemsize for stride in array.strides])


def part(storage, offset, shape, strides):
    """A tensor that is a part of a storage."""
    return Call('torch._utils', '_rebuild_tensor_v2', storage, offset, tuple(shape), tuple(strides), False,
                OrderedDict())


def state_dict(arrays):
    """The tensors of an nn.Module's state_dict, which is an OrderedDict with an attribute."""
    found = OrderedDict((name, array if isinstance(array, Call) else tensor(array)) for name, array in arrays.items())
    found._metadata = OrderedDict([('', {'version': 1})])
    return found


class _Pickler(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)
    zipped = True

    def __init__(self, file, storages):
        super().__init__(file, protocol=2)
        self.storages = storages

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value not in self.storages:
            self.storages.append(value)
        value.key = value.key or str(self.storages.index(value))
        return ('storage', value.kind, value.key, 'cuda:0', value.claimed) + (() if self.zipped else (value.view,))

    def save_name(self, value):
        self.write(b'c%s\n%s\n' % (value.module.encode(), value.name.encode()))

    dispatch[Global] = save_name


class _StreamPickler(_Pickler):
    zipped = False


class _Python2Pickler(_StreamPickler):
    dispatch = dict(_StreamPickler.dispatch)

    def save_text(self, text):
        self.write(pickle.SHORT_BINSTRING + struct.pack('<B', len(text)) + text.encode())
        self.memoize(text)

    dispatch[str] = save_text


def write_stream(path, content, python2=False, little_endian=True, left_out=()):
    """The older format; left_out: keys of storages that are not in the file."""
    storages = []
    with open(path, 'wb') as file:
        for header in (0x1950a86a20f9469cfc6c, 1001, {'protocol_version': 1001, 'little_endian': little_endian,
                                                      'type_sizes': {'short': 2, 'int': 4, 'long': 4}}):
            pickle.dump(header, file, protocol=2)
        (_Python2Pickler if python2 else _StreamPickler)(file, storages).dump(content)
        storages = [storage for storage in storages if storage.key not in left_out]
        pickle.dump([storage.key for storage in storages], file, protocol=2)
        for storage in storages:
            file.write(struct.pack('<q', len(storage.array)) + storage.array.tobytes())
    return str(path)


def write_zip(path, content, byteorder='little', left_out=(), compression=zipfile.ZIP_STORED):
    """The later format; left_out: keys of storages that are not in the file; byteorder: None for the first releases."""
    storages, pickled = [], io.BytesIO()
    _Pickler(pickled, storages).dump(content)
    with zipfile.ZipFile(path, 'w', compression) as archive:
        archive.writestr('net/data.pkl', pickled.getvalue())
        if byteorder:
            archive.writestr('net/byteorder', byteorder)
        for storage in {storage.key: storage for storage in storages}.values():
            if storage.key not in left_out:
                array = storage.array.byteswap() if byteorder == 'big' else storage.array
                archive.writestr('net/data/' + storage.key, array.tobytes())
        archive.writestr('net/version', '3\n')
    return str(path)


WRITERS = {'stream': write_stream, 'zip': write_zip}
