"""Annotations of photos that EXIF turns: whether they are drawn on the upright photo or on the pixels as stored."""
import numpy as np
from PIL import Image

from fcn8s.data.photos import SIDEWAYS, load_photo, photo_orientation, photo_size, resize_ids, turned

UPRIGHT, STORED, UNSURE = 'upright', 'stored', 'unsure'
FIX = 'python Data_zoo/upright.py DIR'
EDGE_SIDE = 256  # pixels: at this size borders that were drawn a little beside the edge still meet it


def explain_turn(image_path):
    """A sentence, for an annotation whose height and width are exchanged, where EXIF turns the photo; else ''."""
    orientation = photo_orientation(image_path)
    if orientation not in SIDEWAYS:
        return ''
    return (f' The photo is turned upright by its EXIF orientation ({orientation}), but the annotation is drawn on the '
            f'pixels as they are stored. To turn such annotations like their photos: {FIX}')


def placement(orientation, size, annotation):
    """How an Annotation fits a photo that `orientation` turns, (height, width) upright, judged by sizes.

    UPRIGHT, STORED, or UNSURE where both ways have this size; None if neither has. An annotation with an EXIF tag of
    its own is UPRIGHT: read_annotation turned it.
    """
    shape = annotation.ids.shape
    if orientation in SIDEWAYS and shape == size[::-1] and shape != size and annotation.orientation is None:
        return STORED
    if shape != size:
        return None
    both = orientation not in SIDEWAYS or size[0] == size[1]
    return UNSURE if both and annotation.orientation is None else UPRIGHT


def examine_turn(image_path, annotation, photo=None):
    """None for a photo that EXIF does not turn; else (what placement says, what edges_met gives if that is UNSURE).

    photo: what load_photo gave, if it is loaded already.
    """
    orientation = photo_orientation(image_path)
    if orientation == 1:
        return None
    where = placement(orientation, photo.size[::-1] if photo else photo_size(image_path), annotation)
    if where != UNSURE:
        return where, None
    return where, edges_met(photo or load_photo(image_path), annotation.ids, orientation)


def edges_met(photo, ids, orientation):
    """How strong the photo's edges are along the borders in ids, as (upright, turned as the photo).

    photo: an upright Pillow image of the same size; both in units of its mean edge. None if there is no border.
    """
    scale = min(1, EDGE_SIDE / max(photo.size))
    width, height = (max(1, round(side * scale)) for side in photo.size)
    grey = np.asarray(photo.convert('L').resize((width, height), Image.Resampling.BOX), np.float32)
    edges = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    mean = np.mean([edge.mean() for edge in edges if edge.size] or [0])
    strengths = [_along_borders(edges, resize_ids(mask, height, width)) for mask in (ids, turned(ids, orientation))]
    return None if None in strengths or not mean else tuple(strength / mean for strength in strengths)


def _along_borders(edges, ids):
    borders = [np.diff(ids.astype(np.int16), axis=axis) != 0 for axis in (0, 1)]
    count = sum(border.sum() for border in borders)
    return sum(edge[border].sum() for edge, border in zip(edges, borders)) / count if count else None


def suspect_stored(edges):
    """Whether annotations seem to be drawn on the stored pixels, from what edges_met gave for each of them."""
    upright, stored = np.array([pair for pair in edges if pair] or [(1, 1)]).T
    return stored.mean() > 1.2 * upright.mean() and np.mean(stored > upright) > 0.5


class Turns:
    """Counts photos turned by EXIF, by the way their annotations fit them."""

    def __init__(self):
        self._paths = {UPRIGHT: [], STORED: [], UNSURE: [], None: []}
        self._edges = []

    def add(self, image_path, where, edges):
        """where: what placement says; edges: what edges_met gave, or None."""
        self._paths[where].append(image_path)
        self._edges.append(edges)

    def lines(self):
        """[] or [the numbers of turned photos and of each kind of annotation]."""
        count = sum(map(len, self._paths.values()))
        words = {UPRIGHT: 'upright', STORED: 'drawn on the stored pixels', UNSURE: 'of a size that fits both ways'}
        ways = ', '.join(f'{len(self._paths[where])} {words[where]}' for where in words if self._paths[where])
        return [f'photos turned upright by EXIF: {count}' + (f'; their annotations: {ways}' if ways else '')
                ] if count else []

    def warnings(self):
        """[] or [a warning if annotations of ambiguous size seem to be stored unturned]."""
        if not suspect_stored(self._edges):
            return []
        paths = self._paths[UNSURE]
        return [f'the annotations of {len(paths)} photos that EXIF turns upside down, mirrors, or that are square, '
                'seem to be drawn on the pixels as they are stored: when turned, their borders match the edges in the '
                f'photos better. Compare one with its photo, such as {paths[0]}. To turn them all like their photos: '
                f'{FIX} --all']
