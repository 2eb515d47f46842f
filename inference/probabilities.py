"""Probabilities of the classes: their resizing and their file."""
import numpy as np
from PIL import Image

from files.atomic import whole_file


def resize_probabilities(softmax, height, width):
    """float32 [h, w, N] -> [height, width, N], Pillow's bilinear as for photos; each pixel's still sum to one.

    The input itself where the size is the same.
    """
    if softmax.shape[:2] == (height, width):
        return softmax
    resized = np.empty((height, width, softmax.shape[2]), np.float32)
    for k in range(softmax.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(softmax[:, :, k]))
        resized[:, :, k] = plane.resize((width, height), Image.Resampling.BILINEAR)
    return resized


def save_probabilities(path, softmax):
    """Writes [H, W, N] as 'softmax' into a .npz, in float16 (three digits), whole or not at all.

    Not compressed: that makes such a file a tenth smaller in eight times the time.
    """
    with whole_file(path) as part:
        np.savez(part, softmax=softmax.astype(np.float16))
