"""The decoders of fully convolutional networks: from the pools of an encoder to scores at full size.

Each function takes the encoder's end points, adds its own under Shelhamer's names (arXiv 1605.06211) and returns
the Scores of [B, H, W, num_classes]. Arguments they share:
  like: tensor [B, H, W, ...] with the height and width of the scores.
  width: fc6 and fc7 have this part of their 4096 channels.
  keep_prob: of the dropout behind fc6 and fc7, as the net was published.
  drop: function (tensor, number of the layer, keep_prob) -> tensor, or None for no dropout.
  training: not used, for there is no batch normalization in these heads; every head takes it.
"""
from fcn8s.nets.fast_conv import conv2d, conv2d_as_matmul, conv2d_transpose_as_matmul, prefers_matmul, spares_memory
from fcn8s.nets.scores import upscored
from fcn8s.nets.vgg import scaled
from fcn8s.utils.tf1 import tf
from TensorflowUtils import bilinear, conv2d_transpose, normal, weight


def fcn_head(end_points, like, num_classes, width=1.0, training=False, drop=None, keep_prob=0.8, score_relu=False,
             stddev=None):
    """The head of FCN.tensorflow and FCN-tensorflow-ADE20k: the upsampled scores take on the pools' channels.

    score_relu: a ReLU behind the 1x1 scores, as FCN-tensorflow-ADE20k has it.
    stddev: of all kernels at the start; None fits each to its number of inputs.
    """
    del training

    def start(fan_in, gain):
        return normal(fan_in, gain) if stddev is None else tf.truncated_normal_initializer(stddev=stddev)

    def conv(x, names, size, channels, gain=2.):
        return _conv(x, names, size, channels, start(size * size * int(x.shape[3]), gain))

    def upscore(x, names, size, like, channels, gain=1.):
        return _upscore(x, names, size, like, channels, start(4 * int(x.shape[3]), gain))

    pool3, pool4, pool5 = (end_points[name] for name in ('pool3', 'pool4', 'pool5'))

    fc6 = _dropped(tf.nn.relu(conv(pool5, ('W6', 'b6'), 7, scaled(4096, width))), 6, drop, keep_prob)
    fc7 = _dropped(tf.nn.relu(conv(fc6, ('W7', 'b7'), 1, scaled(4096, width))), 7, drop, keep_prob)
    score_fr = conv(fc7, ('W8', 'b8'), 1, num_classes, gain=1.)
    if score_relu:
        score_fr = tf.nn.relu(score_fr)

    upscore2 = upscore(score_fr, ('W_t1', 'b_t1'), 4, pool4, int(pool4.shape[3])).logits
    fuse_pool4 = upscore2 + pool4

    upscore_pool4 = upscore(fuse_pool4, ('W_t2', 'b_t2'), 4, pool3, int(pool3.shape[3])).logits
    fuse_pool3 = upscore_pool4 + pool3

    # pool3 reaches the scores undamped: a hundredth of the variance lets the first loss be near ln(num_classes)
    upscore8 = upscore(fuse_pool3, ('W_t3', 'b_t3'), 16, like, num_classes, gain=0.01)

    end_points.update(fc6=fc6, fc7=fc7, score_fr=score_fr, upscore2=upscore2, fuse_pool4=fuse_pool4,
                      upscore_pool4=upscore_pool4, fuse_pool3=fuse_pool3, upscore8=upscore8.logits)
    return upscore8


def skip_head(end_points, like, num_classes, width=1.0, training=False, drop=None, keep_prob=0.5, stride=8,
              pool_scales=None):
    """The papers' head: scores of fc7, pool4 and pool3 added at their own resolutions, num_classes channels each.

    stride: 8 fuses pool4 and pool3, 16 pool4 only, 32 neither.
    pool_scales: None for the papers' version (scores start at zero, upsampling at bilinear interpolation, without
      bias); (for pool3, for pool4) for the all-at-once version of fcn8s_tensorflow, which scales the pools by
      these before they are scored and starts all kernels at random.
    """
    del training
    at_once = pool_scales is not None
    score_start = tf.truncated_normal_initializer(stddev=0.001) if at_once else tf.zeros_initializer()

    def conv(x, name, size, channels, start):
        return _conv(x, (name + '_w', name + '_b'), size, channels, start)

    def score(x, name):
        return conv(x, name, 1, num_classes, score_start)

    def upscore(x, name, size, like):
        start = tf.truncated_normal_initializer(stddev=0.01) if at_once else bilinear(size)
        return _upscore(x, (name + '_w', name + '_b' if at_once else None), size, like, num_classes, start)

    pool3, pool4, pool5 = (end_points[name] for name in ('pool3', 'pool4', 'pool5'))
    if at_once:
        pool3, pool4 = pool3 * pool_scales[0], pool4 * pool_scales[1]

    fc6 = tf.nn.relu(conv(pool5, 'fc6', 7, scaled(4096, width), normal(49 * int(pool5.shape[3]))))
    fc6 = _dropped(fc6, 6, drop, keep_prob)
    fc7 = tf.nn.relu(conv(fc6, 'fc7', 1, scaled(4096, width), normal(int(fc6.shape[3]))))
    fc7 = _dropped(fc7, 7, drop, keep_prob)
    score_fr = score(fc7, 'score_fr')
    end_points.update(fc6=fc6, fc7=fc7, score_fr=score_fr)

    if stride == 32:
        upscore32 = upscore(score_fr, 'upscore32', 64, like)
        end_points['upscore32'] = upscore32.logits
        return upscore32

    upscore2 = upscore(score_fr, 'upscore2', 4, pool4).logits
    score_pool4 = score(pool4, 'score_pool4')
    fuse_pool4 = upscore2 + score_pool4
    end_points.update(upscore2=upscore2, score_pool4=score_pool4, fuse_pool4=fuse_pool4)

    if stride == 16:
        upscore16 = upscore(fuse_pool4, 'upscore16', 32, like)
        end_points['upscore16'] = upscore16.logits
        return upscore16

    upscore_pool4 = upscore(fuse_pool4, 'upscore_pool4', 4, pool3).logits
    score_pool3 = score(pool3, 'score_pool3')
    fuse_pool3 = upscore_pool4 + score_pool3
    upscore8 = upscore(fuse_pool3, 'upscore8', 16, like)
    end_points.update(upscore_pool4=upscore_pool4, score_pool3=score_pool3, fuse_pool3=fuse_pool3,
                      upscore8=upscore8.logits)
    return upscore8


def _dropped(x, layer, drop, keep_prob):
    return x if drop is None else drop(x, layer, keep_prob)


def _conv(x, names, size, channels, start):
    kernel = weight(names[0], [size, size, x.shape[3], channels], start, x.dtype)
    bias = weight(names[1], [channels], tf.zeros_initializer(), x.dtype)
    as_matmul = size > 1 and (prefers_matmul(x.dtype) or spares_memory(x.dtype))
    return (conv2d_as_matmul if as_matmul else conv2d)(x, kernel, bias)


def _upscore(x, names, size, like, channels, start):
    """Scores of a transposed convolution with stride size / 2, each output seeing 2x2 inputs, to the size of `like`."""
    kernel = weight(names[0], [size, size, channels, x.shape[3]], start, x.dtype)
    bias = names[1] and weight(names[1], [channels], tf.zeros_initializer(), x.dtype)
    transpose = conv2d_transpose_as_matmul if prefers_matmul(x.dtype) else conv2d_transpose
    return upscored(transpose(x, kernel, bias, size // 2, like), x, kernel, bias, size // 2, like)
