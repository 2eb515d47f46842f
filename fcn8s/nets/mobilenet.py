"""The dilated MobileNetV2 of mit-semseg (Sandler et al., arXiv 1801.04381).

Its 3x3 convolutions treat each channel on its own. As in mit-semseg, the last 1x1 convolution, to 1280 channels, is
left out.
"""
from fcn8s.nets.layers import batch_norm, conv_bn, depthwise_conv2d
from fcn8s.utils.tf1 import tf

STEM = 32
# expansion of the channels inside a block, output channels, blocks, stride of the first: Table 2 of the paper
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
DEEPSUP = 14  # the block whose output deep supervision scores too; the stem counts as block 0


def dilated_mobilenet(pixels, build, output_stride=8):
    """The encoder: pixels float [B, H, W, 3], about N(0, 1) -> end points, an ordered dict from layer name to tensor.

    The last ones are 'deepsup_features' and 'features': [B, ceil(H / output_stride), ceil(W / output_stride), 160 or
    320 times width].

    Args:
      build: a Build.
      output_stride: a block whose stride would exceed it doubles the dilation from its next convolution on instead.
    """
    end_points = {}
    with tf.variable_scope('encoder/features'):
        with tf.variable_scope('0'):
            x = tf.nn.relu6(conv_bn(pixels, 'conv', 'bn', 3, build.scaled(STEM), build.training, 2))
        end_points['block0'] = x
        inputs, number, total_stride, rate = STEM, 0, 2, 1
        for expansion, channels, blocks, stride in BLOCKS:
            first_rate = rate
            if total_stride * stride > output_stride:
                rate, stride = rate * stride, 1
            total_stride *= stride
            for i in range(blocks):
                number += 1
                step, step_rate = (stride, first_rate) if i == 0 else (1, rate)
                with tf.variable_scope(str(number)):
                    y = inverted_residual(x, build, expansion, inputs, channels, step, step_rate)
                x = x + y if step == 1 and inputs == channels else y
                inputs = channels
                end_points[f'block{number}'] = x
    end_points.update(deepsup_features=end_points[f'block{DEEPSUP}'], features=x)
    return end_points


def inverted_residual(x, build, expansion, inputs, outputs, stride, rate):
    """1x1 to `expansion` times the `inputs` channels, 3x3 of each channel, 1x1 to `outputs` channels without ReLU."""
    hidden = build.scaled(inputs * expansion)
    if expansion > 1:
        x = tf.nn.relu6(conv_bn(x, 'expand', 'expand_bn', 1, hidden, build.training))
    x = depthwise_conv2d(x, 'depthwise', 3, stride, rate)
    x = tf.nn.relu6(batch_norm(x, 'depthwise_bn', build.training))
    return conv_bn(x, 'project', 'project_bn', 1, build.scaled(outputs), build.training)
