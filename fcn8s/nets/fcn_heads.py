"""The decoders of fully convolutional networks: from an encoder's pools to scores at full size.

Each function takes the encoder's end points, adds its own under Shelhamer's names (arXiv 1605.06211), and returns the
Scores of [B, H, W, num_classes]. Arguments they share:
  like: tensor [B, H, W, ...] with the height and width of the scores.
  build: a Build.
  keep_prob: of the dropout after fc6 and fc7, as published.
"""
from fcn8s.nets.layers import conv2d, conv2d_transpose, normal_start
from fcn8s.nets.scores import from_transposed_conv
from fcn8s.utils.tf1 import tf
from TensorflowUtils import bilinear


def fcn_head(end_points, like, num_classes, build, keep_prob=0.8, score_relu=False, stddev=None):
    """The head of FCN.tensorflow and FCN-tensorflow-ADE20k: the upsampled scores take on the pools' channels.

    score_relu: whether a ReLU follows score_fr, as in FCN-tensorflow-ADE20k.
    stddev: of all kernels at the start; None fits each kernel to its number of inputs.
    """
    def start(gain=2., transposed=False):
        return normal_start(gain, transposed) if stddev is None else tf.truncated_normal_initializer(stddev=stddev)

    pool3, pool4, pool5 = (end_points[name] for name in ('pool3', 'pool4', 'pool5'))

    fc6 = tf.nn.relu(conv2d(pool5, ('W6', 'b6'), 7, build.scaled(4096), start=start()))
    fc6 = build.drop(fc6, 6, keep_prob)

    fc7 = tf.nn.relu(conv2d(fc6, ('W7', 'b7'), 1, build.scaled(4096), start=start()))
    fc7 = build.drop(fc7, 7, keep_prob)

    score_fr = conv2d(fc7, ('W8', 'b8'), 1, num_classes, start=start(1.))
    if score_relu:
        score_fr = tf.nn.relu(score_fr)

    upscore2 = conv2d_transpose(score_fr, ('W_t1', 'b_t1'), 4, int(pool4.shape[3]), pool4, start=start(1., True))
    fuse_pool4 = upscore2 + pool4

    upscore_pool4 = conv2d_transpose(fuse_pool4, ('W_t2', 'b_t2'), 4, int(pool3.shape[3]), pool3, start=start(1., True))
    fuse_pool3 = upscore_pool4 + pool3

    # pool3 reaches the scores undamped: a hundredth of the variance keeps the first loss near ln(num_classes)
    upscore8 = from_transposed_conv(fuse_pool3, ('W_t3', 'b_t3'), 16, num_classes, like, start=start(0.01, True))

    end_points.update(fc6=fc6, fc7=fc7, score_fr=score_fr, upscore2=upscore2, fuse_pool4=fuse_pool4,
                      upscore_pool4=upscore_pool4, fuse_pool3=fuse_pool3, upscore8=upscore8.logits)
    return upscore8


def skip_head(end_points, like, num_classes, build, keep_prob=0.5, stride=8, pool_scales=None):
    """The papers' head: scores of fc7, pool4 and pool3 added at their own resolutions, num_classes channels each.

    stride: 8 fuses pool4 and pool3, 16 pool4 only, 32 neither.
    pool_scales: None for the papers' version (scores start at zero, upsampling at bilinear interpolation, without
      bias); (for pool3, for pool4) for the all-at-once version of fcn8s_tensorflow, which scales the pools by
      these before they are scored and starts all kernels at random.
    """
    at_once = pool_scales is not None

    def score(x, name):
        start = tf.truncated_normal_initializer(stddev=0.001) if at_once else tf.zeros_initializer()
        return conv2d(x, name, 1, num_classes, start=start)

    def upscore(upsample, x, name, size, like):
        start = tf.truncated_normal_initializer(stddev=0.01) if at_once else bilinear(size)
        return upsample(x, name, size, num_classes, like, bias=at_once, start=start)

    pool3, pool4, pool5 = (end_points[name] for name in ('pool3', 'pool4', 'pool5'))
    if at_once:
        pool3, pool4 = pool3 * pool_scales[0], pool4 * pool_scales[1]

    fc6 = tf.nn.relu(conv2d(pool5, 'fc6', 7, build.scaled(4096)))
    fc6 = end_points['fc6'] = build.drop(fc6, 6, keep_prob)

    fc7 = tf.nn.relu(conv2d(fc6, 'fc7', 1, build.scaled(4096)))
    fc7 = end_points['fc7'] = build.drop(fc7, 7, keep_prob)

    score_fr = end_points['score_fr'] = score(fc7, 'score_fr')

    if stride == 32:
        upscore32 = upscore(from_transposed_conv, score_fr, 'upscore32', 64, like)
        end_points['upscore32'] = upscore32.logits
        return upscore32

    upscore2 = end_points['upscore2'] = upscore(conv2d_transpose, score_fr, 'upscore2', 4, pool4)
    score_pool4 = end_points['score_pool4'] = score(pool4, 'score_pool4')
    fuse_pool4 = end_points['fuse_pool4'] = upscore2 + score_pool4

    if stride == 16:
        upscore16 = upscore(from_transposed_conv, fuse_pool4, 'upscore16', 32, like)
        end_points['upscore16'] = upscore16.logits
        return upscore16

    upscore_pool4 = end_points['upscore_pool4'] = upscore(conv2d_transpose, fuse_pool4, 'upscore_pool4', 4, pool3)
    score_pool3 = end_points['score_pool3'] = score(pool3, 'score_pool3')
    fuse_pool3 = end_points['fuse_pool3'] = upscore_pool4 + score_pool3

    upscore8 = upscore(from_transposed_conv, fuse_pool3, 'upscore8', 16, like)
    end_points['upscore8'] = upscore8.logits
    return upscore8
