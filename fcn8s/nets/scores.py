"""The last layer of a head: scores at full size, and class ids, which do not need these scores."""
import collections
import functools

from fcn8s.nets.fast_conv import argmax_by_strips, convolve_transposed, patches_2x2, phases, phases_to_pixels
from fcn8s.nets.layers import transpose_weights
from fcn8s.utils.tf1 import tf

STRIP_VALUES = 2 ** 24  # scores in memory at a time: 64 MB in float32

# logits: [B, H, W, num_classes]; ids: function (with_class_0=True) -> uint8 [B, H, W], if possible without the logits;
# trained: what training compares with the annotations, the logits or smaller ones, [B, h, w, num_classes]
Scores = collections.namedtuple('Scores', 'logits ids trained')


def from_logits(logits, trained=None):
    """The Scores of logits, [B, H, W, num_classes]; trained: smaller logits for the loss, or None."""
    return Scores(logits, functools.partial(predict_ids, logits), logits if trained is None else trained)


def from_transposed_conv(x, name, size, num_classes, like, bias=True, start=None):
    """The Scores whose logits are fcn8s.nets.layers.conv2d_transpose with these arguments.

    On a CPU the ids are computed strip by strip, in a fraction of the memory and four fifths of the time.
    """
    kernel, bias = transpose_weights(x, name, size, num_classes, bias, start)
    logits = convolve_transposed(x, kernel, bias, size // 2, like)
    if not argmax_by_strips():
        return from_logits(logits)
    height, width = tf.shape(like)[1], tf.shape(like)[2]  # their own shape would require the logits
    return Scores(logits, functools.partial(ids_in_strips, x, kernel, bias, size // 2, height, width), logits)


def predict_ids(logits, with_class_0=True):
    """The most likely class of each pixel: [..., N] -> uint8 [...]; with_class_0=False excludes class 0."""
    if with_class_0:
        return tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32), tf.uint8)
    return tf.cast(tf.argmax(logits[..., 1:], axis=-1, output_type=tf.int32) + 1, tf.uint8)


def ids_in_strips(x, kernel, bias, stride, height, width, with_class_0=True):
    """predict_ids(conv2d_transpose(x, kernel, bias, stride, like)) for `like` of this height and width.

    With a kernel twice its stride, a transposed convolution is one matrix product: each row is a place of the input,
    the columns are the scores of stride x stride pixels (Shi et al., arXiv 1609.07009). Takes the argmax of one strip
    of rows after the other, so that scores at full size never exist.
    """
    classes = int(kernel.shape[2])
    neighbours, matrix = patches_2x2(x), phases(kernel, stride)  # [B, h + 1, w + 1, 4 C]; [4 C, stride ** 2 N]
    rows = tf.reshape(neighbours, [-1, int(neighbours.shape[3])])
    step = max(1, STRIP_VALUES // (stride * stride * classes))
    count = (tf.shape(rows)[0] + step - 1) // step

    def strip(i, done):
        scores = tf.reshape(tf.matmul(rows[i * step:(i + 1) * step], matrix), [-1, stride * stride, classes])
        scores = tf.cast(scores if bias is None else scores + bias, tf.float32)
        return i + 1, done.write(i, predict_ids(scores, with_class_0))

    done = tf.TensorArray(tf.uint8, count, infer_shape=False, element_shape=[None, stride * stride])
    _, done = tf.while_loop(lambda i, _: i < count, strip, (0, done), parallel_iterations=1)
    ids = tf.reshape(done.concat(), tf.concat([tf.shape(neighbours)[:3], [stride * stride]], 0))
    return phases_to_pixels(ids, stride, height, width)[..., 0]
