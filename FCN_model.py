"""The graph: the table of nets, how one is built, its loss, its training step and its predictions.

    logits, end_points = build('fcn8s', images, num_classes=151)

Pure graph: no flags, no session, no disk.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import collections
import functools

from fcn8s.nets.dilated_heads import c1_bilinear, psp_bilinear
from fcn8s.nets.fcn_heads import fcn_head, skip_head
from fcn8s.nets.layers import Build, Dropout, keep_all
from fcn8s.nets.loss import pixel_accuracy, summed_loss, valid_pixels
from fcn8s.nets.resnet import dilated_resnet
from fcn8s.nets.scores import predict_ids
from fcn8s.nets.train_op import SCOPE as LOSS_SCALE
from fcn8s.nets.train_op import Recipe, in_towers, training_step
from fcn8s.nets.vgg import CONVS, dilated_vgg, vgg
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf

MEAN_RGB = (123.68, 116.779, 103.939)  # of ImageNet's training photos, as VGG was trained on
RAW_RGB = (0., 0., 0.)
IMAGENET_MEAN = tuple(255 * mean for mean in (0.485, 0.456, 0.406))  # torchvision's normalization, of RGB 0..255
IMAGENET_STD = tuple(255 * std for std in (0.229, 0.224, 0.225))
# encoder(pixels, build) -> end points; head(end_points, like, num_classes, build) -> Scores; build: a Build. mean, std:
# normalize pixels 0..255. vgg: the depth of the pretrained VGG that fits the encoder, or None. stride: of the finest
# scores. scores_0: whether class 0, "others", is scored, or left out of loss and predictions. reach: a score depends on
# no pixel this far away, None if on the whole image.
Net = collections.namedtuple('Net', 'encoder head mean std vgg stride scores_0 reach source')
# A net to build, for example NetConfig('fcn8s', 151). net: a row of NETS; width: see build_scores; classes: tuple of
# fcn8s.data.classes.ClassInfo.
NetConfig = collections.namedtuple('NetConfig', 'net num_classes width classes')
NetConfig.__new__.__defaults__ = (1., ())
# What training fetches and feeds. images, annotations, encoder_rate, decoder_rate: placeholders; step: the global
# step, a variable; train: the op of one step; finite: whether it was applied, or lost to float16's loss scale;
# progress: {name: scalar}; validate: (ids, loss, summed weight of the pixels) without dropout; variables: the net's
# own; saved: those, the optimizer's and the step.
TrainingGraph = collections.namedtuple(
    'TrainingGraph', 'images annotations encoder_rate decoder_rate step train loss finite progress validate variables '
                     'saved end_points gradients')


def _fcn(head, source, encoder=None, mean=MEAN_RGB, depth=16, stride=8):
    return Net(encoder or functools.partial(vgg, depth=16), head, mean, (1., 1., 1.), depth, stride, True, 288, source)


VGG19_ADE20K = functools.partial(vgg, depth=19, pools=('avg',) * 5, last='conv5_3')
VGG19_LINEAR = functools.partial(vgg, depth=19, pools=('avg',) * 4 + ('max',), last='conv5_3', last_relu=False)
NETS = collections.OrderedDict([
    ('fcn8s', _fcn(functools.partial(fcn_head, keep_prob=0.8), 'VGG16, decoder of FCN.tensorflow')),
    ('fcn8s_paper', _fcn(skip_head, 'arXiv 1605.06211')),
    ('fcn16s_paper', _fcn(functools.partial(skip_head, stride=16), 'arXiv 1605.06211', stride=16)),
    ('fcn32s_paper', _fcn(functools.partial(skip_head, stride=32), 'arXiv 1605.06211', stride=32)),
    ('fcn8s_at_once', _fcn(functools.partial(skip_head, pool_scales=(0.0001, 0.01)), 'fcn8s_tensorflow')),
    ('fcn8s_ade20k', _fcn(functools.partial(fcn_head, keep_prob=0.8, score_relu=True), 'FCN-tensorflow-ADE20k',
                          VGG19_ADE20K, RAW_RGB, 19)),
    ('fcn8s_vgg19', _fcn(functools.partial(fcn_head, keep_prob=0.85, stddev=0.02), 'FCN.tensorflow',
                         VGG19_LINEAR, MEAN_RGB, 19)),
])
# The dilated nets of semantic-segmentation-pytorch: six encoders with two decoders each.
for _name, _encoder, _vgg, _stride in (
        ('vgg16_dilated8', functools.partial(dilated_vgg, depth=16), 16, 8),
        ('vgg19_dilated8', functools.partial(dilated_vgg, depth=19), 19, 8),
        ('resnet34_dilated16', functools.partial(dilated_resnet, depth=34, output_stride=16), None, 16),
        ('resnet34_dilated8', functools.partial(dilated_resnet, depth=34, output_stride=8), None, 8),
        ('resnet50_dilated16', functools.partial(dilated_resnet, depth=50, output_stride=16), None, 16),
        ('resnet50_dilated8', functools.partial(dilated_resnet, depth=50, output_stride=8), None, 8)):
    for _ending, _head in (('_c1', c1_bilinear), ('_psp', psp_bilinear)):
        NETS[_name + _ending] = Net(_encoder, _head, IMAGENET_MEAN, IMAGENET_STD, _vgg, _stride, False, None,
                                    'semantic-segmentation-pytorch')


def net_row(name):
    """The row of NETS called `name`; ValueError, naming the rows, if there is none."""
    if name not in NETS:
        raise ValueError(f'no net is called {name!r}; available nets: {", ".join(NETS)}')
    return NETS[name]


def build_scores(name, images, num_classes, width=1., training=False, drop=keep_all, precision='float32',
                 master_weights=True):
    """Builds a net.

    Args:
      name: a row of NETS.
      images: RGB 0..255, any dtype, [B, H, W, 3], of any H and W.
      num_classes: channels of the scores.
      width: every hidden layer has this part of its published channels.
      training: whether batch normalization uses and gathers the batch's statistics.
      drop: a Dropout (fcn8s.nets.layers), or keep_all.
      precision: 'float32', 'bfloat16' or 'float16', of the layers' inputs and outputs.
      master_weights: variables are float32 in any precision, as training needs; False stores them in the precision.
        Those of batch normalization are always float32.

    Returns:
      (fcn8s.nets.scores.Scores, its logits in the precision; end points: ordered dict from layer name to tensor).
    """
    net, dtype, build = net_row(name), tf.as_dtype(precision), Build(width, training, drop)
    with tf.variable_scope('inference', reuse=tf.AUTO_REUSE, dtype=tf.float32 if master_weights else dtype):
        pixels = tf.cast(images, tf.float32) - tf.constant(net.mean)
        if net.std != (1., 1., 1.):
            pixels /= tf.constant(net.std)
        pixels = tf.cast(pixels, dtype)
        end_points = net.encoder(pixels, build)
        scores = net.head(end_points, pixels, num_classes, build)
    return scores, end_points


def build(name, images, num_classes, *args, **options):
    """As build_scores, but returns (logits float32 [B, H, W, num_classes], end points)."""
    scores, end_points = build_scores(name, images, num_classes, *args, **options)
    return tf.cast(scores.logits, tf.float32), end_points


def decoder_names(name, variables):
    """Names of the variables that no pretrained encoder has: score layers and upsampling."""
    encoder = pretrained_names(name)
    return {v.op.name for v in variables if v.op.name not in encoder and not v.op.name.startswith('inference/encoder/')}


def pretrained_names(name):
    """{variable name: pretrained VGG's layer + 'w' or 'b'} for the layers that a net shares with VGG."""
    net = net_row(name)
    fc = {'W6': 'fc6w', 'b6': 'fc6b', 'W7': 'fc7w', 'b7': 'fc7b'}  # fcn_head's names; then skip_head's, dilated_vgg's
    fc.update({f'{layer}_{part}': vgg_layer + part for part in 'wb' for layer, vgg_layer in (
        ('fc6', 'fc6'), ('fc7', 'fc7'), ('conv6', 'fc6'), ('conv7', 'fc7'))})
    if net.vgg is None:
        return {}
    convs = {f'conv{block}_{i}_{part}': f'conv{block}_{i}{part}' for part in 'wb'
             for block, count in enumerate(CONVS[net.vgg], 1) for i in range(1, count + 1)}
    scope = 'inference/' if net.scores_0 else 'inference/encoder/'
    return {scope + variable: array for variable, array in dict(convs, **fc).items()}


def ignored_labels(name, ignore_label):
    """Labels that do not count in training: ignore_label, if any, and 0 if the net does not score it."""
    return (() if ignore_label is None else (ignore_label,)) + (() if net_row(name).scores_0 else (0,))


def training_graph(net, recipe=Recipe(), ignored=(), class_weights=None, devices=(None,)):
    """The whole graph of a training run: one net built twice, with dropout for training and without for validation.

    Args:
      net: a NetConfig.
      recipe: a Recipe; step k of every run with one seed drops the same values.
      ignored: labels that do not count, see ignored_labels.
      class_weights: see segmentation_loss.
      devices: share each batch, see in_towers; None is TensorFlow's choice.

    Returns:
      A TrainingGraph.
    """
    images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
    annotations = tf.placeholder(tf.uint8, [None, None, None], 'annotations')
    encoder_rate = tf.placeholder(tf.float32, [], 'encoder_rate')
    decoder_rate = tf.placeholder(tf.float32, [], 'decoder_rate')
    step = tf.train.get_or_create_global_step()
    valid = valid_pixels(annotations, net.num_classes, ignored)

    clean_logits, _ = build(net.net, images, net.num_classes, net.width, precision=recipe.precision)
    variables = [variable for variable in tf.global_variables() if variable is not step]
    clean_loss, clean_weight = summed_loss(clean_logits, annotations, valid, class_weights)
    validate = (predict_ids(clean_logits), tf.div_no_nan(clean_loss, clean_weight), clean_weight)

    def tower(number, images, annotations, valid):
        seed = tf.stack([tf.constant(recipe.seed + (number << 40), tf.int64), step])  # towers drop different values
        logits, end_points = build(net.net, images, net.num_classes, net.width, not recipe.fix_bn,
                                   Dropout(seed, recipe.keep_prob), recipe.precision)
        return summed_loss(logits, annotations, valid, class_weights) + (predict_ids(logits), end_points)

    losses, weights, ids, end_points = zip(*in_towers(tower, devices, images, annotations, valid))
    loss = tf.div_no_nan(sum(losses), sum(weights))
    train, gradients, finite = training_step(loss, encoder_rate, decoder_rate, decoder_names(net.net, variables), step,
                                             recipe, colocate=len(devices) > 1)
    ids = tf.concat(ids, 0)
    progress = {'pixel_accuracy': pixel_accuracy(ids, annotations, valid),
                'classes_predicted': tf.size(tf.unique(tf.reshape(tf.cast(ids, tf.int32), [-1]))[0])}
    saved = [variable for variable in tf.global_variables() if not variable.op.name.startswith(LOSS_SCALE + '/')]
    return TrainingGraph(images, annotations, encoder_rate, decoder_rate, step, train, loss, finite, progress, validate,
                         variables, saved, end_points[0], gradients)


def main():
    """Prints the table of nets."""
    from fcn8s.nets.summary import print_table
    print_table(NETS, build)


if __name__ == '__main__':
    run(lambda argv: main())
