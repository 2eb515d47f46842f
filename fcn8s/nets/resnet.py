"""ResNet34 and ResNet50, dilated instead of strided (He et al., arXiv 1512.03385; Yu et al., arXiv 1705.09914).

As in semantic-segmentation-pytorch: the stem is three 3x3 convolutions, and a bottleneck's stride is on its 3x3.
"""
import collections

from fcn8s.nets.layers import batch_norm, conv2d, max_pool
from fcn8s.utils.tf1 import tf

# kernels: sizes of a block's convolutions; expansion: output channels of a block, times those of its 3x3
Block = collections.namedtuple('Block', 'kernels expansion')
BLOCK = {34: Block((3, 3), 1), 50: Block((1, 3, 1), 4)}
LAYERS = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks in layer1 to layer4, channels of their 3x3 convolutions


def dilated_resnet(pixels, build, depth, output_stride):
    """The encoder: pixels float [B, H, W, 3], about N(0, 1) -> end points, an ordered dict from layer name to tensor.

    The last one is 'features', [B, ceil(H / output_stride), ceil(W / output_stride), 512 or 2048 times width].

    Args:
      build: a Build.
      depth: 34 or 50.
      output_stride: 8 or 16; a layer whose stride would exceed it doubles the dilation instead.
    """
    end_points = {}
    x = pixels
    with tf.variable_scope('encoder'):
        for i, stride in enumerate((2, 1, 1), 1):
            x = tf.nn.relu(conv_bn(x, f'conv{i}', f'bn{i}', 3, build.scaled(64), build.training, stride))
            end_points[f'conv{i}'] = x
        x = end_points['pool1'] = max_pool(x, 3, padding=1)

        total_stride, rate = 4, 1
        for layer, (blocks, channels) in enumerate(LAYERS, 1):
            stride, first_rate = 1, rate
            if layer > 1 and total_stride < output_stride:
                stride, total_stride = 2, total_stride * 2
            elif layer > 1:
                rate *= 2

            with tf.variable_scope(f'layer{layer}'):
                x = first_block(x, build, BLOCK[depth], channels, stride, first_rate, rate)
                for i in range(1, blocks):
                    with tf.variable_scope(str(i)):
                        x = tf.nn.relu(x + residual(x, build, BLOCK[depth], channels, 1, rate, rate))
            end_points[f'layer{layer}'] = x
    end_points['features'] = x
    return end_points


def first_block(x, build, block, channels, stride, first_rate, rate):
    """The block '0' of a layer, whose shortcut is a 1x1 convolution if height, width or channels change."""
    with tf.variable_scope('0'):
        y = residual(x, build, block, channels, stride, first_rate, rate)
        if channels > 64 or block.expansion > 1:  # all but a basic layer1
            x = conv_bn(x, 'downsample/conv', 'downsample/bn', 1, int(y.shape[3]), build.training, stride)
        return tf.nn.relu(x + y)


def residual(x, build, block, channels, stride, first_rate, rate):
    """What a block adds to its shortcut. Its first 3x3 has `stride` and `first_rate`, any other 3x3 has `rate`."""
    outputs = [channels] * (len(block.kernels) - 1) + [channels * block.expansion]
    for i, (size, count) in enumerate(zip(block.kernels, outputs), 1):
        if i > 1:
            x = tf.nn.relu(x)
        is_first_3x3 = i == block.kernels.index(3) + 1
        x = conv_bn(x, f'conv{i}', f'bn{i}', size, build.scaled(count), build.training,
                    *((stride, first_rate) if is_first_3x3 else (1, rate if size == 3 else 1)))
    return x


def conv_bn(x, conv_name, bn_name, size, channels, training, stride=1, rate=1):
    """A convolution without bias, and batch normalization."""
    return batch_norm(conv2d(x, conv_name, size, channels, stride, rate, bias=False), bn_name, training)
