"""One net on several devices, each of which sees an equal part of every batch: a tower each, the variables shared."""
from nets.batch_norm import CHANGES
from TensorflowUtils import tf


def in_towers(tower, devices, *batches):
    """What tower(number, *parts) returns of the parts of each of `batches` [B, ...] on each device: a list of tuples.

    devices: as tf.device takes them; B is a multiple of their number. The moving averages of batch normalization follow
    the first tower alone, as in PyTorch's DataParallel.
    """
    if len(devices) == 1:
        with tf.device(devices[0]):
            return [tower(0, *batches)]
    towers = []
    for number, (device, parts) in enumerate(zip(devices, zip(*(tf.split(batch, len(devices)) for batch in batches)))):
        known = tf.get_collection(CHANGES)
        with tf.device(device):
            towers.append(tower(number, *parts))
        if number:
            tf.get_collection_ref(CHANGES)[:] = known
    return towers
