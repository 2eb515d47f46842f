"""Fits images to the net: large ones are cut into tiles, small ones of one size are batched."""
import itertools

import numpy as np

from fcn8s.data.photos import STRIDE, round_up
from fcn8s.utils.errors import UsageError

AUTO_TILE = 1536  # bounds a photo of any size to 3 GiB: fcn8s at full width, 151 classes, on a CPU
TILE_MARGIN = 128  # with tiles of 512, some 0.4 % of the pixels change class; with a margin of Net.reach none do
# Beyond these a batch is no faster and takes more memory.
MAX_BATCH_PHOTOS, MAX_BATCH_PIXELS = 8, 700 * 10**3


def check_tile(tile, margin):
    """Raises UsageError if the net cannot run in tiles of this side and margin, in pixels."""
    if tile % STRIDE or margin % STRIDE or margin < 0 or tile <= 2 * margin:  # pooling must fall on the same pixels
        raise UsageError(f'--tile={tile} and --tile_margin={margin}: expected multiples of {STRIDE}, and a tile larger '
                         'than two margins.')


def choose_tiles(tile, margin, reach):
    """Chooses the (tile, margin) to use, in pixels; (0, 0) means no tiles.

    Args:
      tile: the side asked for; 0 for no tiles; None for tiles if they change no result, which needs a `reach`.
      margin: the margin asked for.
      reach: Net.reach; a score depends on no pixel this far away. None if it depends on the whole image.

    Raises:
      UsageError: see check_tile.
    """
    if tile is None and reach:
        return AUTO_TILE, reach
    if not tile:
        return 0, 0
    check_tile(tile, margin)
    return tile, margin


def tiles(length, tile, margin):
    """Cuts an axis into tiles: a list of (start, end, first, last), in pixels.

    The net runs on start:end, of which first:last is kept, `margin` away from every cut; each pixel is kept once.
    Scores equal those of the whole image if the margin is at least Net.reach. (The dilated nets depend on the size of
    the whole image, so their scores change a little.) All tiles have the same side: at most `tile`, with as few tiles
    as that allows, and no larger than they need.

    length: of the axis, a multiple of 32.
    """
    count = max(1, -(-(length - 2 * margin) // (tile - 2 * margin)))
    tile = min(tile, round_up(-(-(length + 2 * margin * (count - 1)) // count)))
    spans, first = [], 0
    while first < length:
        start = min(max(first - margin, 0), max(length - tile, 0))
        end = min(start + tile, length)
        last = length if end == length else end - margin
        spans.append((start, end, first, last))
        first = last
    return spans


def run_tiled(function, images, tile, margin):
    """Computes function(images) tile by tile.

    Args:
      function: from uint8 [B, h, w, 3] to a list of arrays [B, h, w, ...].
      images: uint8 [B, H, W, 3], sides multiples of 32.
      tile, margin: see `tiles`.

    Returns:
      A list of arrays [B, H, W, ...].
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


def in_batches(items, size):
    """Yields lists of consecutive `items` of one size, each as soon as it is full or an item of another size comes.

    Args:
      items: any iterable.
      size: function from an item to the (height, width) of its image for the net, or None if it must be alone.
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
    """The number of photos in a full batch; size: (height, width) in pixels, or None for photos that must be alone."""
    if size is None:
        return 1
    height, width = size
    return min(MAX_BATCH_PHOTOS, max(1, MAX_BATCH_PIXELS // (height * width)))
