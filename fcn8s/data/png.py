"""Verifies a PNG's own checksums and the length of its pixel stream."""
import struct
import zlib

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type: RFC 2083, 4.1.1
# (first column, first row, column step, row step) of each pass of an interlaced PNG: RFC 2083, 2.6
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 1 << 16  # bytes in memory at a time


def check_png(file):
    """Raises ValueError or zlib.error for a PNG with changed or missing bytes, which decoders often accept.

    file: binary, at its beginning. Ignores bytes after the IEND chunk and after the pixel stream.
    """
    file.seek(8)
    pixels, kind = None, b''
    while kind != b'IEND':
        head = file.read(8)
        if len(head) < 8:
            raise ValueError('it ends without an IEND chunk')
        size, kind = struct.unpack('>I4s', head)
        checksum = zlib.crc32(kind)
        for piece in _pieces(file, size):
            checksum = zlib.crc32(piece, checksum)
            if pixels is None:
                pixels = _PixelStream(_stream_length(piece))  # IHDR comes first, and is short
            elif kind == b'IDAT':
                pixels.take(piece)
        if file.read(4) != struct.pack('>I', checksum):
            raise ValueError(f'the checksum of its chunk {kind.decode("latin-1")!r} is wrong')
    pixels.finish()


def _pieces(file, size):
    while size:
        piece = file.read(min(size, _PIECE))
        if not piece:
            raise ValueError('it ends within a chunk')
        size -= len(piece)
        yield piece


def _stream_length(header):
    """Bytes of the inflated pixel stream, by the content of the IHDR chunk."""
    width, height, bits, colour_type, _, _, interlaced = struct.unpack('>IIBBBBB', header)
    pixel = bits * _CHANNELS[colour_type]
    parts = _PASSES if interlaced else ((0, 0, 1, 1),)
    sides = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in parts]
    return sum(rows * (1 + (columns * pixel + 7) // 8) for columns, rows in sides if columns > 0 and rows > 0)


class _PixelStream:
    """Inflates a zlib stream piece by piece, only to learn its length; zlib checks its Adler sum."""

    def __init__(self, expected):
        self._expected, self._length, self._inflate = expected, 0, zlib.decompressobj()

    def take(self, piece):
        while piece and not self._inflate.eof:
            self._length += len(self._inflate.decompress(piece, _PIECE))
            piece = self._inflate.unconsumed_tail
            if self._length > self._expected:
                raise ValueError(f'its pixel stream is longer than the {self._expected} bytes that its size needs')

    def finish(self):
        more = True
        while more and not self._inflate.eof and self._length <= self._expected:
            more = len(self._inflate.decompress(b'', _PIECE))
            self._length += more
        if not self._inflate.eof or self._length != self._expected:
            raise ValueError(f'its pixel stream has {self._length} of {self._expected} bytes')
