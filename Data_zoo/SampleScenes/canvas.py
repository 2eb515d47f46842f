"""The canvas of a drawn scene: dice, camera and pens, and how the painting becomes a photo and its class ids.

A scene is painted in metres, from far to near, at SCALE times its size. Then it is reduced: a pixel's colour is the
mean of its block, its class that of the block's middle. Coordinates are rounded before Pillow sees them, and
colours pass only through +, -, *, /, so the same seed draws the same bits on every platform.
"""
import collections

import numpy as np
from PIL import Image, ImageDraw

OTHERS, SKY, BUILDING, TREE, ROAD, CAR, PERSON = range(7)
SCALE = 3  # odd, so that a block has a middle

# top, low: colours of the sky; tint: factors on surfaces; haze: far away, 0..1; sun: the side it is on, or 0;
# lit: share of windows
Light = collections.namedtuple('Light', 'top low tint haze sun lit')
LIGHTS = [Light((72, 128, 200), (186, 212, 232), (1.04, 1.0, 0.94), 0.20, 1, 0.03),
          Light((120, 160, 205), (235, 228, 205), (1.1, 1.0, 0.84), 0.30, -1, 0.05),
          Light((146, 154, 164), (206, 208, 210), (0.86, 0.90, 0.95), 0.40, 0, 0.15),
          Light((64, 74, 134), (248, 172, 116), (0.88, 0.70, 0.66), 0.35, -1, 0.45)]
# strength of the fine, leafy and coarse texture of each class
TEXTURE = np.array([(0.05, 0.1, 0.06), (0, 0, 0), (0.05, 0, 0.06), (0.08, 0.3, 0), (0.08, 0, 0.06), (0.02, 0, 0),
                    (0.03, 0, 0)], np.float32)


