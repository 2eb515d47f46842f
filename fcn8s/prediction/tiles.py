"""Photos too large for one run are cut into tiles; small ones run together."""
import itertools

import numpy as np

from fcn8s.data.photos import round_up
from fcn8s.utils.errors import UsageError

AUTO_TILE = 1536  # keeps fcn8s at full width with 151 classes below 3 GiB on a CPU, whatever the photo's size
TILE_MARGIN = 128  # with tiles of 512, 0.4 % of the pixels get another class than untiled; at Net.reach none do
STRIDE = 32  # pooling must fall on the same pixels in a tile as in the whole image


def check_tile(tile, margin):
    """Raises UsageError unless the sides make tiles."""
    if tile % STRIDE or margin % STRIDE or margin < 0 or tile <= 2 * margin:
        raise UsageError(f'--tile={tile} and --tile_margin={margin}: expected multiples of {STRIDE}, and a tile of '
                         'more than two margins.')


def choose_tiles(tile, margin, reach):
    """(tile, margin) to use; (0, 0) for none.

    tile: what was asked for; 0 for no tiles; None for tiles if the net gives the same with them, which it does where
    `margin` is its reach, the distance in pixels behind which a score depends on nothing, or None.
    Raises UsageError for sides that make no tiles.
    """
    if tile is None and reach:
        return AUTO_TILE, reach
    if not tile:
        return 0, 0
    check_tile(tile, margin)
    return tile, margin


def tiles(length, tile, margin):
    """Cuts one axis, a multiple of 32: list of (start, end, first, last).

    The net sees start:end; first:last of it is kept, `margin` away from every cut. Each pixel is kept once. A net whose
    scores depend on no pixel farther than `margin` gives the same scores as for the whole image; how far they look
    is Net.reach. What the dilated nets see depends on the size of the whole image, and is not quite the same.
    The tiles are as few as sides of `tile` allow, of one size, and no larger than so many need be.
    """
    count = max(1, -(-(length - 2 * margin) // (tile - 2 * margin)))
    tile = min(tile, round_up(-(-(length + 2 * margin * (count - 1)) // count), STRIDE))
    spans, first = [], 0
    while first < length:
        start = min(max(first - margin, 0), max(length - tile, 0))
        end = min(start + tile, length)
        last = length if end == length else end - margin
        spans.append((start, end, first, last))
        first = last
    return spans


def run_tiled(function, images, tile, margin):
    """function(images), computed tile by tile.

    Args:
      function: from uint8 [B, h, w, 3] to a list of arrays [B, h, w, ...].
      images: uint8 [B, H, W, 3], sides multiples of 32.
    """
    batch, height, width = images.shape[:3]
    wholes = None
    for rows, columns in itertools.product(tiles(height, tile, margin), tiles(width, tile, margin)):
        (top, bottom, first_row, last_row), (left, right, first_column, last_column) = rows, columns
        parts = function(images[:, top:bottom, left:right])
        if wholes is None:
            wholes = [np.empty((batch, height, width) + part.shape[3:], part.dtype) for part in parts]
        for whole, part in zip(wholes, parts):
            whole[:, first_row:last_row, first_column:last_column] = part[
                :, first_row - top:last_row - top, first_column - left:last_column - left]
    return wholes


MOST_PHOTOS, MOST_PIXELS = 8, 700 * 10**3  # beyond these a batch is no faster and takes more memory


def in_batches(items, size):
    """Yields lists of consecutive `items` of one size, each as soon as it is full or the size changes.

    items: any iterable; size: function item -> (height, width) at which the net sees it, None for one that must be
    alone.
    """
    batch, batch_size = [], None
    for item in items:
        item_size = size(item)
        if batch and item_size != batch_size:
            yield batch
            batch = []
        batch.append(item)
        batch_size = item_size
        if len(batch) == max_batch_size(item_size):
            yield batch
            batch = []
    if batch:
        yield batch


def max_batch_size(size):
    """Largest batch of photos of a size."""
    if size is None:
        return 1
    height, width = size
    return min(MOST_PHOTOS, max(1, MOST_PIXELS // (height * width)))
