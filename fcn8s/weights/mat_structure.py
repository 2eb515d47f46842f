"""Checks the structure of a MATLAB 5 file before SciPy, which trusts its lengths and kinds, reads it.

The format: MathWorks, "MAT-File Format". An element is a kind, a length and that many bytes, padded to a multiple of
eight; a matrix is an element of elements.
"""
import os
import struct
import zlib

from fcn8s.utils.archive import MAX_RATIO
from fcn8s.weights.lengths import array_bytes, check_length

NUMBERS, TEXTS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13), (1, 2, 3, 4, 16, 17, 18)  # kinds of an element's data
NAMES, MATRIX, COMPRESSED = (1, 16), 14, 15
CELL, STRUCT, TEXT, NUMERIC = 1, 2, 4, range(6, 16)  # classes of a matrix
COMPLEX = 0x800  # among its flags
MOST_DEEP = 20  # cells in structs in cells, ...
SMALLEST = 8    # bytes of an element
CHUNK = 1 << 20


class MatError(ValueError):
    """The file is not structured as MATLAB writes it."""


def check_mat(path, variable):
    """Raises MatError or LengthError unless a MATLAB 5 file, or its variable, is structured like weights."""
    size = os.path.getsize(path)
    with open(path, 'rb') as file:
        header = file.read(128)
        order = '<' if header[126:] == b'IM' else '>'
        if header[124:126] not in (b'\0\1', b'\1\0'):  # another version, which SciPy detects too
            return
        while file.tell() + SMALLEST <= size:
            kind, length = struct.unpack(order + 'II', file.read(8))
            end = file.tell() + length
            check_length('an element', end, size)
            source = _Source(file.read, order, length)
            if kind == COMPRESSED:
                source = _Source(_Inflated(file, length).read, order, 8)
                kind, inner, _ = source.tag()
                check_length('an element', inner, length, MAX_RATIO)
                source.left = inner
            if kind == MATRIX:
                _check_matrix(source, 0, variable)
            file.seek(end)


class _Inflated:
    """A reader of the next `length` compressed bytes of a file."""

    def __init__(self, file, length):
        self.file, self.left, self.inflate = file, length, zlib.decompressobj()

    def read(self, count):
        """`count` bytes, or fewer at the end."""
        data = b''
        while len(data) < count and not self.inflate.eof:
            packed = self.inflate.unconsumed_tail
            if not packed:
                packed = self.file.read(min(self.left, CHUNK))
                self.left -= len(packed)
                if not packed:
                    break
            data += self.inflate.decompress(packed, count - len(data))
        return data


class _Source:
    """A reader of elements in the next `left` bytes."""

    def __init__(self, read, order, left):
        self._read, self.order, self.left = read, order, left

    def read(self, count):
        """Exactly `count` bytes."""
        check_length('an element', count, self.left)
        data = self._read(count)
        if len(data) < count:
            raise MatError('an element ends early')
        self.left -= count
        return data

    def tag(self):
        """(kind, length, padding) of the next element."""
        first, = struct.unpack(self.order + 'I', self.read(4))
        if first >> 16:  # a small element of up to four bytes: its length and kind share one word
            if first >> 16 > 4:
                raise MatError(f'a small element has {first >> 16} bytes, expected 4 at most')
            return first & 0xffff, first >> 16, 4 - (first >> 16)
        length, = struct.unpack(self.order + 'I', self.read(4))
        return first, length, -length % 8

    def element(self, kinds):
        """The bytes of the next element, of one of these kinds and short."""
        kind, length, padding = self.tag()
        if kind not in kinds or length > CHUNK:
            raise MatError(f'an element is of the kind {kind} and has {length:,} bytes')
        return self.read(length + padding)[:length]

    def skip(self, kinds):
        """Skips the next element, which must be of one of these kinds."""
        kind, length, padding = self.tag()
        if kind not in kinds:
            raise MatError(f'an element is of the kind {kind}, expected one of {kinds}')
        check_length('an element', length, self.left)
        padding = min(padding, self.left - length)  # may be absent at the end of a file
        for start in range(0, length + padding, CHUNK):
            self.read(min(CHUNK, length + padding - start))

    def part(self):
        """The Source of the next element, a matrix."""
        kind, length, _ = self.tag()
        if kind != MATRIX:
            raise MatError(f'an element is of the kind {kind}, expected a matrix')
        check_length('an element', length, self.left)
        self.left -= length
        return _Source(self._read, self.order, length)


def _check_matrix(source, depth, variable=None):
    """Checks a matrix and those in it. variable: check only the matrix of this name; None: any."""
    if not source.left:  # an empty one
        return
    if depth > MOST_DEEP:
        raise MatError(f'cells and structs are nested more than {MOST_DEEP} deep')
    flags, dimensions = source.element((6,)), source.element((5,))
    if len(flags) != 8 or not 8 <= len(dimensions) <= 4 * 32 or len(dimensions) % 4:
        raise MatError('a matrix has no class or no dimensions')
    name = source.element(NAMES)
    if variable is not None and name != variable.encode():
        return
    flags = struct.unpack(source.order + 'I', flags[:4])[0]
    kind, parts = flags & 255, 1 + bool(flags & COMPLEX)
    if kind in (CELL, STRUCT):
        dimensions = struct.unpack(source.order + f'{len(dimensions) // 4}I', dimensions)
        parts = array_bytes(dimensions, _field_count(source) if kind == STRUCT else 1)
        check_length('a cell or struct', SMALLEST * parts, source.left)
        for _ in range(parts):
            _check_matrix(source.part(), depth + 1)
    elif kind == TEXT or kind in NUMERIC:
        for _ in range(parts):
            source.skip(TEXTS if kind == TEXT else NUMBERS)
    else:
        raise MatError(f'a matrix is of the class {kind}, which weight files do not need')
    if source.left:  # SciPy would look for the next matrix there
        raise MatError(f'a matrix has {source.left:,} bytes more than its dimensions say')


def _field_count(source):
    """Reads the field names of a struct and returns their number."""
    longest = source.element((5,))
    longest = struct.unpack(source.order + 'I', longest)[0] if len(longest) == 4 else 0
    names = source.element(NAMES)
    if not 0 < longest <= 1024 or len(names) % longest:
        raise MatError('the names of a struct have no length')
    return len(names) // longest