class Scene:
    """The dice, the camera and the canvas. x is metres to the right of the camera, y above the ground, z ahead."""

    def __init__(self, *key):
        self.random = np.random.RandomState(key).random_sample
        short, long = (side + (side % 32 == 0) for side in (self.whole(160, 204), self.whole(204, 261)))
        width, height = (SCALE * side for side in ((short, long) if self.chance(0.25) else (long, short)))
        self.size, self.light = (width, height), self.pick(LIGHTS)
        self.focal, self.eye = 0.8 * SCALE * long, self.real(1.5, 2.4)
        self.centre, self.horizon = width * self.real(0.36, 0.64), height * self.real(0.44, 0.58)
        self.photo, self.ids = Image.fromarray(self._sky()), Image.new('L', self.size, SKY)
        self.outlines = Image.new('L', self.size)  # numbers the things that get a void border, as annotators leave one
        self.pens = [ImageDraw.Draw(image) for image in (self.photo, self.ids, self.outlines)]

    def real(self, low, high):
        return low + (high - low) * self.random()

    def whole(self, low, high):
        """low <= n < high."""
        return low + int((high - low) * self.random())

    def chance(self, probability):
        return self.random() < probability

    def pick(self, items):
        return items[self.whole(0, len(items))]

    def noise(self, cell, stretch=1):
        """float32 [H, W] in -1..1, smooth over `cell` rows and `stretch` times as many columns."""
        width, height = self.size
        coarse = 256 * self.random((height // cell + 2, width // (cell * stretch) + 2))
        grown = Image.fromarray(coarse.astype(np.uint8)).resize(self.size, Image.BICUBIC)
        return np.asarray(grown) / np.float32(127.5) - 1

    def _sky(self):
        down = np.minimum(np.arange(self.size[1], dtype=np.float32) / np.float32(self.horizon), 1)[:, None, None]
        clouds = self.noise(60, 3) + self.noise(20, 3) / 2 + self.real(-0.2, 0.5)
        cover = np.clip(clouds, 0, 0.9)[:, :, None] * (1 - down / 2)
        top, low = (np.array(colour, np.float32) for colour in self.light[:2])
        sky = top + (low - top) * down * down
        return (sky + cover * (0.5 * low + 120 - sky)).astype(np.uint8)

    def screen(self, x, y, z):
        """Where a point is seen: (column, row), whole numbers."""
        column, row = self.centre + self.focal * x / z, self.horizon + self.focal * (self.eye - y) / z
        return int(round(column)), int(round(row))

    def x_at(self, share, z):
        """The x that is seen at a share of the photo's width, z metres away."""
        return (share * self.size[0] - self.centre) * z / self.focal

    def _fills(self, colour, z, class_id, outline):
        """What each pen fills with: the colour in this light through z metres of haze, the class, the outline."""
        haze = self.light.haze * z / (z + 60)
        lit = [value * factor * (1 - haze) + low * haze
               for value, factor, low in zip(colour, self.light.tint, self.light.low)]
        return tuple(min(int(value), 255) for value in lit), class_id, outline

    def polygon(self, points, colour, class_id, outline=0):
        """Fills a polygon of corners (x, y, z)."""
        for pen, fill in zip(self.pens, self._fills(colour, points[0][2], class_id, outline)):
            pen.polygon([self.screen(*point) for point in points], fill=fill)

    def ellipse(self, x, y, z, half_width, half_height, colour, class_id, outline=0):
        """Fills an ellipse around (x, y, z), upright."""
        box = self.screen(x - half_width, y + half_height, z) + self.screen(x + half_width, y - half_height, z)
        for pen, fill in zip(self.pens, self._fills(colour, z, class_id, outline)):
            pen.ellipse(box, fill=fill)

    def shadow(self, x, z, half_width):
        """Darkens the ground under a thing, whose class stays."""
        left, top = self.screen(x - half_width, 0, z + 0.4)
        box = (left, top, self.screen(x + half_width, 0, z)[0], self.screen(x, 0, z - 0.3)[1])
        self.pens[0].ellipse(box, fill=self._fills((46, 46, 50), z, OTHERS, 0)[0])

    def develop(self):
        """(photo uint8 [h, w, 3], ids uint8 [h, w])."""
        ids, middle = np.asarray(self.ids), slice(SCALE // 2, None, SCALE)
        texture = 1 + sum(TEXTURE[:, i][ids] * self.noise(cell) for i, cell in enumerate((3, 8, 40)))
        fine = np.clip(np.asarray(self.photo) * texture[:, :, None], 0, 255).astype(np.int32)
        photo = sum(fine[i::SCALE, j::SCALE] for i in range(SCALE) for j in range(SCALE)) / SCALE ** 2
        photo += self.real(3, 8) * (self.random(photo.shape) + self.random(photo.shape) - 1)  # the sensor's noise
        ids, outlines = ids[middle, middle].copy(), np.asarray(self.outlines)[middle, middle]
        ids[1:][outlines[1:] != outlines[:-1]] = OTHERS
        ids[:, 1:][outlines[:, 1:] != outlines[:, :-1]] = OTHERS
        return np.clip(photo + 0.5, 0, 255).astype(np.uint8), ids


class Sprite:
    """An upright thing that faces the camera: u metres to the right of its foot, v above it. Half get a void border."""

    def __init__(self, scene, class_id, x, z, shadow=0.0):
        self.scene, self.class_id, self.x, self.z = scene, class_id, x, z
        self.outline = scene.whole(1, 255) if scene.chance(0.5) else 0
        if shadow:
            scene.shadow(x, z, shadow)

    def polygon(self, colour, *points, back=0.0):
        self.scene.polygon([(self.x + u, v, self.z + back) for u, v in points], colour, self.class_id, self.outline)

    def box(self, colour, left, low, right, high, back=0.0):
        self.polygon(colour, (left, low), (left, high), (right, high), (right, low), back=back)

    def trapezoid(self, colour, low, high, bottom, top, back=0.0):
        """From half width `bottom` at v = low to `top` at v = high."""
        self.polygon(colour, (-bottom, low), (-top, high), (top, high), (bottom, low), back=back)

    def ellipse(self, colour, u, v, half_width, half_height, back=0.0):
        self.scene.ellipse(self.x + u, v, self.z + back, half_width, half_height, colour, self.class_id, self.outline)
