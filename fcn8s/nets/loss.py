"""The loss and the figures of progress."""
from fcn8s.nets.all_sum import all_sum
from fcn8s.nets.pillow_resampling import resize_nearest
from fcn8s.utils.tf1 import tf

DEEPSUP_WEIGHT = 0.4  # of the loss of deep supervision


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


def training_loss(scores, further, annotations, ignored=(), class_weights=None):
    """The loss of a net's Scores, and DEEPSUP_WEIGHT times that of each of the `further` scores.

    Scores smaller than the annotations, uint8 [B, H, W], meet the label at the centre of each of their places, as in
    semantic-segmentation-pytorch's present release. further: list of logits of the size of scores.trained.

    Returns:
      (sum of weighted losses, sum of weights; see summed_loss; labels uint8 [B, h, w] of the size of scores.trained,
      bool [B, h, w], which of them count).
    """
    labels = annotations
    if scores.trained is not scores.logits:
        labels = resize_nearest(annotations, *tf.unstack(tf.shape(scores.trained)[1:3]))
    valid = valid_pixels(labels, int(scores.trained.shape[3]), ignored)
    loss, weight = summed_loss(scores.trained, labels, valid, class_weights)
    for logits in further:
        loss += DEEPSUP_WEIGHT * summed_loss(logits, labels, valid, class_weights)[0]
    return loss, weight, labels, valid


def progress_figures(ids, labels, valid, num_classes, group, after):
    """{'pixel_accuracy': share of the valid pixels whose id is right, 'classes_predicted': number}, of all workers.

    ids, labels: uint8 [B, H, W]; valid: bool [B, H, W]; after: a tensor of this step's sum over workers, which the one
    for these figures follows.
    """
    right = tf.reduce_sum(tf.cast(tf.logical_and(tf.equal(ids, labels), valid), tf.float32))
    counted = tf.reduce_sum(tf.cast(valid, tf.float32))
    predicted = tf.unique(tf.reshape(tf.cast(ids, tf.int32), [-1]))[0]
    if group.size == 1:
        return {'pixel_accuracy': tf.div_no_nan(right, counted), 'classes_predicted': tf.size(predicted)}
    with tf.control_dependencies([after]):
        occurs = tf.reduce_sum(tf.one_hot(predicted, num_classes), 0)
        right, counted, workers = all_sum([right, counted, occurs], group)
    return {'pixel_accuracy': tf.div_no_nan(right, counted),
            'classes_predicted': tf.count_nonzero(workers, dtype=tf.int32)}
