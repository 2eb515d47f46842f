"""ResNets of 18 to 101 layers, strided or dilated (He et al., arXiv 1512.03385; Yu et al., arXiv 1705.09914).

As in semantic-segmentation-pytorch: the stem is three 3x3 convolutions, and a bottleneck's stride is on its 3x3.
"""
import collections

from fcn8s.nets.layers import conv_bn, max_pool
from fcn8s.utils.tf1 import tf

# kernels: sizes of a block's convolutions; expansion: output channels of a block, times those of its 3x3
Block = collections.namedtuple('Block', 'kernels expansion')
BASIC, BOTTLENECK = Block((3, 3), 1), Block((1, 3, 1), 4)
BLOCK = {18: BASIC, 34: BASIC, 50: BOTTLENECK, 101: BOTTLENECK}
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}  # in layer1 to layer4
CHANNELS = (64, 128, 256, 512)  # of their 3x3 convolutions
STEM, WIDE_STEM = (64, 64, 64), (64, 64, 128)  # channels of the first convolutions: in 2017, and since


def dilated_resnet(pixels, build, depth, output_stride, stem=STEM):
    """The encoder: pixels float [B, H, W, 3], about N(0, 1) -> end points, an ordered dict from layer name to tensor.

    The last ones are 'deepsup_features', layer3's output, which deep supervision scores too, and 'features', layer4's:
    [B, ceil(H / output_stride), ceil(W / output_stride), 512 or 2048 times width].

    Args:
      build: a Build.
      depth: 18, 34, 50 or 101.
      output_stride: 8 or 16; a layer whose stride would exceed it doubles the dilation instead. 32 dilates none.
      stem: channels of the three first convolutions.
    """
    end_points = {}
    x = pixels
    with tf.variable_scope('encoder'):
        for i, (channels, stride) in enumerate(zip(stem, (2, 1, 1)), 1):
            x = tf.nn.relu(conv_bn(x, f'conv{i}', f'bn{i}', 3, build.scaled(channels), build.training, stride))
            end_points[f'conv{i}'] = x
        x = end_points['pool1'] = max_pool(x, 3, padding=1)

        block, inputs, total_stride, rate = BLOCK[depth], stem[-1], 4, 1
        for layer, (blocks, channels) in enumerate(zip(BLOCKS[depth], CHANNELS), 1):
            stride, first_rate, outputs = 1, rate, channels * block.expansion
            if layer > 1 and total_stride < output_stride:
                stride, total_stride = 2, total_stride * 2
            elif layer > 1:
                rate *= 2

            for i in range(blocks):
                with tf.variable_scope(f'layer{layer}/{i}'):
                    y = residual(x, build, block, channels, stride, first_rate, rate)
                    if inputs != outputs:  # in a layer's first block alone
                        x = conv_bn(x, 'downsample/conv', 'downsample/bn', 1, build.scaled(outputs), build.training,
                                    stride)
                    x = tf.nn.relu(x + y)
                stride, first_rate, inputs = 1, rate, outputs
            end_points[f'layer{layer}'] = x
    end_points.update(deepsup_features=end_points['layer3'], features=x)
    return end_points


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
