"""UPerNet's decoder (Xiao et al., arXiv 1807.10221), as in semantic-segmentation-pytorch."""
from fcn8s.nets.dilated_heads import PYRAMID, conv_bn_relu, resized, upsampled
from fcn8s.nets.layers import adaptive_avg_pool, conv2d
from fcn8s.utils.tf1 import tf

STAGES = ('layer1', 'layer2', 'layer3')  # the end points that join 'features', finest first


def upernet(end_points, like, num_classes, build):
    """A pyramid of means on the last stage, then a feature pyramid down to the first: scores at a quarter of the size.

    Arguments, end points and result are those of fcn8s.nets.dilated_heads; the batch of one, too.
    """
    def conv(x, scope, size):
        return conv_bn_relu(x, scope, size, build.scaled(512), build)

    x = end_points['features']
    with tf.variable_scope('decoder'):
        levels = [conv(resized(adaptive_avg_pool(x, bins), x), f'ppm_conv/{i}', 1) for i, bins in enumerate(PYRAMID)]
        x = end_points['ppm'] = conv(tf.concat([x] + levels, axis=3), 'ppm_last_conv', 3)

        outputs = [x]
        for i, stage in reversed(list(enumerate(STAGES))):
            lateral = conv(end_points[stage], f'fpn_in/{i}', 1)
            x = lateral + resized(x, lateral)
            outputs.append(conv(x, f'fpn_out/{i}', 3))
            end_points[f'fpn{i}'] = outputs[-1]

        *coarser, finest = outputs
        fused = [finest] + [resized(x, finest) for x in reversed(coarser)]
        x = end_points['fusion'] = conv(tf.concat(fused, axis=3), 'fusion', 3)

        scores = conv2d(x, 'fusion/score', 1, num_classes - 1)
    return upsampled(scores, end_points, like, aligned=False)
