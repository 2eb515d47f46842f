"""The graph: the table of nets, how one is built, its loss, its training step and its predictions.

    logits, end_points = build('fcn8s', images, num_classes=151)
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import collections
import functools

from fcn8s.nets.all_sum import ALONE, all_sum
from fcn8s.nets.dilated_heads import c1, c1_bilinear, deepsup, ppm, psp_bilinear
from fcn8s.nets.fcn_heads import fcn_head, skip_head
from fcn8s.nets.layers import Build, Dropout, keep_all
from fcn8s.nets.loss import progress_figures, summed_loss, training_loss, valid_pixels
from fcn8s.nets.mobilenet import dilated_mobilenet
from fcn8s.nets.resnet import WIDE_STEM, dilated_resnet
from fcn8s.nets.row import IMAGENET_MEAN, IMAGENET_STD, MEAN_RGB, RAW_RGB, Net
from fcn8s.nets.scores import predict_ids
from fcn8s.nets.train_op import SCOPE as LOSS_SCALE
from fcn8s.nets.train_op import StepOptions, TrainingGraph, in_towers, training_step
from fcn8s.nets.upernet import upernet
from fcn8s.nets.vgg import dilated_vgg, vgg, vgg_arrays
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf

# A net to build, for example NetConfig('fcn8s', 151). net: a row of NETS; width: see build_scores; classes: tuple of
# fcn8s.data.classes.ClassInfo.
NetConfig = collections.namedtuple('NetConfig', 'net num_classes width classes')
NetConfig.__new__.__defaults__ = (1., ())


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
# The dilated nets of semantic-segmentation-pytorch in 2017: six encoders with two decoders each.
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


def _resnet(depth, output_stride=8):
    return functools.partial(dilated_resnet, depth=depth, output_stride=output_stride, stem=WIDE_STEM)


# The nets of its present release, mit-semseg.
PPM_DEEPSUP = functools.partial(deepsup, keep_prob=0.9)
for _name, _encoder, _head, _deepsup, _stride, _reach in (
        ('mobilenetv2dilated_c1_deepsup', dilated_mobilenet, c1, deepsup, 8, 288),
        ('resnet18dilated_c1_deepsup', _resnet(18), c1, deepsup, 8, 256),
        ('resnet18dilated_ppm_deepsup', _resnet(18), ppm, PPM_DEEPSUP, 8, None),
        ('resnet50dilated_ppm_deepsup', _resnet(50), ppm, PPM_DEEPSUP, 8, None),
        ('resnet101dilated_ppm_deepsup', _resnet(101), ppm, PPM_DEEPSUP, 8, None),
        ('resnet50_upernet', _resnet(50, 32), upernet, None, 4, None),
        ('resnet101_upernet', _resnet(101, 32), upernet, None, 4, None)):
    NETS[_name] = Net(_encoder, _head, IMAGENET_MEAN, IMAGENET_STD, None, _stride, False, _reach,
                      'mit-semseg', _deepsup)


def net_row(name):
    """The row of NETS called `name`; ValueError, naming the rows, if there is none."""
    if name not in NETS:
        raise ValueError(f'no net is called {name!r}; available nets: {", ".join(NETS)}')
    return NETS[name]


def build_scores(name, images, num_classes, width=1., training=False, drop=keep_all, precision='float32',
                 master_weights=True, size=None):
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
      size: int32 [2], height and width of the scores; None for the images'. The rows with scores_0 take None alone.

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
        like = pixels if size is None else tf.zeros(tf.concat([[1], size, [1]], 0))
        scores = net.head(end_points, like, num_classes, build)
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
    scope = 'inference/' if net.scores_0 else 'inference/encoder/'
    return {scope + variable: array for variable, array in vgg_arrays(net.vgg).items()} if net.vgg else {}


def ignored_labels(name, ignore_label):
    """Labels that do not count in training: ignore_label, if any, and 0 if the net does not score it."""
    return (() if ignore_label is None else (ignore_label,)) + (() if net_row(name).scores_0 else (0,))


def training_graph(net, options=StepOptions(), ignored=(), class_weights=None, devices=(None,), group=ALONE):
    """The whole graph of a training run: one net built twice, with dropout for training and without for validation.

    Args:
      net: a NetConfig.
      options: StepOptions; step k of every run with one seed drops the same values.
      ignored: labels that do not count, see ignored_labels.
      class_weights: see segmentation_loss.
      devices: share each batch, see in_towers; None is TensorFlow's choice.
      group: the workers, which share each batch too: each is fed its part.

    Returns:
      A TrainingGraph.
    """
    row = net_row(net.net)
    images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
    annotations = tf.placeholder(tf.uint8, [None, None, None], 'annotations')
    encoder_rate = tf.placeholder(tf.float32, [], 'encoder_rate')
    decoder_rate = tf.placeholder(tf.float32, [], 'decoder_rate')
    step = tf.train.get_or_create_global_step()

    clean_logits, _ = build(net.net, images, net.num_classes, net.width, precision=options.precision)
    clean_loss, clean_weight = summed_loss(
        clean_logits, annotations, valid_pixels(annotations, net.num_classes, ignored), class_weights)
    validate = (predict_ids(clean_logits), tf.div_no_nan(clean_loss, clean_weight), clean_weight)

    def tower(number, images, annotations):
        number += group.rank * len(devices)  # so that all towers of all workers drop different values
        seed = tf.stack([tf.constant(options.seed + (number << 40), tf.int64), step])
        how = Build(net.width, not options.fix_bn, Dropout(seed, options.keep_prob))
        scores, end_points = build_scores(net.net, images, net.num_classes, *how, precision=options.precision)
        with tf.variable_scope('inference', reuse=tf.AUTO_REUSE):
            further = [row.deepsup(end_points, net.num_classes, how)] if row.deepsup else []
        loss, weight, labels, valid = training_loss(scores, further, annotations, ignored, class_weights)
        return loss, weight, predict_ids(scores.trained), labels, valid, end_points

    losses, weights, ids, labels, valid, end_points = zip(*in_towers(tower, devices, images, annotations))
    loss = tf.div_no_nan(sum(losses), *all_sum([sum(weights)], group))
    variables = [variable for variable in tf.global_variables() if variable is not step]
    taken = training_step(loss, encoder_rate, decoder_rate, decoder_names(net.net, variables), step, options,
                          len(devices), group)
    ids, labels, valid = (tf.concat(parts, 0) for parts in (ids, labels, valid))
    progress = progress_figures(ids, labels, valid, net.num_classes, group, taken.loss)
    saved = [variable for variable in tf.global_variables() if not variable.op.name.startswith(LOSS_SCALE + '/')]
    return TrainingGraph(images, annotations, encoder_rate, decoder_rate, step, taken.train, taken.loss, taken.finite,
                         progress, validate, variables, saved, end_points[0], taken.gradients, taken.stop)


def main():
    """Prints the table of nets, and that of published ones."""
    from fcn8s.nets.summary import print_published, print_table
    print_table(NETS, build)
    print_published(NETS)


if __name__ == '__main__':
    run(lambda argv: main())
