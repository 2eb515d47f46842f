"""One picture of what the chosen augmentation does, to be looked at before a long training."""
import os

import numpy as np

from fcn8s.data.photos import resize_ids, resize_photo
from fcn8s.data.records import read_pair
from fcn8s.utils.errors import UserError
from fcn8s.visualize import colour_image, overlay, palette, side_by_side

GAP = 12  # pixels between rows


def preview(records, classes, transform, ignore_label=None, bad=None, count=4, versions=4, side=224):
    """A contact sheet of a few records, evenly spread: each as it is and as training sees it in its first epochs.

    Args:
      records: the training Records, all of them, since an example's number is part of what it is drawn from.
      classes: tuple of ClassInfo.
      transform: what make_transform gave.
      bad: None, or a dict that gathers {photo: why it cannot be used}; the next one that can takes its place.
      count, versions: photos, and epochs of each.
      side: the longest side of a picture in pixels.

    Returns:
      RGB, uint8 [H, W, 3]: photo, overlay and annotation one below the other; pixels without a class are black.

    Raises:
      UserError: transform is None; or as read_pair does, with `bad` where no photo can be used.
    """
    if transform is None:
        raise UserError('there is no augmentation to preview: give --random_scale, --random_crop, --flip, '
                        '--brightness, --translate or --gray.')
    count = min(count, len(records))
    stretches = [range(n * len(records) // count, (n + 1) * len(records) // count) for n in range(count)]
    found = [_first_usable(records, stretch, len(classes), ignore_label, bad) for stretch in stretches]
    rows = [_row(records[index], index, photo, ids, classes, transform, versions, side)
            for index, photo, ids in filter(None, found)]
    if not rows:
        raise UserError(f'none of the {len(records)} photos with their annotations can be used. The first: '
                        f'{bad[records[0].image]}')
    return _below(rows)


def _first_usable(records, stretch, num_classes, ignore_label, bad):
    """(index, photo, ids) of the first pair of a stretch of records; None where none can be used and `bad` has why."""
    for index in stretch:
        try:
            return (index,) + read_pair(records[index], num_classes, ignore_label)
        except UserError as error:
            if bad is None:
                raise
            bad[records[index].image] = str(error)
    return None


def _row(record, index, photo, ids, classes, transform, versions, side):
    pairs = [(photo, ids)] + [transform(photo, ids, epoch, index) for epoch in range(versions)]
    # one factor for the whole row, so that a crop is seen as large as it is
    factor = min(1., side / max(max(ids.shape) for _, ids in pairs))
    titles = [os.path.basename(record.image)] + [f'epoch {epoch}' for epoch in range(versions)]
    return side_by_side([_cell(*pair, palette(classes), factor) for pair in pairs], titles=titles)


def _cell(photo, ids, colours, factor):
    size = [max(1, int(round(side * factor))) for side in ids.shape]
    photo, ids = resize_photo(photo, *size), resize_ids(ids, *size)
    return np.concatenate([photo, overlay(photo, ids, colours), colour_image(ids, colours)])


def _below(rows):
    """RGB pictures one below the other, flush left on white."""
    width = max(row.shape[1] for row in rows)
    sheet = np.full((sum(len(row) + GAP for row in rows) - GAP, width, 3), 255, np.uint8)
    top = 0
    for row in rows:
        sheet[top:top + len(row), :row.shape[1]] = row
        top += len(row) + GAP
    return sheet
