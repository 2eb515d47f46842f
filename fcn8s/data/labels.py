"""Converts other people's labels (their own ids, colours, grey levels) to class ids."""
import collections

import numpy as np
from PIL import ImageOps

from fcn8s.data.image_files import ImageError, decode, open_image
from fcn8s.data.photos import read_photo
from fcn8s.utils.errors import UserError, some_of


def map_ids(ids, table, path):
    """uint8 [H, W] of ids and {id: our id} -> uint8 [H, W]. Raises UserError naming `path` and the ids not in table."""
    ours = np.full(256, -1, np.int16)
    ours[list(table)] = list(table.values())
    mapped = ours[ids]
    if mapped.min(initial=0) < 0:
        unknown = np.unique(ids[mapped < 0]).tolist()
        raise UserError(f'{path} holds the ids {", ".join(map(str, unknown))}, which mean nothing in this data set; '
                        f'known are {", ".join(map(str, sorted(table)))}. Get the file again.')
    return mapped.astype(np.uint8)


def match_colours(rgb, colours, tolerance=0):
    """uint8 [H, W, 3] and a list of K <= 256 colours -> (uint8 [H, W] of indices into colours, unknown).

    unknown: Counter {(red, green, blue): pixels} of all other colours; their pixels get index 0. With a tolerance, a
    colour also matches the nearest one (Euclidean; the first of equals) that differs by at most that much in each
    channel.
    """
    table = np.array(colours, np.int32).reshape(-1, 3)
    codes, known = _packed(rgb), _packed(table)
    order = np.argsort(known)
    nearest = order[np.minimum(np.searchsorted(known, codes, sorter=order), len(known) - 1)]
    inexact = known[nearest] != codes
    found, inverse, counts = np.unique(codes[inexact], return_inverse=True, return_counts=True)
    found = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1)
    index = _nearest(found, table, tolerance)
    nearest[inexact] = np.maximum(index, 0)[inverse]
    unknown = collections.Counter({tuple(colour): count for colour, count, i in
                                   zip(found.tolist(), counts.tolist(), index.tolist()) if i < 0})
    return nearest.astype(np.uint8), unknown


def refuse_unknown(unknown, path):
    """Raises UserError naming `path` and the most frequent unknown colours of match_colours, if any."""
    if unknown:
        listed = some_of(f'{colour} in {count} pixels' for colour, count in unknown.most_common())
        raise UserError(f'{path} holds colours (red, green, blue) that mean nothing in this data set: {listed}. '
                        'Get the file again.')


def _packed(rgb):
    """[..., 3] -> int32 [...], 0xRRGGBB."""
    rgb = rgb.astype(np.int32)
    return rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]


def _nearest(found, table, tolerance):
    """int [U]: for each colour of found [U, 3] the nearest row of table within tolerance, or -1."""
    index, least = np.full(len(found), -1), np.full(len(found), np.iinfo(np.int32).max)
    for i, colour in enumerate(table):  # class by class: a photo mistaken for a mask has very many colours
        apart = np.abs(found - colour)
        distance = (apart ** 2).sum(axis=1)
        better = (apart.max(axis=1, initial=0) <= tolerance) & (distance < least)
        index[better], least[better] = i, distance[better]
    return index


COMMAND = 'python Data_zoo/colour_masks.py MASKS classes.csv IDS'
APART = 16     # greys chosen for the eye differ by at least this much
MANY = 16      # more values than this come from smoothed or compressed edges
PEAK, PART = .01, .1  # a soft-edged grey has that share of the pixels, and that part of the second commonest grey's
MOST = .6      # share of a mask's pixels that have one of its greys


def advice(ids, wrong):
    """Describes a mask and the command that converts such masks; None if it may hold ids.

    ids: uint8 [H, W]; wrong: bool [H, W], where they name no class.
    """
    counts = np.bincount(ids.ravel(), minlength=256)
    is_wrong = np.bincount(ids[wrong], minlength=256) > 0
    values = np.flatnonzero(counts)
    if set(values) <= {0, 255}:
        return ('holds 0 and 255 only: it looks like a black-and-white mask. Turn such masks into the ids 0 and 1: '
                f'{COMMAND} --threshold=128. Only if 255 marks a border that is no class, give --ignore_label=255.')
    soft = is_wrong.sum() > MANY
    greys = np.flatnonzero(counts >= max(PEAK * ids.size, PART * np.sort(counts)[-2])) if soft else values
    if not greys.size or soft and counts[greys].sum() < MOST * ids.size:
        return None
    if soft and np.all((greys < APART) | (greys > 255 - APART)):
        return (f'holds {len(values)} values, most pixels being near 0 or 255: it looks like a black-and-white mask '
                f'with soft edges. Turn such masks into the ids 0 and 1: {COMMAND} --threshold=128')
    greys = _without_neighbours(greys, counts) if soft else greys
    if len(greys) < 2 or not is_wrong[greys[greys > 0]].all() or np.diff(greys).min() < APART:
        return None
    listed = ', '.join(map(str, greys))
    lines = ' '.join(f'{i},NAME,{grey},{grey},{grey}' for i, grey in enumerate(greys))
    how, option = ('greys', '') if not soft else ('soft-edged greys', ' --nearest')
    return (f'holds the {how} {listed}: it looks like a mask made for viewing. Turn such masks into ids: '
            f'{COMMAND}{option}, where classes.csv has a line for each grey of all masks: {lines}. If the values are '
            'class ids after all, raise --num_classes.')


def _without_neighbours(greys, counts):
    """The most frequent greys within APART of each other: edges and compression spread a grey a little."""
    return np.array([grey for grey in greys
                     if counts[grey] == counts[max(0, grey - APART + 1):grey + APART].max()])


Mask = collections.namedtuple('Mask', 'rgb alpha')  # uint8 [H, W, 3] and [H, W], upright; alpha: None without channel


def read_mask(path):
    """A Mask of any common pixel mode. Raises ImageError as read_photo, and for 16-bit values that 8 bits cannot hold.

    For a palette image the colours, not the indices; transparent palette entries have alpha 0.
    """
    with open_image(path) as image:
        if image.mode.startswith('I'):
            return Mask(_eight_bits(np.array(_upright(image, path)), path), None)
        _refuse_sixteen_bits(image, path)
        if image.mode not in ('LA', 'PA', 'RGBA') and 'transparency' not in image.info:
            return Mask(read_photo(path), None)
        pixels = np.array(_upright(image, path).convert('RGBA'))
        return Mask(np.ascontiguousarray(pixels[:, :, :3]), pixels[:, :, 3].copy())


def _upright(image, path):
    decode(image, path)
    return image if image.format == 'TIFF' else ImageOps.exif_transpose(image)  # a TIFF is decoded upright


def _refuse_sixteen_bits(image, path):
    """Refuses 16-bit colours, of which Pillow keeps only the high byte."""
    if image.tile and ';16' in str(image.tile[0][3]):
        raise ImageError(f'{path}: a mask of 16 bits for each of its channels. Save it with 8 bits.')


def _eight_bits(values, path):
    """uint8 [H, W, 3] of 16-bit grey, whose 0, 257, ... 65535 are 0, 1, ... 255."""
    if (values % 257).any() or values.min(initial=0) < 0 or values.max(initial=0) > 65535:
        raise ImageError(f'{path}: 16-bit grey values ({values.min()} to {values.max()}) that are not 8-bit greys. If '
                         'they are class ids, the file is an annotation already; or else save it with 8 bits.')
    return np.repeat((values // 257).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
