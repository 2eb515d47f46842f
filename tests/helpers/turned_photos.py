"""Photos with an EXIF orientation, and annotations to go with them."""
import numpy as np
from PIL import Image

IDS = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
# What must be done to stored pixels by each value of the tag (CIPA DC-008, section 4.6.4), in numpy's words.
TO_UPRIGHT = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose,
              6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a.T, 2), 8: np.rot90}


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def corner(height=40, width=60):
    """A bright corner, upper left, on noise, as a photo and as its ids."""
    ids = np.zeros((height, width), np.uint8)
    ids[:height // 3, :width // 4] = 1
    noise = np.random.RandomState(0).randint(0, 40, (height, width, 3))
    return (noise + 150 * ids[..., np.newaxis]).astype(np.uint8), ids
