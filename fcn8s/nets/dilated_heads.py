"""The decoders of semantic-segmentation-pytorch: scores at the encoder's resolution, interpolated to full size.

Each function reads the encoder's end point 'features', adds 'conv_last', the scores at that resolution, float32
[B, h, w, num_classes - 1], and its other layers, and returns the Scores, float32 [B, H, W, num_classes]. Class 0,
"others", has no channel of its own in these nets: its score is NEVER. Arguments they share:
  like: tensor [B, H, W, ...] with the height and width of the scores.
  build: a Build.
"""
from fcn8s.nets.layers import adaptive_avg_pool, batch_norm, conv2d, resize_bilinear
from fcn8s.nets.scores import from_logits
from fcn8s.utils.tf1 import tf

PYRAMID = (1, 2, 3, 6)  # areas per side at each level
KERNEL_STDDEV = 0.001   # of a decoder's kernels at the start
SCALE_STDDEV = 0.02     # of its batch normalizations' scales, around 1
NEVER = -1e4            # a score that softmax turns into 0


def c1_bilinear(end_points, like, num_classes, build):
    """One 1x1 convolution without bias. It has no hidden layer, so `build` changes nothing."""
    del build
    with tf.variable_scope('decoder'):
        scores = conv2d(end_points['features'], 'conv_last', 1, num_classes - 1, bias=False, start=kernel_start())
    return upsampled(scores, end_points, like)


def psp_bilinear(end_points, like, num_classes, build):
    """Pyramid pooling (Zhao et al., arXiv 1612.01105): the means of 1, 4, 9 and 36 areas join the features.

    A batch of one image has a single value per channel at the top of the pyramid: in training, batch normalization
    then makes that level the same for every image, so train on two or more images, or with build.training False.
    """
    def conv_bn_relu(x, scope, size):
        with tf.variable_scope(scope):
            x = conv2d(x, 'conv', size, build.scaled(512), bias=False, start=kernel_start())
            scale_start = tf.random_normal_initializer(1., SCALE_STDDEV)
            return tf.nn.relu(batch_norm(x, 'bn', build.training, scale_start))

    x = end_points['features']
    with tf.variable_scope('decoder'):
        levels = [x]
        for i, bins in enumerate(PYRAMID):
            level = end_points[f'psp{bins}'] = conv_bn_relu(adaptive_avg_pool(x, bins), f'psp/{i}', 1)
            levels.append(tf.cast(resize_bilinear(level, x), x.dtype))
        x = end_points['psp'] = tf.concat(levels, axis=3)

        x = conv_bn_relu(x, 'conv_last', 3)
        x = end_points['psp_conv'] = build.drop(x, 8, 0.9, whole_channels=True)

        scores = conv2d(x, 'conv_last/score', 1, num_classes - 1, start=kernel_start())
    return upsampled(scores, end_points, like)


def kernel_start():
    """Initializer of a decoder's kernel."""
    return tf.random_normal_initializer(stddev=KERNEL_STDDEV)


def upsampled(scores, end_points, like):
    """The Scores at the size of `like`, with class 0; scores: [B, h, w, num_classes - 1]."""
    end_points['conv_last'] = tf.cast(scores, tf.float32)
    with_class_0 = tf.pad(end_points['conv_last'], [[0, 0], [0, 0], [0, 0], [1, 0]], constant_values=NEVER)
    return from_logits(resize_bilinear(with_class_0, like))
