"""Pillow's resize as graph ops, exact to the bit, so that an export predicts what the scripts predict."""
from fcn8s.utils.tf1 import tf

ONE = 2. ** 22  # Pillow rounds the weights of 8-bit pixels to multiples of 1 / ONE (Resample.c, PRECISION_BITS)


def resize_nearest(x, height, width):
    """Image.resize with NEAREST: [B, h, w, ...] -> [B, height, width, ...], any sizes."""
    x = tf.gather(x, _nearest_indices(tf.shape(x)[1], height), axis=1)
    return tf.gather(x, _nearest_indices(tf.shape(x)[2], width), axis=2)


def enlarge_bilinear(x, height, width):
    """Image.resize with BILINEAR: whole numbers 0..255, [B, h, w, C] -> float64 [B, height, width, C].

    height >= h and width >= w, because Pillow averages areas when it shrinks an image. Its sums of pixels times weights
    are below 2 ** 31, so float64 holds them exactly.
    """
    return _enlarged(_enlarged(tf.cast(x, tf.float64), 2, width), 1, height)  # rows first, and rounded, like Pillow


def _nearest_indices(length, new_length):
    """int32 [new_length]: the source index of each pixel, out of `length`.

    Pillow adds the scale once per pixel (Geometry.c, ImagingScaleAffine). Midway between two indices, the rounding of
    these sums decides, so they must be added in the same order, as cumsum does on a CPU.
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
