"""Records -> batches of one size, decoded in threads, in an order that a seed fixes and a run can resume.

The batch rule is FCN-tensorflow-ADE20k's: see common_size. Its scipy.misc.imresize was Pillow's resize, and so is ours.
"""
import collections
import functools
import itertools
import time

import numpy as np

from fcn8s.data.photos import STRIDE, header_size, network_size, resize_ids, resize_photo, round_up
from fcn8s.data.records import load_pair, none_usable, read_or_skip, read_pair
from fcn8s.utils.errors import UserError
from fcn8s.utils.threads import ordered_map

# images: uint8 [B, H, W, 3]; annotations: uint8 [B, H, W] of ids; records: tuple of B Records
Batch = collections.namedtuple('Batch', 'images annotations records')
# image: uint8 [H, W, 3]; annotation: uint8 [H, W], both at network_size; original: uint8 [h, w], as it is stored
EvalExample = collections.namedtuple('EvalExample', 'image annotation original record')


AHEAD = 4  # batches that are decoded or wait while one is used


class BatchReader:
    """An endless iterator of Batches, read ahead by worker threads; to be closed, or used in a `with`.

    Example i of the stream is number i % n of epoch i // n, n = len(records); epoch e is ordered by
    np.random.RandomState([seed, e]).permutation(n), or as it stands without shuffle. Batch b holds the examples from
    b * batch_size on, and may reach into the next epoch. So start_batch=b goes on exactly where b batches ended, and
    the bytes do not depend on num_threads.

    transform: None, or function(photo, ids, epoch, index in records) -> (photo, ids), called in the threads with what
    read_pair gave. Its attribute `crop`, if any, is the (height, width) of what it returns, None for the photo's.
    dataset.bad: if it collects unusable records, the next usable pair in the epoch's order takes the place of an
    unusable one, and no other place changes.
    waited_seconds: how long next() has waited for data so far.
    Raises UserError for values that make no batch. Without dataset.bad, next() raises what read_pair raises, and with
    it DataError when no pair can be used; either ends the reader.
    """

    def __init__(self, dataset, batch_size=2, shuffle=True, seed=0, start_batch=0, max_side=768, num_threads=2,
                 transform=None):
        if not dataset.records:
            raise UserError('there are no records to read: the data set is empty.')
        if batch_size < 1 or num_threads < 1:
            raise UserError(f'batch_size is {batch_size} and num_threads {num_threads}, expected 1 or more of each.')
        if max_side < STRIDE or max_side % STRIDE:
            raise UserError(f'max_side is {max_side}, expected a multiple of {STRIDE}.')
        if not 0 <= seed < 2**32:
            raise UserError(f'seed is {seed}, expected 0 to 2**32 - 1.')
        self.waited_seconds = 0.
        order = functools.lru_cache(maxsize=4)(functools.partial(_epoch_order, len(dataset.records),
                                                                 seed if shuffle else None))
        read = functools.partial(_read_example, dataset=dataset, order=order, transform=transform)
        batch = functools.partial(_read_batch, batch_size=batch_size, read=read, max_side=max_side,
                                  worker=lambda: self._share, size_at=lambda i: self._size_at(i, order, read, size_of))
        self._dataset, self._transform = dataset, transform
        size_of = functools.lru_cache(maxsize=None)(lambda index: header_size(dataset.records[index].image))
        most = functools.partial(_most_pixels, batch_size=batch_size, order=order, size_of=size_of)
        self._share = (0, 1)
        self._batches = ordered_map(batch, itertools.count(start_batch), num_threads, AHEAD, most)

    def for_worker(self, rank, size):
        """Lets this reader, before its first batch, bring the part of worker `rank` of `size`; returns it.

        Worker 0 has the first batch_size / size examples of each batch, and so on; size must divide batch_size. All
        parts have the size that the whole batch would have.
        """
        self._share = (rank, size)
        return self

    def _size_at(self, number, order, read, size_of):
        """(height, width) of example `number`, which another worker reads."""
        if self._dataset.bad is not None or not hasattr(self._transform, 'crop') and self._transform:
            return read(number)[1].shape  # only reading tells, also which photo takes the place of an unusable one
        epoch, position = divmod(number, len(self._dataset.records))
        return getattr(self._transform, 'crop', None) or size_of(int(order(epoch)[position]))

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


def read_eval_example(record, dataset, max_side=None, multiple=STRIDE):
    """A Record of a Dataset -> EvalExample, for testing: at the size network_size gives. Raises as read_pair."""
    photo, ids = load_pair(record, dataset)
    size = network_size(*ids.shape, max_side=max_side, multiple=multiple)
    return EvalExample(resize_photo(photo, *size), resize_ids(ids, *size), ids, record)


def _epoch_order(count, seed, epoch):
    """Record numbers in the order of an epoch; seed None: unshuffled."""
    return np.arange(count) if seed is None else np.random.RandomState([seed, epoch]).permutation(count)


def _read_batch(number, batch_size, read, max_side, worker, size_at):
    """Batch `number`, or a worker's part of it. worker: function -> (rank, size); size_at: see BatchReader._size_at."""
    rank, workers = worker()
    whole = range(number * batch_size, (number + 1) * batch_size)
    part = whole[batch_size * rank // workers:batch_size * (rank + 1) // workers]
    examples, sizes = [], [size_at(i) for i in whole if i not in part]
    for i in part:
        examples.append(read(i))
        sizes.append(examples[-1][1].shape)
        size = common_size(sizes, max_side)
        if min(size) == max_side:  # whatever comes: large photos do not wait for each other in memory
            examples = [_resize_example(*example, size=size) for example in examples]
    photos, ids, records = zip(*(_resize_example(*example, size=size) for example in examples))
    return Batch(np.stack(photos), np.stack(ids), records)


def _resize_example(photo, ids, record, size):
    return resize_photo(photo, *size), resize_ids(ids, *size), record


def _most_pixels(number, batch_size, order, size_of):
    """Pixels of the largest photo of a batch: they are decoded one at a time. size_of: function record index -> size.

    What takes the place of a photo that cannot be used is not looked at.
    """
    epochs = [divmod(i, len(order(0))) for i in range(number * batch_size, (number + 1) * batch_size)]
    return max(int(np.prod(size_of(int(order(epoch)[position])))) for epoch, position in epochs)


def _read_example(number, dataset, order, transform):
    """Example `number` of the stream, or the one that takes its place: (photo, ids, record)."""
    epoch, position = divmod(number, len(dataset.records))
    indices = order(epoch)
    for index in itertools.chain(indices[position:], indices[:position]):
        record = dataset.records[index]
        pair = read_or_skip(read_pair if transform else load_pair, record, dataset)
        if pair is not None:
            return (*(transform(*pair, epoch, int(index)) if transform else pair), record)
    raise none_usable(dataset)
