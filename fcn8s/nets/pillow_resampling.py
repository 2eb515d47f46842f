"""Pillow's resize as graph ops, value for value: what an export needs to see and give what these scripts do."""
from fcn8s.utils.tf1 import tf

ONE = 2. ** 22  # Pillow's weights of 8-bit pixels are whole parts of this (Resample.c, PRECISION_BITS)


def resize_nearest(x, height, width):
    """Image.resize with NEAREST: [B, h, w, ...] -> [B, height, width, ...], any sizes."""
    x = tf.gather(x, _nearest_places(tf.shape(x)[1], height), axis=1)
    return tf.gather(x, _nearest_places(tf.shape(x)[2], width), axis=2)


def enlarge_bilinear(x, height, width):
    """Image.resize with BILINEAR: whole numbers 0..255, [B, h, w, C] -> float64 [B, height, width, C].

    height >= h and width >= w, for Pillow takes means over areas where it makes a picture smaller. Its sums of pixels
    times weights are below 2 ** 31, which float64 holds exactly.
    """
    return _enlarged(_enlarged(tf.cast(x, tf.float64), 2, width), 1, height)  # rows first, and rounded, as Pillow does


def _nearest_places(length, new_length):
    """int32 [new_length]: the place of `length` that each of new_length takes.

    Pillow adds up the scale from place to place (Geometry.c, ImagingScaleAffine), and where a place is midway between
    two the rounding of those sums decides. They must be taken in that order, as a CPU's cumsum does.
    """
    with tf.device('/cpu:0'):
        scale = _scale(length, new_length)
        steps = tf.concat([[scale / 2], tf.fill([new_length - 1], scale)], 0)
        return tf.cast(tf.cumsum(steps), tf.int32)


def _enlarged(x, axis, new_length):
    """Whole numbers, float64, interpolated along an axis and rounded (Resample.c, precompute_coeffs)."""
    with tf.device('/cpu:0'):
        length = tf.shape(x)[axis]
        center = (tf.cast(tf.range(new_length), tf.float64) + 0.5) * _scale(length, new_length)
        first = tf.cast(tf.maximum(center - 0.5, 0.), tf.int32)
        inside = tf.cast(first + 1 < length, tf.float64)  # whether there is a second neighbour
        weights = [1 - tf.abs(tf.cast(first, tf.float64) + 0.5 - center),
                   tf.nn.relu(1 - tf.abs(tf.cast(first + 1, tf.float64) + 0.5 - center)) * inside]
        shape = [-1 if i == axis else 1 for i in range(4)]
        parts = [tf.reshape(tf.floor(weight / sum(weights) * ONE + 0.5), shape) for weight in weights]
        second = tf.minimum(first + 1, length - 1)
    return tf.floor((tf.gather(x, first, axis=axis) * parts[0] + tf.gather(x, second, axis=axis) * parts[1]) / ONE
                    + 0.5)


def _scale(length, new_length):
    return tf.cast(length, tf.float64) / tf.cast(new_length, tf.float64)
