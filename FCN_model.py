"""The graph: the table of nets, how one is built, its loss, its training step and its predictions.

    logits, end_points = build('fcn8s', images, num_classes=151)

Pure graph: no flags, no session, no disk.
"""
import collections
import functools

from nets.heads import fcn_head, skip_head
from nets.vgg import CONVS, vgg
from TensorflowUtils import dropout, tf

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet's training photos, as VGG was trained on
RAW_RGB = (0., 0., 0.)

# encoder(pixels, width=) -> end points; head(end_points, like, num_classes, width, drop) -> scores.
# mean: subtracted from RGB 0..255. keep_prob: of dropout in training, as published. vgg: the depth of the
# pretrained VGG that fits the encoder.
Net = collections.namedtuple('Net', 'encoder head mean keep_prob vgg source')

# What training fetches and feeds. images, annotations: placeholders; step: the global step, a variable; train: the op
# of one step; finite: whether it was taken; progress: {name: scalar}; validate: (ids, loss) without dropout;
# variables: the net's own, without the optimizer's.
TrainingGraph = collections.namedtuple(
    'TrainingGraph', 'images annotations step train loss finite progress validate variables end_points gradients')

VGG16 = functools.partial(vgg, depth=16, pools=('max',) * 5)
NETS = collections.OrderedDict([
    ('fcn8s', Net(VGG16, fcn_head, MEAN_RGB, 0.8, 16, 'VGG16 with the decoder of FCN.tensorflow')),
    ('fcn8s_paper', Net(VGG16, skip_head, MEAN_RGB, 0.5, 16, 'arXiv 1605.06211')),
    ('fcn16s_paper', Net(VGG16, functools.partial(skip_head, stride=16), MEAN_RGB, 0.5, 16, 'arXiv 1605.06211')),
    ('fcn32s_paper', Net(VGG16, functools.partial(skip_head, stride=32), MEAN_RGB, 0.5, 16, 'arXiv 1605.06211')),
    ('fcn8s_at_once', Net(VGG16, functools.partial(skip_head, pool_scales=(0.0001, 0.01)), MEAN_RGB, 0.5, 16,
                          'fcn8s_tensorflow')),
    ('fcn8s_ade20k', Net(functools.partial(vgg, depth=19, pools=('avg',) * 5, last='conv5_3'),
                         functools.partial(fcn_head, score_relu=True), RAW_RGB, 0.8, 19, 'FCN-tensorflow-ADE20k')),
    ('fcn8s_vgg19', Net(functools.partial(vgg, depth=19, pools=('avg',) * 4 + ('max',), last='conv5_3',
                                          last_relu=False),
                        functools.partial(fcn_head, stddev=0.02), MEAN_RGB, 0.85, 19, 'FCN.tensorflow')),
])


def net_row(name):
    """The row of NETS called `name`; ValueError with the names there are if there is none."""
    if name not in NETS:
        raise ValueError(f'no net is called {name!r}; there are: {", ".join(NETS)}')
    return NETS[name]


def build(name, images, num_classes, width=1.0, keep_prob=None, dropout_seed=None):
    """Builds a net.

    Args:
      name: a row of NETS.
      images: RGB 0..255, any dtype, [B, H, W, 3]; any H and W, multiples of 32 being resized by nothing but pools.
      num_classes: channels of the scores.
      width: every hidden layer has this part of its published channels.
      keep_prob: float or scalar tensor for training; None leaves dropout out of the graph.
      dropout_seed: int64 [2], needed with keep_prob; equal seeds drop equal values.

    Returns:
      (logits float32 [B, H, W, num_classes], end points: ordered dict from Shelhamer's layer names to tensors).
    """
    net = net_row(name)

    def drop(x, layer):
        return x if keep_prob is None else dropout(x, keep_prob, dropout_seed + tf.constant([layer, 0], tf.int64))

    with tf.variable_scope('inference', reuse=tf.AUTO_REUSE):
        pixels = tf.cast(images, tf.float32) - tf.constant(net.mean)
        end_points = net.encoder(pixels, width=width)
        logits = net.head(end_points, pixels, num_classes, width, drop)
    return logits, end_points


