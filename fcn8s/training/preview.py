"""--preview_augmentation: a picture of what the augmentation does, to check before a long training."""
import os

import numpy as np

from fcn8s.data.photos import resize_ids, resize_photo
from fcn8s.data.records import none_usable, read_or_skip, read_pair
from fcn8s.sheet import below
from fcn8s.utils.errors import UserError
from fcn8s.visualize import colour_image, overlay, palette, save_picture, side_by_side


def save_preview(path, dataset, transform):
    """Writes the picture of `preview`; prints the photos that were left out. Raises UserError as preview does."""
    save_picture(path, preview(dataset, transform))
    for line in dataset.bad.summary() if dataset.bad else ():
        print(line)
    print(f'the preview of the augmentation is in {path}; nothing was trained')


def preview(dataset, transform, count=4, versions=4, side=224):
    """A contact sheet of a few evenly spaced records: each as it is, and as training sees it in the first epochs.

    Args:
      dataset: the whole training split, because an example's index in it seeds its augmentation.
      transform: as returned by make_transform.
      count, versions: number of photos, and of epochs for each.
      side: the longest side of a picture in pixels.

    Returns:
      RGB, uint8 [H, W, 3]: photo, overlay and annotation below each other; pixels without a class are black.

    Raises:
      UserError: transform is None; a record is unusable; or, if dataset.bad collects such records, all are.
    """
    if transform is None:
        raise UserError('--preview_augmentation: no augmentation is on. Give --random_scale, --random_crop, --flip, '
                        '--brightness, --translate or --gray.')
    records = dataset.records
    count = min(count, len(records))
    stretches = [range(n * len(records) // count, (n + 1) * len(records) // count) for n in range(count)]
    found = [_first_usable(dataset, stretch) for stretch in stretches]
    views = [(records[index], [pair] + [transform(*pair, epoch, index) for epoch in range(versions)])
             for index, pair in filter(None, found)]
    if not views:
        raise none_usable(dataset)
    return below([_row(record, pairs, palette(dataset.classes), side) for record, pairs in views])


def _first_usable(dataset, indices):
    """(index, (photo, ids)) of the first usable pair among these indices of records, or None."""
    pairs = ((index, read_or_skip(read_pair, dataset.records[index], dataset)) for index in indices)
    return next((found for found in pairs if found[1] is not None), None)


def _row(record, pairs, colours, side):
    """The photo of a record as it is and in each epoch, side by side."""
    # one factor for the whole row, so that a crop looks as large as it is
    factor = min(1., side / max(max(ids.shape) for _, ids in pairs))
    titles = [os.path.basename(record.image)] + [f'epoch {epoch}' for epoch in range(len(pairs) - 1)]
    return side_by_side([_cell(*pair, colours, factor) for pair in pairs], titles=titles)


def _cell(photo, ids, colours, factor):
    size = [max(1, int(round(side * factor))) for side in ids.shape]
    photo, ids = resize_photo(photo, *size), resize_ids(ids, *size)
    return np.concatenate([photo, overlay(photo, ids, colours), colour_image(ids, colours)])
