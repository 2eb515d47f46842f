"""How long is a step of fcn8s written plainly for TensorFlow 1, in the manner of FCN-tensorflow-ADE20k?

    python benchmarks/peers/tf1_step.py --mode=train --height=256 --width=256 --batch_size=2

The net of the project's row `fcn8s`, with one convolution op per layer, float placeholders, dropout by a fed keep_prob
and argmax over the scores at full size. Runs on TensorFlow 1.15 and 2.x. The last line is JSON, as step.py's.
"""
import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from benchmarks.measure import parse, random_batch, report_step, request_parser, tensorflow_device, time_steps

MEAN_RGB = (123.68, 116.779, 103.939)
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # VGG16: convolutions and their channels
KEEP_PROB = 0.8
LEARNING_RATE = 1e-5


def tensorflow():
    """TensorFlow's version 1 API."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def plain_net(tf, images, keep_prob, num_classes, net_width=1., precision='float32'):
    """Scores float32 [B, H, W, N] of images float32 [B, H, W, 3], height and width multiples of 32.

    Variables are float32 whatever the precision, and called W_NAME and b_NAME.
    """
    dtype = tf.as_dtype(precision)

    def variables(name, kernel_shape, channels):
        start = tf.variance_scaling_initializer(2.)  # keeps the size of activations
        kernel = tf.get_variable('W_' + name, kernel_shape, initializer=start)
        bias = tf.get_variable('b_' + name, [channels], initializer=tf.zeros_initializer())
        return tf.cast(kernel, dtype), tf.cast(bias, dtype)

    def conv(x, name, size, channels):
        kernel, bias = variables(name, [size, size, int(x.shape[3]), channels], channels)
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], 'SAME'), bias)

    def upscore(x, name, stride, like, channels):
        kernel, bias = variables(name, [2 * stride, 2 * stride, channels, int(x.shape[3])], channels)
        size = tf.shape(like)
        y = tf.nn.conv2d_transpose(x, kernel, tf.stack([size[0], size[1], size[2], channels]),
                                   [1, stride, stride, 1], 'SAME')
        y.set_shape([None, None, None, channels])
        return tf.nn.bias_add(y, bias)

    def drop(x):
        return tf.nn.dropout(x, rate=tf.cast(1. - keep_prob, dtype))

    def scaled(channels):
        return max(1, int(round(channels * net_width)))

    x, pools = tf.cast(images - tf.constant(MEAN_RGB), dtype), []
    for block, (convs, channels) in enumerate(BLOCKS, 1):
        for i in range(1, convs + 1):
            x = tf.nn.relu(conv(x, f'conv{block}_{i}', 3, scaled(channels)))
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
        pools.append(x)
    x = drop(tf.nn.relu(conv(x, 'fc6', 7, scaled(4096))))
    x = drop(tf.nn.relu(conv(x, 'fc7', 1, scaled(4096))))
    x = conv(x, 'score_fr', 1, num_classes)
    x = upscore(x, 'upscore2', 2, pools[3], scaled(512)) + pools[3]
    x = upscore(x, 'upscore_pool4', 2, pools[2], scaled(256)) + pools[2]
    return tf.cast(upscore(x, 'upscore8', 8, images, num_classes), tf.float32)


@contextlib.contextmanager
def open_plain(tf, mode, num_classes, net_width, precision='float32'):
    """A context of a function that takes a step: (photos, annotations) -> loss; of 'infer' photos -> ids [B, H, W]."""
    config = tf.ConfigProto()
    config.gpu_options.allow_growth = True
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        images = tf.placeholder(tf.float32, [None, None, None, 3])
        keep_prob = tf.placeholder(tf.float32, [])
        logits = plain_net(tf, images, keep_prob, num_classes, net_width, precision)
        if mode == 'infer':
            ids = tf.argmax(logits, axis=3)

            def step(photos):
                return session.run(ids, {images: photos, keep_prob: 1.})
        else:
            annotations = tf.placeholder(tf.int32, [None, None, None])
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=annotations, logits=logits))
            train = tf.train.AdamOptimizer(LEARNING_RATE).minimize(loss)

            def step(photos, truth):
                return session.run([loss, train], {images: photos, annotations: truth, keep_prob: KEEP_PROB})[0]
        session.run(tf.global_variables_initializer())
        yield step


def main():
    """Times the step of the command line."""
    request = parse(request_parser(__doc__, xla=True))
    tf = tensorflow()
    batch = random_batch(request)[:1 if request.mode == 'infer' else 2]
    with open_plain(tf, request.mode, request.num_classes, request.net_width, request.precision) as step:
        timing = time_steps(lambda: step(*batch), request.steps)
        report_step(request, timing, tensorflow_device(tf), tensorflow=tf.version.VERSION)


if __name__ == '__main__':
    main()
