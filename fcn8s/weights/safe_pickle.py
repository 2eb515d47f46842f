"""Reads pickles without running any code that they name; load_object reads the arrays pickled in a .npy file.

np.load(allow_pickle=True) runs any program in the file. Here a pickle may hold dictionaries, lists, text and what a
short list of names stands for, and this project builds even the arrays itself instead of calling the constructors that
the file names.
"""
import os
import pickle
import pickletools
import re
from collections import OrderedDict

import numpy as np

from fcn8s.weights.lengths import check_length, read_npy_header

PickleError = pickle.UnpicklingError
MOST_VISITS = 1000  # of objects by the hash of one key, see _weigh; weight files need a few
UNHASHABLE = ('EMPTY_LIST', 'LIST', 'APPEND', 'APPENDS', 'EMPTY_DICT', 'DICT', 'SETITEM', 'SETITEMS')


def read_pickle(file, size, names, persistent=None, encoding='utf-8'):
    """Returns the object of the pickle at a file's position and moves behind it.

    Args:
      file: binary, seekable.
      size: bytes of the file.
      names: function from (module, name) to the stand-in for what the pickle names, or None to refuse the name.
      persistent: function from a persistent id to the object in its place; None refuses them.
      encoding: of Python 2's strings.

    Raises PickleError for a refused name, LengthError, and any exception of pickle on damaged files.
    """
    start = file.tell()
    end = _check_pickle(file, size)
    file.seek(start)
    found = _Unpickler(file, names, persistent, encoding).load()
    file.seek(end)
    return found


def load_object(path):
    """The object in a .npy file of Python 2 or 3, with arrays of numbers (read-only, not copied).

    Raises PickleError if it needs other types, and any exception of pickle on damaged files.
    """
    with open(path, 'rb') as file:
        dtype = read_npy_header(file)[2]
        if not dtype.hasobject:
            raise PickleError(f'it holds one array of {dtype}, expected a pickled dictionary of arrays')
        size = os.path.getsize(path)
        # 'bytes' keeps Python 2's strings, which hold the array data, unchanged.
        return _converted(read_pickle(file, size, lambda *name: ALLOWED.get(name), encoding='bytes'), [size])


class _Within:
    """A file that refuses reads beyond its end, which would allocate memory first."""

    def __init__(self, file, size):
        self.file, self.size, self.readline, self.tell = file, size, file.readline, file.tell

    def read(self, count):
        check_length('a part of its pickle', self.file.tell() + count, self.size)
        return self.file.read(count)


def _check_pickle(file, size):
    """Returns where the pickle at the file's position ends.

    Raises LengthError if it names a length or memo index larger than itself, PickleError for tuples that no hash would
    get through.
    """
    start, largest, stack, memo = file.tell(), 0, [], {}
    for opcode, argument, _ in pickletools.genops(_Within(file, size)):
        if opcode.name in ('FRAME', 'PUT', 'LONG_BINPUT'):
            largest = max(largest, argument)
        _weigh(opcode, argument, stack, memo)
    check_length('a part of its pickle', largest, file.tell() - start)
    return file.tell()


def _weigh(opcode, argument, stack, memo):
    """Does what an opcode does to stack and memo, with the number of objects that a hash would visit for each object.

    A dictionary hashes its keys. Tuples nested 100,000 deep overflow the stack of Python's hash, and 40 tuples that
    each hold the one before twice take it hours. A mark is None.
    """
    before = opcode.stack_before
    if opcode.name in ('GET', 'BINGET', 'LONG_BINGET'):
        stack.append(memo[argument])
    elif opcode.name in ('PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE'):
        memo[len(memo) if argument is None else argument] = stack[-1]
    elif opcode.name == 'MARK':
        stack.append(None)
    elif opcode.name == 'DUP':
        stack.append(stack[-1])
    else:
        visits = 1
        if pickletools.markobject in before:
            before = before[:before.index(pickletools.markobject)]
            while stack[-1] is not None:
                visits += stack.pop()
            stack.pop()
        visits += sum(stack.pop() or 0 for _ in before)
        if visits > MOST_VISITS and opcode.name not in UNHASHABLE:
            raise PickleError(f'its pickle nests tuples in tuples, with more than {MOST_VISITS} parts')
        stack += [0 if opcode.name in UNHASHABLE else visits] * len(opcode.stack_after)


class _Array:
    """A placeholder for a numpy array: keeps (shape, dtype, whether in Fortran order, bytes or list of objects)."""

    def __setstate__(self, state):
        self.state = state[-4:]


class _Dtype:
    """A placeholder for a numpy dtype: keeps its code, e.g. 'f4', and byte order."""

    def __init__(self, code, *_):
        self.code = code
        self.order = '|'

    def __setstate__(self, state):
        self.order = state[1]


def _reconstruct(*_):
    return _Array()


def _encode(text, encoding):
    """codecs.encode, with which Python 3 pickles bytes for Python 2, limited to the encoding used there."""
    if encoding != 'latin1':
        raise PickleError(f'it encodes bytes as {encoding}, expected latin1')
    return text.encode('latin1')


ALLOWED = {
    ('numpy.core.multiarray', '_reconstruct'): _reconstruct,
    ('numpy._core.multiarray', '_reconstruct'): _reconstruct,  # since NumPy 2
    ('numpy', 'ndarray'): _Array,
    ('numpy', 'dtype'): _Dtype,
    ('collections', 'OrderedDict'): OrderedDict,
    ('_codecs', 'encode'): _encode,
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, names, persistent, encoding):
        super().__init__(file, encoding=encoding)
        self._names, self._persistent = names, persistent

    def find_class(self, module, name):
        found = self._names(module, name)
        if found is None:
            raise PickleError(f'it asks to run {module}.{name}, which weight files do not need (it was not run)')
        return found

    def persistent_load(self, pid):
        if self._persistent is None:
            raise PickleError('it refers to objects outside of its pickle')
        return self._persistent(pid)


def _converted(value, left):
    """Replaces placeholders by numpy arrays, and the bytes of Python 2 by text.

    left: [number of values still allowed], at first one for each byte of the file. Only a file whose lists contain each
    other repeatedly has more values than bytes.
    """
    left[0] -= 1
    if left[0] < 0:
        raise PickleError('it repeats its values more often than it has bytes')
    if isinstance(value, dict):
        return OrderedDict((_converted(key, left), _converted(item, left)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [_converted(item, left) for item in value]
    if isinstance(value, _Array):
        return _array(*value.state, left=left)
    return _text(value)


def _text(value):
    return value.decode('latin1') if isinstance(value, bytes) else value


def _array(shape, dtype, fortran, data, left):
    code, order = _text(dtype.code), _text(dtype.order)
    if code.startswith('O'):
        return _converted(data[0] if shape == () else data, left)
    if not re.match(r'[fiu][1248]$', code):
        raise PickleError(f'it holds an array of {code}, expected numbers')
    return np.frombuffer(data, np.dtype(order + code)).reshape(shape, order='F' if fortran else 'C')
