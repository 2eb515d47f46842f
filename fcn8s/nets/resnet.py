"""ResNet34 and ResNet50 with dilation for strides (He et al., arXiv 1512.03385; Yu et al., arXiv 1705.09914).

As semantic-segmentation-pytorch has them: three 3x3 convolutions for a stem, a bottleneck's stride on its 3x3.
"""
import collections

from fcn8s.nets.layers import batch_norm, conv, max_pool
from fcn8s.nets.vgg import scaled
from fcn8s.utils.tf1 import tf

# kernels: sizes of a block's convolutions; expansion: output channels of a block for each of its 3x3's
Block = collections.namedtuple('Block', 'kernels expansion')
BLOCK = {34: Block((3, 3), 1), 50: Block((1, 3, 1), 4)}
LAYERS = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks in layer1 to layer4, channels of their 3x3 convolutions


def dilated_resnet(pixels, depth, output_stride, width=1.0, training=False, drop=None):
    """The encoder: pixels float [B, H, W, 3], about N(0, 1) -> end points, an ordered dict from name to tensor.

    Its last entry is 'features', [B, ceil(H / output_stride), ceil(W / output_stride), 512 or 2048 times width].

    Args:
      depth: 34 or 50.
      output_stride: 8 or 16; a layer whose stride would exceed it doubles the dilation instead.
      width: every layer has this part of its published channels.
      training: whether batch normalization uses and gathers the batch's statistics.
      drop: not used, for a ResNet has no dropout; every encoder takes it.
    """
    del drop
    end_points = {}
    with tf.variable_scope('encoder'):
        x = pixels
        for i, stride in enumerate((2, 1, 1), 1):
            x = tf.nn.relu(_conv_bn(x, 'conv%d' % i, 'bn%d' % i, 3, scaled(64, width), training, stride))
            end_points['conv%d' % i] = x
        x = end_points['pool1'] = max_pool(x, 3, padding=1)

        total_stride, rate = 4, 1
        for layer, (blocks, channels) in enumerate(LAYERS, 1):
            stride, first_rate = 1, rate
            if layer > 1 and total_stride < output_stride:
                stride, total_stride = 2, total_stride * 2
            elif layer > 1:
                rate *= 2
            with tf.variable_scope('layer%d' % layer):
                x = _block(x, '0', depth, channels, width, training, stride, first_rate, rate)
                for i in range(1, blocks):
                    x = _block(x, str(i), depth, channels, width, training, 1, rate, rate)
            end_points['layer%d' % layer] = x
    end_points['features'] = x
    return end_points


def _block(x, name, depth, channels, width, training, stride, first_rate, rate):
    """A residual block. Its first 3x3 takes stride and first_rate, any other 3x3 takes rate."""
    kernels, expansion = BLOCK[depth]
    outputs = [scaled(channels, width)] * (len(kernels) - 1) + [scaled(channels * expansion, width)]
    # the first block of every layer but a basic layer1 changes the number of channels
    project = name == '0' and (channels > 64 or expansion > 1)
    with tf.variable_scope(name):
        y = x
        for i, (size, count) in enumerate(zip(kernels, outputs)):
            y = y if i == 0 else tf.nn.relu(y)
            strided = i == kernels.index(3)
            y = _conv_bn(y, 'conv%d' % (i + 1), 'bn%d' % (i + 1), size, count, training,
                         stride if strided else 1, first_rate if strided else rate)
        if project:
            x = _conv_bn(x, 'downsample/conv', 'downsample/bn', 1, outputs[-1], training, stride)
    return tf.nn.relu(x + y)


def _conv_bn(x, conv_name, bn_name, size, channels, training, stride=1, rate=1):
    return batch_norm(conv(x, conv_name, size, channels, stride, rate if size > 1 else 1), bn_name, training)
