"""VGG16 and VGG19 (Simonyan and Zisserman, arXiv 1409.1556), plain and dilated."""
from fcn8s.nets.fast_conv import conv2d
from fcn8s.nets.layers import conv, max_pool
from fcn8s.utils.tf1 import tf
from TensorflowUtils import normal, pool, weight

CONVS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # convolutions in each of the five blocks
CHANNELS = (64, 128, 256, 512, 512)
PIXEL_SCALE = 64.  # pixels minus their mean deviate by about this much


def scaled(channels, width):
    """Channels of a layer in a net of the given width: at least 1."""
    return max(1, int(round(channels * width)))


def vgg(x, depth, pools=('max',) * 5, width=1.0, last='conv5_4', last_relu=True, training=False, drop=None):
    """The encoder: pixels float [B, H, W, 3] -> end points, an ordered dict from layer name to tensor.

    Args:
      depth: 16 or 19.
      pools: five of 'max' and 'avg', one for each block; pool k leaves 1 / 2**k of height and width.
      width: every layer has this part of its published channels.
      last: the layer after which block 5 ends ('conv5_3' leaves out VGG19's conv5_4).
      last_relu: whether the last convolution is followed by ReLU.
      training, drop: not used, for there is no batch normalization or dropout in it; every encoder takes them.
    """
    del training, drop
    end_points = {}
    for block, (convs, channels, kind) in enumerate(zip(CONVS[depth], CHANNELS, pools), 1):
        for i in range(1, convs + 1):
            name = f'conv{block}_{i}'
            x = _conv(x, name, scaled(channels, width))
            if name != last or last_relu:
                x = tf.nn.relu(x)
            end_points[name] = x
            if name == last:
                break
        x = pool(x, kind)
        end_points[f'pool{block}'] = x
    return end_points


def _conv(x, name, channels):
    fan_in = 9 * int(x.shape[3])
    gain = 2. / PIXEL_SCALE ** 2 if name == 'conv1_1' else 2.  # from pixels to activations of order one
    kernel = weight(name + '_w', [3, 3, x.shape[3], channels], normal(fan_in, gain), x.dtype)
    bias = weight(name + '_b', [channels], tf.zeros_initializer(), x.dtype)
    return conv2d(x, kernel, bias)


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
