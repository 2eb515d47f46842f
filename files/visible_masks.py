"""Tells masks made for viewing, in greys or in black and white, from class ids, and says how to convert them."""
import numpy as np

COMMAND = 'python Data_zoo/colour_masks.py MASKS classes.csv IDS'
APART = 16     # greys that are chosen for the eye differ by at least that much
MANY = 16      # values that are no ids: more of them come from edges that were smoothed or compressed
PEAK, PART = .01, .1  # a soft-edged grey has that share of the pixels, and that part of the second commonest grey's
MOST = .6      # share of the pixels that have one of the greys, in a mask


def advice(ids, wrong):
    """Return what a mask looks like and the command that converts such masks; None if it may well hold ids.

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
    """Those greys that are the commonest within APART, since edges and compression spread a grey a little."""
    return np.array([grey for grey in greys
                     if counts[grey] == counts[max(0, grey - APART + 1):grey + APART].max()])
