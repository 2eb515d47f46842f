"""The decoders of semantic-segmentation-pytorch: scores at the encoder's resolution, interpolated to full size.

Each function takes the encoder's end points, reads 'features', adds 'conv_last', the scores at that resolution,
float32 [B, h, w, num_classes - 1], and its other layers, and returns the Scores, float32 [B, H, W, num_classes].
Class 0, "others", has no channel of its own in these nets: its score is NEVER. Arguments they share:
  like: tensor [B, H, W, ...] with the height and width of the scores.
  width: hidden layers have this part of their published channels.
  training: whether batch normalization uses and gathers the batch's statistics.
  drop: function (tensor, number of the layer, probability to keep, whole_channels) -> tensor, or None.
"""
from fcn8s.nets.layers import adaptive_avg_pool, batch_norm, conv, resize_bilinear
from fcn8s.nets.scores import plain
from fcn8s.nets.vgg import scaled
from fcn8s.utils.tf1 import tf

PYRAMID = (1, 2, 3, 6)  # areas a side at each level
KERNEL_STDDEV = 0.001   # of a decoder's kernels at the start
SCALE_STDDEV = 0.02     # of its batch normalizations' scales, around 1
NEVER = -1e4            # a score that softmax turns into 0


def c1_bilinear(end_points, like, num_classes, width=1.0, training=False, drop=None):
    """One 1x1 convolution without bias. It has no hidden layer, so width, training and drop change nothing."""
    del width, training, drop
    with tf.variable_scope('decoder'):
        scores = conv(end_points['features'], 'conv_last', 1, num_classes - 1, start=_kernel_start())
    return _upsampled(scores, end_points, like)


def psp_bilinear(end_points, like, num_classes, width=1.0, training=False, drop=None):
    """Pyramid pooling (Zhao et al., arXiv 1612.01105): the means of 1, 4, 9 and 36 areas join the features.

    A batch of one image has a single value a channel at the top of the pyramid: where training is True, that level
    is then the same for every image, so train with two or more images or with training False.
    """
    def layer(x, scope, size):
        with tf.variable_scope(scope):
            x = conv(x, 'conv', size, scaled(512, width), start=_kernel_start())
            scale_start = tf.random_normal_initializer(1., SCALE_STDDEV)
            return tf.nn.relu(batch_norm(x, 'bn', training, scale_start))

    x = end_points['features']
    with tf.variable_scope('decoder'):
        levels = [x]
        for i, bins in enumerate(PYRAMID):
            level = layer(adaptive_avg_pool(x, bins), 'psp/%d' % i, 1)
            levels.append(tf.cast(resize_bilinear(level, x), x.dtype))
            end_points['psp%d' % bins] = level
        x = end_points['psp'] = tf.concat(levels, axis=3)
        x = layer(x, 'conv_last', 3)
        if drop is not None:
            x = drop(x, 8, 0.9, whole_channels=True)
        end_points['psp_conv'] = x
        scores = conv(x, 'conv_last/score', 1, num_classes - 1, bias=True, start=_kernel_start())
    return _upsampled(scores, end_points, like)


def _kernel_start():
    return tf.random_normal_initializer(stddev=KERNEL_STDDEV)


def _upsampled(scores, end_points, like):
    end_points['conv_last'] = tf.cast(scores, tf.float32)
    with_class_0 = tf.pad(end_points['conv_last'], [[0, 0], [0, 0], [0, 0], [1, 0]], constant_values=NEVER)
    return plain(resize_bilinear(with_class_0, like))
