"""Outlines and masks of annotation tools -> class ids.

Coordinates are (x, y) in pixels from the photo's upper left corner: the pixel in column c and row r covers c to c + 1
and r to r + 1. It belongs to an outline if its centre (c + 0.5, r + 0.5) is inside. So areas are neither too large nor
too small on average, whereas ImageDraw and OpenCV add every pixel that the outline touches. Parts outside the photo are
cut.
"""
import collections
import io
import math

import numpy as np
from PIL import Image, ImageDraw

from fcn8s.data.image_files import MAX_PIXELS

FAR = 10**7  # pixels
Patch = collections.namedtuple('Patch', 'top left mask')  # of a photo: mask, bool [h, w], may reach beyond its edges
Shape = collections.namedtuple('Shape', 'name patch')  # an object: the name of its class, and a Patch


def outline(rings, height, width):
    """The Patch of the pixels inside rings, a list of [n, 2] of (x, y), by the even-odd rule.

    A ring inside another one is a hole. Raises ValueError for points that are no pairs of numbers up to FAR.
    """
    rings = [_ring(ring) for ring in rings]
    points = np.concatenate(rings) if rings else np.zeros((0, 2))
    if not len(points):
        return Patch(0, 0, np.zeros((0, 0), bool))
    limits = (width, height)
    (left, top), (right, bottom) = (np.clip(side, 0, limits).astype(int) for side in
                                    (np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))))
    crossings = np.zeros((bottom - top, right - left + 1), np.uint8)  # their number left of each pixel's centre; parity
    for ring in rings:
        rows, columns = _crossings(ring, top, bottom)
        np.add.at(crossings, (rows - top, np.clip(columns, left, right) - left), 1)
    crossings &= 1
    np.bitwise_xor.accumulate(crossings, axis=1, out=crossings)
    return Patch(top, left, crossings[:, :-1].astype(bool))


def _ring(points):
    ring = np.asarray(points, np.float64)
    if ring.size == 0:
        return np.zeros((0, 2))
    if ring.ndim != 2 or ring.shape[1] != 2 or not np.isfinite(ring).all() or np.abs(ring).max() > FAR:
        raise ValueError(f'an outline whose points are not pairs of numbers up to {FAR}')
    return ring


def _crossings(ring, top, bottom):
    """(rows, columns), int arrays: where the ring crosses each row of pixel centres, and the first centre beyond."""
    (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
    first, last = (np.clip(np.ceil(y - 0.5), top, bottom).astype(int) for y in (np.minimum(y0, y1), np.maximum(y0, y1)))
    counts = last - first
    edge = np.repeat(np.arange(len(ring)), counts)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    x = x0[edge] + (rows + 0.5 - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    return rows, np.ceil(x - 0.5).astype(int)


def pixel_outline(rings, height, width):
    """The Patch of rings whose points are whole pixels: all on or in the first ring, without those on or in the others.

    The lines between the points are Bresenham's.
    """
    mask = np.zeros((height, width), bool)
    for number, ring in enumerate(rings):
        points = np.rint(_ring(ring))
        lines = Image.new('1', (width, height))
        if len(points) > 1:
            closed = np.concatenate([points, points[:1]]).tolist()
            ImageDraw.Draw(lines).line([tuple(point) for point in closed], fill=1)
        paint(mask, outline([points + 0.5], height, width), number == 0)
        mask[np.array(lines)] = number == 0
    return crop(mask)


def rectangle(left, top, right, bottom, angle=0, pivot=None):
    """The ring of a rectangle, turned clockwise by angle, in degrees, about pivot (x, y), by default its centre."""
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    pivot = corners.mean(axis=0) if pivot is None else np.array(pivot, np.float64)
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return corners if not angle else (corners - pivot) @ np.array([[cosine, sine], [-sine, cosine]]) + pivot


def ellipse(centre, radii, height, width, angle=0):
    """The Patch of an ellipse around (x, y) with radii (horizontal, vertical), turned clockwise by angle in degrees."""
    if not np.isfinite([*centre, *radii, angle]).all() or min(radii) <= 0:
        return Patch(0, 0, np.zeros((0, 0), bool))
    x = np.arange(width) + 0.5 - centre[0]
    y = (np.arange(height) + 0.5 - centre[1])[:, np.newaxis]
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return crop(((x * cosine + y * sine) / radii[0]) ** 2 + ((y * cosine - x * sine) / radii[1]) ** 2 <= 1)


def runs(counts, height, width, by_columns=False):
    """bool [height, width] from run lengths of pixels outside, inside, outside, ...; row by row, or column by column.

    Raises ValueError unless the runs fill the mask exactly.
    """
    counts = np.asarray(counts, np.int64)
    if counts.ndim != 1 or counts.min(initial=0) < 0 or counts.sum() != height * width:
        raise ValueError(f'runs of {counts.sum()} pixels for a mask of {height} x {width}')
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return flat.reshape(width, height).T if by_columns else flat.reshape(height, width)


def png_mask(data):
    """Bytes of a PNG -> bool [h, w]: its alpha channel, or its grey or palette values, above 0. Raises ValueError."""
    try:
        with Image.open(io.BytesIO(data), formats=('PNG',)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f'{image.width} x {image.height} pixels')
            pixels = np.array(image)
    except Exception as error:  # Pillow's decoders raise a dozen types of exceptions on damaged data
        raise ValueError(f'a mask that is no PNG ({error})') from error
    return pixels > 0 if pixels.ndim == 2 else pixels[:, :, -1] > 0


def union(patches, height, width):
    """One Patch of all pixels of any of the patches."""
    patches = list(patches)
    if len(patches) == 1:
        return patches[0]
    mask = np.zeros((height, width), bool)
    for patch in patches:
        paint(mask, patch, True)
    return crop(mask)


def crop(mask):
    """The smallest Patch with all True pixels of a photo's mask, bool [H, W], so that many fit into memory."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Patch(0, 0, np.zeros((0, 0), bool))
    return Patch(rows[0], columns[0], mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].copy())


def paint(ids, patch, value):
    """Sets the pixels of a Patch in ids [H, W]; returns whether there are any."""
    place, part = _placed(patch, *ids.shape)
    ids[place][part] = value
    return bool(part.any())


def _placed(patch, height, width):
    """(where a Patch is in a photo, as two slices; the part of its mask that is in it)."""
    top, left = max(patch.top, 0), max(patch.left, 0)
    part = patch.mask[top - patch.top:, left - patch.left:][:max(height - top, 0), :max(width - left, 0)]
    return (slice(top, top + part.shape[0]), slice(left, left + part.shape[1])), part


def draw(shapes, height, width, id_of):
    """Paints Shapes one over the other: uint8 [height, width], 0 where there is none, and how many have pixels.

    shapes: an iterable, of which one at a time is in memory; id_of: function(name) -> class id.
    """
    ids = np.zeros((height, width), np.uint8)
    return ids, sum(paint(ids, shape.patch, id_of(shape.name)) for shape in shapes)


def draw_smaller_on_top(shapes, height, width, id_of, below=None):
    """Like draw, but Shapes of fewer pixels cover those of more, and later ones those of as many.

    below: the name of Shapes that lie below all others.
    """
    ids, count = np.zeros((height, width), np.uint8), 0
    areas = np.full((height, width), height * width + 1, np.uint32)  # of what is on top; nothing is the largest
    for shape in shapes:
        place, part = _placed(shape.patch, height, width)
        area = np.count_nonzero(part) if shape.name != below else height * width + 1
        count += bool(part.any())
        part = part & (areas[place] >= area)
        ids[place][part], areas[place][part] = id_of(shape.name), area
    return ids, count
