"""Records -> batches of one size, decoded in threads, in an order that a seed fixes and a run can resume.

The batch rule is FCN-tensorflow-ADE20k's: see common_size. Its scipy.misc.imresize was Pillow's resize, and so is ours.
"""
import collections
import concurrent.futures
import functools
import itertools
import time

import numpy as np

from files.errors import UserError
from files.images import read_annotation, read_photo, resize_ids, resize_photo, round_up
from read_data import DataError, check_ids

STRIDE = 32  # the nets halve the size five times

# images: uint8 [B, H, W, 3]; annotations: uint8 [B, H, W] of ids; records: tuple of B Records
Batch = collections.namedtuple('Batch', 'images annotations records')
# image: uint8 [H, W, 3]; annotation: uint8 [H, W], both at network_size; original: uint8 [h, w], as it is stored
Single = collections.namedtuple('Single', 'image annotation original record')


class BatchReader:
    """An endless iterator of Batches, read ahead by worker threads; to be closed, or used in a `with`.

    Example i of the stream is number i % n of epoch i // n, n = len(records); epoch e is ordered by
    np.random.RandomState([seed, e]).permutation(n), or as it stands without shuffle. Batch b holds the examples from
    b * batch_size on, and may reach into the next epoch. So start_batch=b goes on exactly where b batches ended, and
    the bytes do not depend on num_threads.

    waited_seconds: how long next() has waited for data in all.
    Raises UserError for values that make no batch; next() raises what read_pair raises, and ends the reader by it.
    """

    def __init__(self, records, num_classes, batch_size=2, shuffle=True, seed=0, start_batch=0, ignore_label=None,
                 max_side=768, num_threads=2, ahead=4):
        if not records:
            raise UserError('there are no records to read: the data set is empty.')
        if batch_size < 1 or num_threads < 1:
            raise UserError(f'batch_size is {batch_size} and num_threads {num_threads}, expected 1 or more of each.')
        if max_side < STRIDE or max_side % STRIDE:
            raise UserError(f'max_side is {max_side}, expected a multiple of {STRIDE}.')
        if not 0 <= seed < 2**32:
            raise UserError(f'seed is {seed}, expected 0 to 2**32 - 1.')
        self.waited_seconds = 0.
        read = functools.partial(_read_batch, num_classes=num_classes, ignore_label=ignore_label, max_side=max_side)
        examples = _example_order(len(records), seed if shuffle else None, start_batch * batch_size)
        chosen = (tuple(records[i] for i in itertools.islice(examples, batch_size)) for _ in itertools.count())
        self._batches = in_order(read, chosen, num_threads, ahead)

    def __iter__(self):
        return self

    def __next__(self):
        start = time.perf_counter()
        try:
            return next(self._batches)
        finally:
            self.waited_seconds += time.perf_counter() - start

    def close(self):
        """Stops the worker threads; the iterator is at its end from then on."""
        self._batches.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def common_size(sizes, max_side=768):
    """(height, width) of a batch: per axis the largest of `sizes`, rounded up to a multiple of 32, at most max_side."""
    return tuple(min(round_up(max(sides), STRIDE), max_side) for sides in zip(*sizes))


def network_size(height, width):
    """(height, width) at which a single image passes the net: each rounded up to a multiple of 32, without a cap."""
    return round_up(height, STRIDE), round_up(width, STRIDE)


def read_pair(record, num_classes, ignore_label=None):
    """A Record -> (photo uint8 [H, W, 3], ids uint8 [H, W]), checked.

    Raises ImageError for an unreadable file; DataError for ids out of range, and for different sizes.
    """
    photo, ids = read_photo(record.image), read_annotation(record.annotation)
    check_sizes(photo, ids, record)
    check_ids(ids, num_classes, ignore_label, record.annotation)
    return photo, ids


def check_sizes(photo, ids, record):
    """Raises DataError, naming both files and sizes, where photo and annotation are not of the same size."""
    size, other = photo.shape[:2], ids.shape
    if size != other:
        turned = ' The photo was turned upright by its EXIF orientation?' if size == other[::-1] else ''
        raise DataError(f'{record.image} is {size[0]} x {size[1]} pixels (height x width), but its annotation '
                        f'{record.annotation} is {other[0]} x {other[1]}; they must be the same.{turned}')


def read_single(record, num_classes, ignore_label=None):
    """A Record -> Single, for testing: at the size network_size gives. Raises as read_pair."""
    photo, ids = read_pair(record, num_classes, ignore_label)
    size = network_size(*ids.shape)
    return Single(resize_photo(photo, *size), resize_ids(ids, *size), ids, record)


def in_order(function, items, num_threads, ahead):
    """Yields function(item) for each of `items`, in their order, computed in threads; `items` may be endless.

    While the caller works on one result, at most `ahead` others are computed or wait. An item's exception is raised
    when its turn comes. Exhausting or closing the generator, or an exception, leaves no thread behind.
    """
    executor = concurrent.futures.ThreadPoolExecutor(num_threads)
    waiting = collections.deque()
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        executor.shutdown()


def _example_order(count, seed, start):
    """Yields record numbers without end, from example `start` on; seed None: unshuffled."""
    epoch, position = divmod(start, count)
    while True:
        order = np.arange(count) if seed is None else np.random.RandomState([seed, epoch]).permutation(count)
        yield from order[position:].tolist()
        epoch, position = epoch + 1, 0


def _read_batch(records, num_classes, ignore_label, max_side):
    pairs = [read_pair(record, num_classes, ignore_label) for record in records]
    size = common_size([ids.shape for _, ids in pairs], max_side)
    return Batch(np.stack([resize_photo(photo, *size) for photo, _ in pairs]),
                 np.stack([resize_ids(ids, *size) for _, ids in pairs]), records)
