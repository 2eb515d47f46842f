"""VGG16 and VGG19 (Simonyan and Zisserman, arXiv 1409.1556): as the FCNs use them, and dilated.

An encoder takes pixels, float [B, H, W, 3], and a Build, and returns its end points: an ordered dict from layer name to
tensor.
"""
from fcn8s.nets.layers import conv2d, max_pool, normal_start
from fcn8s.utils.tf1 import tf
from TensorflowUtils import pool

CONVS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # 3x3 convolutions in each of the five blocks
CHANNELS = (64, 128, 256, 512, 512)
PIXEL_SCALE = 64.        # standard deviation, about, of pixels minus their mean
RATES = (1, 1, 1, 1, 2)  # the dilated nets: dilation of each block's convolutions
POOLED = (1, 2, 3)       # and the blocks that a pool follows


def vgg(pixels, build, depth, pools=('max',) * 5, last='conv5_4', last_relu=True):
    """VGG's five blocks; pool k leaves 1 / 2**k of height and width, rounded up.

    Args:
      depth: 16 or 19.
      pools: 'max' or 'avg' for each block.
      last: the layer that ends block 5 early: 'conv5_3' leaves out VGG19's conv5_4.
      last_relu: whether a ReLU follows the layer `last`.
    """
    end_points = {}
    x = pixels
    for block, (convs, channels, kind) in enumerate(zip(CONVS[depth], CHANNELS, pools), 1):
        names = [f'conv{block}_{i}' for i in range(1, convs + 1)]
        for name in names[:names.index(last) + 1] if last in names else names:
            # conv1_1 takes pixels to activations of order one
            start = normal_start(2. / PIXEL_SCALE ** 2) if name == 'conv1_1' else None
            x = conv2d(x, name, 3, build.scaled(channels), start=start)
            x = end_points[name] = x if name == last and not last_relu else tf.nn.relu(x)

        x = end_points[f'pool{block}'] = pool(x, kind)
    return end_points


def dilated_vgg(pixels, build, depth):
    """semantic-segmentation-pytorch's VGG: no pool behind blocks 4 and 5, and fc6 and fc7 as conv6 and conv7.

    pixels are about N(0, 1). The last end point is 'features', [B, H // 8, W // 8, 4096 * width]: a pool leaves out an
    odd last row or column. depth: 16 or 19.
    """
    end_points = {}
    x = pixels
    with tf.variable_scope('encoder'):
        for block, (convs, channels, rate) in enumerate(zip(CONVS[depth], CHANNELS, RATES), 1):
            for i in range(1, convs + 1):
                x = tf.nn.relu(conv2d(x, f'conv{block}_{i}', 3, build.scaled(channels), rate=rate))
                end_points[f'conv{block}_{i}'] = x

            if block in POOLED:
                x = end_points[f'pool{block}'] = max_pool(x, 2)

        x = tf.nn.relu(conv2d(x, 'conv6', 7, build.scaled(4096), rate=4))
        x = end_points['conv6'] = build.drop(x, 6, 0.5, whole_channels=True)

        x = tf.nn.relu(conv2d(x, 'conv7', 1, build.scaled(4096)))
        x = end_points['conv7'] = build.drop(x, 7, 0.5, whole_channels=True)
    end_points['features'] = x
    return end_points


def vgg_arrays(depth):
    """{variable: VGG's layer + 'w' or 'b'} for the variables, without scope, that any net shares with VGG16 or 19."""
    fc = {'W6': 'fc6w', 'b6': 'fc6b', 'W7': 'fc7w', 'b7': 'fc7b'}  # fcn_head's names; then skip_head's, dilated_vgg's
    fc.update({f'{layer}_{part}': vgg_layer + part for part in 'wb' for layer, vgg_layer in (
        ('fc6', 'fc6'), ('fc7', 'fc7'), ('conv6', 'fc6'), ('conv7', 'fc7'))})
    convs = {f'conv{block}_{i}_{part}': f'conv{block}_{i}{part}' for part in 'wb'
             for block, count in enumerate(CONVS[depth], 1) for i in range(1, count + 1)}
    return dict(convs, **fc)
