"""Probabilities of the classes: their resizing and their file."""
import numpy as np

from files.atomic import whole_file


def resize_probabilities(softmax, height, width, dtype=np.float32):
    """float32 [h, w, N] -> dtype [height, width, N] as add_resized does it; each pixel's still sum to one.

    The input itself where size and dtype are the same. No other array of the new size is made.
    """
    if softmax.shape[:2] == (height, width):
        return softmax.astype(dtype, copy=False)
    resized = np.empty((height, width, softmax.shape[2]), dtype)
    for y, row in enumerate(_resized_rows(softmax, height, width)):
        resized[y] = row
    return resized


def add_resized(total, values):
    """total [H, W, N] += values [h, w, N], both float32, values interpolated bilinearly between pixel centres.

    Without antialiasing, as PyTorch's align_corners=False: probabilities are smooth. It goes row by row, all classes at
    once, and needs no second array of that size.
    """
    for y, row in enumerate(_resized_rows(values, *total.shape[:2])):
        total[y] += row


def _resized_rows(values, height, width):
    """Yields the rows, float32 [width, N], of values [h, w, N] at another size."""
    top, bottom, down = _neighbours(values.shape[0], height)
    left, right, across = _neighbours(values.shape[1], width)
    across = across[:, np.newaxis]
    for y in range(height):
        row = values[top[y]] + down[y] * (values[bottom[y]] - values[top[y]])  # [w, N]
        start = row[left]
        yield start + across * (row[right] - start)


def save_probabilities(path, softmax):
    """Writes [H, W, N] as 'softmax' into a .npz, in float16 (three digits), whole or not at all.

    Not compressed: that makes such a file a tenth smaller in eight times the time.
    """
    with whole_file(path) as part:
        np.savez(part, softmax=softmax.astype(np.float16, copy=False))


def _neighbours(length, new_length):
    """For each of new_length places the two of `length` beside it, and how far it is from the first to the second."""
    place = np.clip((np.arange(new_length) + 0.5) * length / new_length - 0.5, 0, length - 1)
    first = place.astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (place - first).astype(np.float32)
