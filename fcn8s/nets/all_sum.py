"""Sums over several processes, by TensorFlow's own collectives: every worker builds the same graph and gets the sums.

    group = Group(rank, size)
    gradients = all_sum(gradients, group)
"""
import collections
import itertools

from fcn8s.utils.tf1 import tf

JOB = 'worker'    # of the tf.train.Server that every worker starts
BUCKET = 8 << 20  # numbers in one message: a fused one of all gradients takes eight times its memory on a CPU
_keys = itertools.count(1)  # of the collectives of this process: the same one has the same key in every worker

# rank: 0 to size - 1; size: number of workers; in_order: whether every sum is taken from worker 0 on, as the towers of
# one process take it: bit for bit, but sending size / 2 times as much
Group = collections.namedtuple('Group', 'rank size in_order')
Group.__new__.__defaults__ = (False,)
ALONE = Group(0, 1)


def all_sum(tensors, group):
    """The sums over all workers of each of `tensors`, which must have the same static shapes in every worker.

    Returns a list: of the same dtypes, but float32 for float16 and bfloat16. Alone, the tensors are returned as they
    are.
    """
    tensors = list(tensors)
    if group.size == 1:
        return tensors
    found, waited_for, dtypes = [None] * len(tensors), [], [_summed_in(tensor.dtype.base_dtype) for tensor in tensors]
    for dtype in sorted(set(dtypes), key=lambda dtype: dtype.name):
        numbers = [number for number, other in enumerate(dtypes) if other == dtype]
        for number, total in zip(numbers, _sum_flat([tensors[number] for number in numbers], group, waited_for)):
            found[number] = total
    return found


def broadcast(variables, group):
    """An op that gives all workers worker 0's values of these variables."""
    values = [variable if group.rank == 0 else tf.zeros(variable.shape, variable.dtype.base_dtype)
              for variable in variables]
    totals = all_sum([tf.convert_to_tensor(value) for value in values], group._replace(in_order=False))
    return tf.group([tf.assign(variable, total) for variable, total in zip(variables, totals)])


def _sum_flat(tensors, group, waited_for):
    """all_sum of tensors that are summed in one dtype; waited_for: list of the sum before: one follows the other."""
    pieces = collections.defaultdict(list)  # by tensor: its parts in order
    for bucket in buckets([tensor.shape.num_elements() for tensor in tensors], BUCKET):
        with tf.control_dependencies(waited_for), tf.device(f'/job:{JOB}/task:{group.rank}/device:CPU:0'):
            parts = [tf.reshape(tensors[number], [-1])[start:end] for number, start, end in bucket]
            flat = tf.concat([tf.cast(part, _summed_in(part.dtype)) for part in parts], 0)
            total = _sum_one(flat, group)
        waited_for[:] = [total]
        for (number, _, _), piece in zip(bucket, tf.split(total, [end - start for _, start, end in bucket])):
            pieces[number].append(piece)
    return [tf.reshape(tf.concat(pieces[number], 0), tensor.shape) for number, tensor in enumerate(tensors)]


def _summed_in(dtype):
    return tf.float32 if dtype in (tf.float16, tf.bfloat16) else dtype


def buckets(sizes, most):
    """Lists of (number, start, end) that cover each of range(sizes[number]) in order, each of at most `most` in all."""
    full, current, room = [], [], most
    for number, size in enumerate(sizes):
        start = 0
        while start < size:
            end = min(size, start + room)
            current.append((number, start, end))
            room -= end - start
            start = end
            if not room:
                full, current, room = full + [current], [], most
    return full + ([current] if current else [])


def _sum_one(flat, group):
    from tensorflow.python.ops import collective_ops  # of no public module in TensorFlow 1.15
    if group.in_order and group.size > 2:
        parts = collective_ops.all_gather(flat, group.size, 1, next(_keys))
        return tf.add_n(tf.split(parts, [flat.shape.num_elements()] * group.size))
    return collective_ops.all_reduce(flat, group.size, 1, next(_keys), 'Add', 'Id')
