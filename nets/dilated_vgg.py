"""VGG16 and VGG19 at an eighth of the input's size, dilated from conv5 on (arXiv 1409.1556 and 1511.07122).

As semantic-segmentation-pytorch has them: torchvision's layers without pool4 and pool5, the fully connected ones
turned into convolutions.
"""
from nets.convolution import conv, max_pool
from nets.vgg import CHANNELS, CONVS, scaled
from TensorflowUtils import tf

RATES = (1, 1, 1, 1, 2)  # dilation of each block's convolutions
POOLED = (1, 2, 3)       # the blocks that a pool follows


def dilated_vgg(pixels, depth, width=1.0, training=False, drop=None):
    """The encoder: pixels float [B, H, W, 3], about N(0, 1) -> end points, an ordered dict from name to tensor.

    Its last entry is 'features', [B, H // 8, W // 8, 4096 * width]: a pool leaves out an odd last row or column.

    Args:
      depth: 16 or 19.
      width: every layer has this part of its published channels.
      training: not used, for a VGG has no batch normalization; every encoder takes it.
      drop: function (tensor, number of the layer, probability to keep, whole_channels) -> tensor behind conv6 and
        conv7, or None.
    """
    del training
    end_points = {}

    def layer(x, name, size, channels, rate=1):
        end_points[name] = tf.nn.relu(conv(x, name, size, scaled(channels, width), rate=rate, bias=True))
        return end_points[name]

    with tf.variable_scope('encoder'):
        x = pixels
        for block, (convs, channels, rate) in enumerate(zip(CONVS[depth], CHANNELS, RATES), 1):
            for i in range(1, convs + 1):
                x = layer(x, 'conv%d_%d' % (block, i), 3, channels, rate)
            if block in POOLED:
                x = end_points['pool%d' % block] = max_pool(x, 2)
        for name, size, rate, number in (('conv6', 7, 4, 6), ('conv7', 1, 1, 7)):
            x = layer(x, name, size, 4096, rate)
            if drop is not None:
                x = end_points[name] = drop(x, number, 0.5, whole_channels=True)
    end_points['features'] = x
    return end_points
