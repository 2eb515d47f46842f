"""A photo and its class ids, painted together at three times their size, then developed.

Only +, -, *, / and comparisons make pixels: these give the same bits on every platform and release.
"""
import numpy as np
from PIL import Image

SCALE = 3  # odd, so that the middle of each SCALE x SCALE block lies exactly on the pixel it becomes


class Dice:
    """Random draws that are the same everywhere for the same key of whole numbers."""

    def __init__(self, *key):
        self.random = np.random.RandomState(key).random_sample

    def real(self, low, high):
        return low + (high - low) * self.random()

    def whole(self, low, high):
        """low <= n < high."""
        return low + int((high - low) * self.random())

    def chance(self, probability):
        return self.random() < probability

    def pick(self, items):
        return items[self.whole(0, len(items))]

    def noise(self, height, width, cell):
        """float32 [height, width] in -1..1, smooth over about `cell` pixels; cell may be (vertical, horizontal)."""
        rows, columns = cell if isinstance(cell, tuple) else (cell, cell)
        coarse = self.random((height // rows + 2, width // columns + 2)) * 256
        image = Image.fromarray(coarse.astype(np.uint8)).resize((width, height), Image.BICUBIC)
        return np.asarray(image).astype(np.float32) / 127.5 - 1


class Canvas:
    """rgb float32 [H, W, 3] in 0..255, ids uint8 [H, W], outlines uint8 [H, W], all at SCALE times the photo's size.

    outlines numbers the things that get a thin void border, as annotators leave one.
    """

    def __init__(self, height, width, dice):
        self.height, self.width = SCALE * height, SCALE * width
        self.rgb = np.zeros((self.height, self.width, 3), np.float32)
        self.ids = np.zeros((self.height, self.width), np.uint8)
        self.outlines = np.zeros((self.height, self.width), np.uint8)
        fine, middle, coarse = (dice.noise(self.height, self.width, cell) for cell in (3, 8, 40))
        self.grain = {'fine': fine + middle / 2, 'leaf': middle + fine / 2, 'stain': coarse}
        self.x = np.arange(self.width, dtype=np.float32)[None] + 0.5
        self.y = np.arange(self.height, dtype=np.float32)[:, None] + 0.5

    def box(self, left, top, right, bottom):
        """The (rows, columns) slices of a box of pixels, as much of it as lies on the canvas."""
        left, right = (int(min(max(x, 0), self.width)) for x in (left, right + 1))
        top, bottom = (int(min(max(y, 0), self.height)) for y in (top, bottom + 1))
        return slice(top, bottom), slice(left, right)

    def texture(self, box, **strengths):
        """Factors around 1, float32 [h, w]: grain by name, each times its strength."""
        return 1 + sum(strength * self.grain[name][box] for name, strength in strengths.items())

    def paint(self, box, mask, colour, class_id, outline=0):
        """Paints mask (bool [h, w], the box's shape); colour and class_id are one for all, or one a True of mask."""
        self.rgb[box][mask] = colour
        self.ids[box][mask] = class_id
        self.outlines[box][mask] = outline

    def shade(self, box, mask, factor):
        """Darkens what is there already, as a shadow does."""
        self.rgb[box][mask] *= factor

    def develop(self, dice, noise, softness):
        """(photo uint8 [h, w, 3], ids uint8 [h, w]): noise in grey levels, softness 0..1."""
        fine = np.clip(self.rgb, 0, 255).astype(np.int32)
        small = sum(fine[i::SCALE, j::SCALE] for i in range(SCALE) for j in range(SCALE))  # whole numbers: exact
        photo = _soften(small / float(SCALE * SCALE), softness)
        height, width = photo.shape[:2]
        photo = photo * _vignette(height, width)[:, :, None]
        for size, amount in ((1, noise), (3, 0.4 * noise)):  # of brightness, of colour
            photo = photo + amount * (dice.random((height, width, size)) + dice.random((height, width, size)) - 1)
        return np.clip(photo + 0.5, 0, 255).astype(np.uint8), self._small_ids()

    def _small_ids(self):
        middle = slice(SCALE // 2, None, SCALE)
        ids, outlines = self.ids[middle, middle].copy(), self.outlines[middle, middle]
        ids[1:][outlines[1:] != outlines[:-1]] = 0
        ids[:, 1:][outlines[:, 1:] != outlines[:, :-1]] = 0
        return ids


def _soften(photo, softness):
    """Blends in its 3 x 3 binomial blur."""
    blurred = photo
    for axis in (0, 1):
        padded = np.pad(blurred, [(1, 1) if i == axis else (0, 0) for i in range(3)], 'edge')
        before, after = (slice(None),) * axis + (slice(None, -2),), (slice(None),) * axis + (slice(2, None),)
        blurred = (padded[before] + 2 * blurred + padded[after]) / 4
    return photo + softness * (blurred - photo)


def _vignette(height, width):
    y, x = np.arange(height)[:, None] / height - 0.5, np.arange(width)[None] / width - 0.5
    return 1.09 - 0.3 * (x * x + y * y)
