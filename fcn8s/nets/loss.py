"""The loss and the pixel accuracy."""
from fcn8s.utils.tf1 import tf


def valid_pixels(annotations, num_classes, ignored=()):
    """bool [B, H, W]: the pixels of uint8 [B, H, W] labelled 0..num_classes-1 and not in `ignored`."""
    valid = annotations <= num_classes - 1  # in uint8: TensorFlow compares int32 on the CPU, even if it is on a GPU
    for label in ignored:
        valid = tf.logical_and(valid, tf.not_equal(annotations, label))
    return valid


def segmentation_loss(logits, annotations, valid, class_weights=None):
    """Softmax cross-entropy in nats: the weighted mean over valid pixels, 0 without any. See summed_loss."""
    return tf.div_no_nan(*summed_loss(logits, annotations, valid, class_weights))


def summed_loss(logits, annotations, valid, class_weights=None):
    """(sum over valid pixels of weight times softmax cross-entropy in nats, sum of the weights).

    logits float [B, H, W, N]; annotations uint8 [B, H, W]; valid bool [B, H, W]; class_weights: N floats, the weight of
    each class's pixels, or None for 1. An invalid pixel enters the op as class 0 with weight 0, because a label outside
    [0, N) gives NaN on a GPU and an error on a CPU.
    """
    labels = tf.where(valid, tf.cast(annotations, tf.int32), tf.zeros_like(annotations, tf.int32))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.cast(logits, tf.float32))
    weights = tf.cast(valid, tf.float32)
    if class_weights is not None:
        weights *= tf.gather(tf.constant(class_weights, tf.float32), labels)
    return tf.reduce_sum(losses * weights), tf.reduce_sum(weights)


def pixel_accuracy(ids, annotations, valid):
    """The share of the valid pixels whose id is right, in 0..1; ids, annotations uint8 [B, H, W], valid bool."""
    right = tf.logical_and(tf.equal(ids, annotations), valid)
    return tf.div_no_nan(tf.reduce_sum(tf.cast(right, tf.float32)), tf.reduce_sum(tf.cast(valid, tf.float32)))