def pretrained_names(name):
    """{variable name: pretrained VGG's layer + 'w' or 'b'} for the layers of a net that VGG has too."""
    net = net_row(name)
    fc = {'W6': 'fc6w', 'b6': 'fc6b', 'W7': 'fc7w', 'b7': 'fc7b', 'fc6_w': 'fc6w', 'fc6_b': 'fc6b', 'fc7_w': 'fc7w',
          'fc7_b': 'fc7b'}
    convs = {f'conv{block}_{i}_{part}': f'conv{block}_{i}{part}' for part in 'wb'
             for block, count in enumerate(CONVS[net.vgg], 1) for i in range(1, count + 1)}
    return {'inference/' + variable: array for variable, array in dict(convs, **fc).items()}


def predict_ids(logits, with_class_0=True):
    """The likeliest class of each pixel: [B, H, W, N] -> uint8 [B, H, W]; without class 0 where it is left out."""
    if with_class_0:
        return tf.cast(tf.argmax(logits, axis=3, output_type=tf.int32), tf.uint8)
    return tf.cast(tf.argmax(logits[..., 1:], axis=3, output_type=tf.int32) + 1, tf.uint8)


def valid_pixels(annotations, num_classes, ignore_label=None):
    """bool [B, H, W]: the pixels that count, those labelled 0..num_classes-1 and not ignore_label."""
    labels = tf.cast(annotations, tf.int32)
    valid = labels < num_classes
    return valid if ignore_label is None else tf.logical_and(valid, tf.not_equal(labels, ignore_label))


def segmentation_loss(logits, annotations, valid):
    """Softmax cross-entropy in nats, the mean over the valid pixels (0 where there is none).

    logits float [B, H, W, N]; annotations uint8 [B, H, W]; valid bool [B, H, W]. A pixel that is not valid enters
    the op as class 0 with weight 0, for a label outside [0, N) makes NaN on a GPU and an error on a CPU.
    """
    labels = tf.where(valid, tf.cast(annotations, tf.int32), tf.zeros_like(annotations, tf.int32))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.cast(logits, tf.float32))
    weights = tf.cast(valid, tf.float32)
    return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.)


def pixel_accuracy(ids, annotations, valid):
    """The share of the valid pixels whose id is right, in 0..1; uint8 [B, H, W] twice, bool [B, H, W]."""
    right = tf.logical_and(tf.equal(ids, annotations), valid)
    count = tf.reduce_sum(tf.cast(valid, tf.float32))
    return tf.reduce_sum(tf.cast(right, tf.float32)) / tf.maximum(count, 1.)


def training_step(loss, learning_rate, global_step):
    """One step of Adam.

    A step whose loss or gradient is not finite changes no variable, global_step included. (A gradient that is not
    finite shows in the gradients of the biases, so the large kernels' need not be searched.)

    Returns:
      (the op, gradients and variables: list of pairs, finite: bool tensor that says whether the step was taken).
    """
    optimizer = tf.train.AdamOptimizer(learning_rate)
    gradients = optimizer.compute_gradients(loss)
    small = [tf.reduce_all(tf.is_finite(gradient)) for gradient, variable in gradients if len(variable.shape) == 1]
    finite = tf.reduce_all(tf.stack([tf.is_finite(loss)] + small))
    apply = tf.cond(finite, lambda: optimizer.apply_gradients(gradients, global_step), tf.no_op)
    return apply, gradients, finite


def training_graph(name, num_classes, width, keep_prob, learning_rate, seed, ignore_label=None):
    """The whole graph of a training run: one net built twice, with dropout for training and without for validation.

    seed: of dropout; step k of every run with one seed drops the same values.
    """
    images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
    annotations = tf.placeholder(tf.uint8, [None, None, None], 'annotations')
    step = tf.train.get_or_create_global_step()
    valid = valid_pixels(annotations, num_classes, ignore_label)

    logits, end_points = build(name, images, num_classes, width, keep_prob,
                               dropout_seed=tf.stack([tf.constant(seed, tf.int64), step]))
    variables = [variable for variable in tf.global_variables() if variable is not step]
    loss = segmentation_loss(logits, annotations, valid)
    train, gradients, finite = training_step(loss, learning_rate, step)
    ids = predict_ids(logits)
    progress = {'pixel_accuracy': pixel_accuracy(ids, annotations, valid),
                'classes_predicted': tf.size(tf.unique(tf.reshape(tf.cast(ids, tf.int32), [-1]))[0])}

    clean_logits, _ = build(name, images, num_classes, width)
    validate = (predict_ids(clean_logits), segmentation_loss(clean_logits, annotations, valid))
    return TrainingGraph(images, annotations, step, train, loss, finite, progress, validate, variables, end_points,
                         gradients)
