"""The decoders of semantic-segmentation-pytorch: scores at the encoder's resolution, interpolated to full size.

    c1_bilinear, psp_bilinear    of 2017: corners are aligned in every interpolation, and the loss is taken at full size
    c1, ppm, deepsup             of the present release: half-pixel centres, and the loss at the scores' own resolution

Each decoder reads the encoder's end point 'features', adds 'conv_last', the scores at that resolution, float32
[B, h, w, num_classes - 1], and its other layers, and returns the Scores, float32 [B, H, W, num_classes]. Class 0,
"others", has no channel of its own in these nets: its score is NEVER. Arguments they share:
  like: tensor [B, H, W, ...] with the height and width of the scores.
  build: a Build.
"""
import functools

from fcn8s.nets.layers import adaptive_avg_pool, batch_norm, conv2d, resize_bilinear
from fcn8s.nets.scores import from_logits
from fcn8s.utils.tf1 import tf

PYRAMID = (1, 2, 3, 6)  # areas per side at each level
KERNEL_STDDEV = 0.001   # of a decoder's kernels at the start, in 2017
SCALE_STDDEV = 0.02     # of its batch normalizations' scales, around 1
NEVER = -1e4            # a score that softmax turns into 0


def c1_bilinear(end_points, like, num_classes, build):
    """One 1x1 convolution without bias. It has no hidden layer, so `build` changes nothing."""
    del build
    with tf.variable_scope('decoder'):
        scores = conv2d(end_points['features'], 'conv_last', 1, num_classes - 1, bias=False, start=kernel_start())
    return upsampled(scores, end_points, like)


def c1(end_points, like, num_classes, build):
    """A 3x3 convolution to a quarter of the features' channels, and the scores."""
    with tf.variable_scope('decoder'):
        x = end_points['cbr'] = conv_bn_relu(end_points['features'], 'cbr', 3, quarter(end_points), build)
        scores = conv2d(x, 'conv_last', 1, num_classes - 1)
    return upsampled(scores, end_points, like, aligned=False)


def deepsup(end_points, num_classes, build, keep_prob=1.):
    """Deep supervision (Zhao et al., arXiv 1612.01105): the scores of the stage before the last, for the loss alone.

    Reads the end point 'deepsup_features' too. keep_prob: of its channels. Returns float32 [B, h, w, num_classes].
    """
    with tf.variable_scope('decoder'):
        x = conv_bn_relu(end_points['deepsup_features'], 'cbr_deepsup', 3, quarter(end_points), build)
        if keep_prob < 1:
            x = build.drop(x, 9, keep_prob, whole_channels=True)
        end_points['cbr_deepsup'] = x
        return with_class_0(conv2d(x, 'conv_last_deepsup', 1, num_classes - 1))


def pyramid_pooling(end_points, like, num_classes, build, scope, aligned):
    """Pyramid pooling (Zhao et al., arXiv 1612.01105): the means of 1, 4, 9 and 36 areas join the features.

    A batch of one image has a single value per channel at the top of the pyramid: in training, batch normalization
    then makes that level the same for every image, so train on two or more images, or with build.training False.

    scope: 'psp' or 'ppm', the pyramid's name; aligned: whether the decoder is that of 2017.
    """
    starts = (kernel_start(), tf.random_normal_initializer(1., SCALE_STDDEV)) if aligned else ()
    x = end_points['features']
    with tf.variable_scope('decoder'):
        levels = [x]
        for i, bins in enumerate(PYRAMID):
            level = conv_bn_relu(adaptive_avg_pool(x, bins), f'{scope}/{i}', 1, build.scaled(512), build, *starts)
            end_points[f'{scope}{bins}'] = level
            levels.append(resized(level, x, aligned))
        x = end_points[scope] = tf.concat(levels, axis=3)

        x = conv_bn_relu(x, 'conv_last', 3, build.scaled(512), build, *starts)
        x = end_points[f'{scope}_conv'] = build.drop(x, 8, 0.9, whole_channels=True)

        scores = conv2d(x, 'conv_last/score', 1, num_classes - 1, start=starts[0] if aligned else None)
    return upsampled(scores, end_points, like, aligned)


psp_bilinear = functools.partial(pyramid_pooling, scope='psp', aligned=True)
ppm = functools.partial(pyramid_pooling, scope='ppm', aligned=False)


def conv_bn_relu(x, scope, size, channels, build, start=None, scale_start=None):
    """A convolution without bias, batch normalization and ReLU, whose variables are in a scope of their own."""
    with tf.variable_scope(scope):
        x = conv2d(x, 'conv', size, channels, bias=False, start=start)
        return tf.nn.relu(batch_norm(x, 'bn', build.training, scale_start))


def quarter(end_points):
    """The hidden channels of c1 and deepsup: a quarter of the features'."""
    return max(1, int(end_points['features'].shape[3]) // 4)


def kernel_start():
    """Initializer of a decoder's kernel, in 2017."""
    return tf.random_normal_initializer(stddev=KERNEL_STDDEV)


def resized(x, like, aligned=False):
    """fcn8s.nets.layers.resize_bilinear in the dtype of x."""
    return tf.cast(resize_bilinear(x, like, aligned), x.dtype)


def upsampled(scores, end_points, like, aligned=True):
    """The Scores at the size of `like`, with class 0; scores: [B, h, w, num_classes - 1].

    aligned: whether the decoder is that of 2017.
    """
    end_points['conv_last'] = tf.cast(scores, tf.float32)
    small = with_class_0(scores)
    return from_logits(resize_bilinear(small, like, aligned), None if aligned else small)


def with_class_0(scores):
    """Scores of all classes: [B, h, w, num_classes - 1] -> float32 [B, h, w, num_classes]."""
    return tf.pad(tf.cast(scores, tf.float32), [[0, 0], [0, 0], [0, 0], [1, 0]], constant_values=NEVER)
