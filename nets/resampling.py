"""Changes of height and width in PyTorch 0.2's way: adaptive average pooling and bilinear interpolation."""
from TensorflowUtils import tf


def adaptive_avg_pool(x, bins):
    """The means of bins x bins areas that cover x: [B, H, W, C] -> [B, bins, bins, C], any H and W.

    Area i spans rows floor(i * H / bins) to ceil((i + 1) * H / bins), likewise columns, as in PyTorch's
    AdaptiveAvgPool2d; neighbours overlap where bins does not divide H.
    """
    channels = int(x.shape[3])
    height, width = tf.shape(x)[1], tf.shape(x)[2]
    rows = tf.cast(_areas(height, bins), x.dtype)
    columns = tf.cast(_areas(width, bins), x.dtype)
    # reshapes alone, so that x is nowhere transposed
    y = tf.matmul(rows, tf.reshape(x, [-1, height, width * channels]))  # [B, bins, W * C]
    y = tf.matmul(columns, tf.reshape(y, [-1, width, channels]))        # [B * bins, bins, C]
    return tf.reshape(y, [-1, bins, bins, channels])


def resize_bilinear(x, like):
    """Bilinear interpolation to the height and width of the tensor `like`: [B, h, w, C] -> float32 [B, H, W, C].

    Corners are aligned: the corner pixels' centres map onto each other, as in PyTorch before 0.4.
    """
    y = tf.image.resize_bilinear(tf.cast(x, tf.float32), tf.shape(like)[1:3], align_corners=True)
    y.set_shape([x.shape[0], like.shape[1], like.shape[2], x.shape[3]])
    return y


def _areas(length, bins):
    """float32 [1, bins, length]: row i holds the weights that average area i."""
    i = tf.range(bins)[:, None]
    start, end = i * length // bins, ((i + 1) * length + bins - 1) // bins
    position = tf.range(length)
    inside = tf.logical_and(position >= start, position < end)
    return (tf.cast(inside, tf.float32) / tf.cast(end - start, tf.float32))[None]
