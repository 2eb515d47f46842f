"""Labels as other people store them, ids of their own or colours, to the indices of a table of ours."""
import collections

import numpy as np

from files.errors import UserError


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

    unknown: Counter {(red, green, blue): pixels} of what is none of them; those pixels get index 0. With a tolerance, a
    colour is also taken for the nearest one (Euclidean, the first if several are) that differs from it by at most that
    much in each channel.
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
    """Raises UserError naming `path` and the commonest of the unknown colours of match_colours, if there are any."""
    if unknown:
        listed = ', '.join(f'{colour} in {count} pixels' for colour, count in unknown.most_common(5))
        more = f' and {len(unknown) - 5} more' if len(unknown) > 5 else ''
        raise UserError(f'{path} holds colours (red, green, blue) that mean nothing in this data set: {listed}{more}. '
                        'Get the file again.')


def _packed(rgb):
    """[..., 3] -> int32 [...], 0xRRGGBB."""
    rgb = rgb.astype(np.int32)
    return rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]


def _nearest(found, table, tolerance):
    """int [U]: for each colour of found [U, 3] the nearest row of table within tolerance, or -1."""
    index, least = np.full(len(found), -1), np.full(len(found), np.iinfo(np.int32).max)
    for i, colour in enumerate(table):  # class by class, for a photo taken for a mask has very many colours
        apart = np.abs(found - colour)
        distance = (apart ** 2).sum(axis=1)
        better = (apart.max(axis=1, initial=0) <= tolerance) & (distance < least)
        index[better], least[better] = i, distance[better]
    return index
