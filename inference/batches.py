"""Photos of one size that follow each other and pass the net together.

With oneDNN on a CPU that is faster as long as they are small: benchmarks/README.md has the figures.
"""

MOST_PHOTOS, MOST_PIXELS = 8, 700 * 10**3  # beyond these a batch is no faster and takes more memory


def in_batches(items, size):
    """Yields lists of consecutive `items` of one size, each as soon as it is full or an item of another size comes.

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
        if len(batch) == most(item_size):
            yield batch
            batch = []
    if batch:
        yield batch


def most(size):
    """How many photos of a size are a full batch."""
    if size is None:
        return 1
    height, width = size
    return min(MOST_PHOTOS, max(1, MOST_PIXELS // (height * width)))
