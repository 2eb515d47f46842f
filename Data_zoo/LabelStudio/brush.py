"""Label Studio's run-length encoding of brush masks.

A bit stream: 32 bits, the number N of values; 5 bits, the bits of a value less 1; four times 4 bits, the four lengths
of counts less 1. Then blocks until there are N values: 1 bit, whether one value repeats; 2 bits, which length the count
has; the count less 1; and the one value, or as many values as counted. (Format: thi.ng/rle-pack, which the tool uses.)
"""
import numpy as np

CHANNELS = 4  # red, green, blue and alpha of each pixel
MOST = 2**31  # values


def decode(data, height, width):
    """Bytes as a list of ints -> bool [height, width]: where alpha is above 0. Raises ValueError for damaged data."""
    bits = _Bits(bytes(data))
    count, size = bits.read(32), bits.read(5) + 1
    if count != height * width * CHANNELS or count > MOST:
        raise ValueError(f'a brush mask of {count} values for {height} x {width} pixels')
    if size > 8:
        raise ValueError(f'a brush mask of values of {size} bits')
    lengths = [bits.read(4) + 1 for _ in range(4)]
    values, at = np.zeros(count, np.uint8), 0
    while at < count:
        repeats = bits.read(1)
        end = at + 1 + bits.read(lengths[bits.read(2)])
        if end > count:
            raise ValueError('a brush mask that ends within a run')
        values[at:end] = bits.read(size) if repeats else bits.read_many(end - at, size)
        at = end
    return values.reshape(height, width, CHANNELS)[:, :, -1] > 0


class _Bits:
    """Reads numbers from bytes, bit by bit, the most significant first."""

    def __init__(self, data):
        self._data, self._at = data, 0

    def read(self, size):
        """The next `size` bits as a number."""
        end = self._at + size
        if end > 8 * len(self._data):
            raise ValueError('a brush mask that is cut short')
        whole = int.from_bytes(self._data[self._at // 8:-(-end // 8)], 'big')
        self._at = end
        return whole >> -end % 8 & (1 << size) - 1

    def read_many(self, count, size):
        """The next `count` numbers of `size` bits, at most 8: uint8 [count]."""
        end = self._at + count * size
        if end > 8 * len(self._data):
            raise ValueError('a brush mask that is cut short')
        first = self._at // 8
        bits = np.unpackbits(np.frombuffer(self._data[first:-(-end // 8)], np.uint8))
        rows = bits[self._at - 8 * first:end - 8 * first].reshape(count, size)
        self._at = end
        return np.packbits(rows, axis=1)[:, 0] >> (8 - size)
