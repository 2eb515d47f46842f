"""Pillow's resize as graph ops, so that an export predicts what the scripts predict.

    resize_nearest          as Pillow, to the bit
    resize_nearest_exact    the same by whole numbers, which all runtimes compute alike; they differ where a pixel lies
                            midway between two others, which Pillow decides by rounding
    enlarge_bilinear        as Pillow, to the bit, by whole numbers
"""
from fcn8s.utils.tf1 import tf

BITS = 11
ONE = 2 ** (2 * BITS)  # Pillow rounds the weights of 8-bit pixels to multiples of 1 / ONE (Resample.c, PRECISION_BITS)


def resize_nearest(x, height, width):
    """Image.resize with NEAREST: [B, h, w, ...] -> [B, height, width, ...], any sizes."""
    x = tf.gather(x, _nearest_indices(tf.shape(x)[1], height), axis=1)
    return tf.gather(x, _nearest_indices(tf.shape(x)[2], width), axis=2)


def resize_nearest_exact(x, height, width):
    """[B, h, w, ...] -> [B, height, width, ...]: pixel i shows pixel floor((i + 1/2) * h / height); no side grows."""
    for axis, new_length in ((1, height), (2, width)):
        i = tf.range(new_length)
        surplus = (2 * i + 1) * (tf.shape(x)[axis] - new_length)
        x = tf.gather(x, i + (new_length + surplus) // (2 * new_length), axis=axis)
    return x


def enlarge_bilinear(x, height, width):
    """Image.resize with BILINEAR: whole numbers 0..255, [B, h, w, C] -> int32 [B, height, width, C].

    height >= h and width >= w, because Pillow averages areas when it shrinks an image. All numbers are whole and fit 32
    bits, for not every runtime has larger ones, as long as (height - h) * height, likewise of widths, is below 2 ** 30.
    """
    return _enlarged(_enlarged(tf.cast(x, tf.int32), 2, width), 1, height)  # rows first, and rounded, like Pillow


def _nearest_indices(length, new_length):
    """int32 [new_length]: the source index of each pixel, out of `length`.

    Pillow adds the scale once per pixel (Geometry.c, ImagingScaleAffine). Midway between two indices, the rounding of
    these sums decides, so they must be added in the same order, as cumsum does on a CPU.
    """
    with tf.device('/cpu:0'):
        scale = tf.cast(length, tf.float64) / tf.cast(new_length, tf.float64)
        steps = tf.concat([[scale / 2], tf.fill([new_length - 1], scale)], 0)
        return tf.cast(tf.cumsum(steps), tf.int32)


def _enlarged(x, axis, new_length):
    """Whole numbers, int32, interpolated along an axis and rounded (Resample.c, precompute_coeffs)."""
    with tf.device('/cpu:0'):
        length = tf.shape(x)[axis]
        # pixel i's centre lies `back` / `unit` before the centre of the old pixel i
        i, unit = tf.range(new_length), 2 * new_length
        back = (2 * i + 1) * (new_length - length)
        steps = (back + unit - 1) // unit
        first = tf.maximum(i - steps, 0)
        part = tf.where(steps > i, tf.zeros_like(back), steps * unit - back)  # from its centre to the second's
        weight = tf.reshape(_fraction(part, unit), [-1 if i == axis else 1 for i in range(4)])
        second = tf.minimum(first + 1, length - 1)
    return (tf.gather(x, first, axis=axis) * (ONE - weight) + tf.gather(x, second, axis=axis) * weight
            + ONE // 2) // ONE


def _fraction(part, unit):
    """part / unit in multiples of 1 / ONE, rounded: BITS at a time, because part * ONE would not fit 32 bits."""
    high = part * 2 ** BITS // unit
    low = ((part * 2 ** BITS - high * unit) * 2 ** BITS + unit // 2) // unit
    return high * 2 ** BITS + low
