"""Probabilities of the classes: their resizing and their file."""
import numpy as np

from files.atomic import whole_file


def resize_probabilities(softmax, height, width):
    """float32 [h, w, N] -> [height, width, N] as add_resized does it; each pixel's still sum to one.

    The input itself where the size is the same.
    """
    if softmax.shape[:2] == (height, width):
        return softmax
    resized = np.zeros((height, width, softmax.shape[2]), np.float32)
    add_resized(resized, softmax)
    return resized


def add_resized(total, values):
    """total [H, W, N] += values [h, w, N], both float32, values interpolated bilinearly between pixel centres.

    Without antialiasing, as PyTorch's align_corners=False: probabilities are smooth. It goes row by row, all classes at
    once, and needs no second array of that size.
    """
    top, bottom, down = _neighbours(values.shape[0], total.shape[0])
    left, right, across = _neighbours(values.shape[1], total.shape[1])
    across = across[:, np.newaxis]
    for y in range(len(total)):
        row = values[top[y]] + down[y] * (values[bottom[y]] - values[top[y]])  # [w, N]
        start = row[left]
        total[y] += start + across * (row[right] - start)


def save_probabilities(path, softmax):
    """Writes [H, W, N] as 'softmax' into a .npz, in float16 (three digits), whole or not at all.

    Not compressed: that makes such a file a tenth smaller in eight times the time.
    """
    with whole_file(path) as part:
        np.savez(part, softmax=softmax.astype(np.float16))


def _neighbours(length, new_length):
    """For each of new_length places the two of `length` beside it, and how far it is from the first to the second."""
    place = np.clip((np.arange(new_length) + 0.5) * length / new_length - 0.5, 0, length - 1)
    first = place.astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (place - first).astype(np.float32)
