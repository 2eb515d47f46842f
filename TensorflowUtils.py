"""TensorFlow 1's graph API on TensorFlow 1.15 and 2.x: the basic layers, and sessions.

    variables       weight; its initializers normal, bilinear
    layers          conv2d, conv2d_transpose, pool: TensorFlow's own ops with SAME padding; dropout with a seed
    sessions        create_session, session_config
    TensorFlow      tf, imported at first use (fcn8s.utils.tf1)

The nets build on these: fcn8s/nets/layers.py has their layers, with variables and with faster forms for a CPU.

Shapes: feature maps are [batch, height, width, channels]; convolution kernels [h, w, in, out]; kernels of
transposed convolutions [h, w, out, in].
"""
from fcn8s.devices import gpus
from fcn8s.utils.tf1 import tf


def weight(name, shape, start, dtype):
    """A kernel or bias in a layer's dtype: a variable of the scope's dtype (float32 by default), cast."""
    return tf.cast(tf.get_variable(name, shape, initializer=start), dtype)


def normal(fan_in, gain=2.0):
    """Initializer that keeps the size of activations: truncated normal of variance gain / fan_in.

    gain 2 is for layers with ReLU (He et al., arXiv 1502.01852), 1 for linear ones.
    """
    return tf.truncated_normal_initializer(stddev=(gain / fan_in) ** 0.5)


def bilinear(size):
    """Initializer of a transposed convolution that interpolates each channel on its own.

    Kernel [size, size, channels, channels], size even; stride size / 2 (Shelhamer et al., arXiv 1605.06211).
    """
    def initializer(shape, dtype=None, partition_info=None):
        del partition_info
        stride = size // 2
        ramp = [1 - abs(i + 0.5 - stride) / stride for i in range(size)]
        plane = tf.constant([[a * b for b in ramp] for a in ramp], dtype or tf.float32)
        return plane[:, :, None, None] * tf.eye(shape[2], shape[3], dtype=dtype or tf.float32)
    return initializer


def conv2d(x, kernel, bias=None, stride=1, rate=1):
    """SAME convolution: [B, H, W, in] -> [B, ceil(H / stride), ceil(W / stride), out], dilated by `rate`."""
    y = tf.nn.conv2d(x, kernel, strides=[1, stride, stride, 1], padding='SAME', dilations=[1, rate, rate, 1])
    return y if bias is None else tf.nn.bias_add(y, bias)


def conv2d_transpose(x, kernel, bias, stride, like):
    """Transposed SAME convolution to the height and width of the tensor `like`: [B, h, w, in] -> [B, H, W, out].

    h must be ceil(H / stride) and w ceil(W / stride), which holds for the output of SAME pooling of any size.
    """
    size = tf.shape(like)
    shape = tf.stack([size[0], size[1], size[2], tf.shape(kernel)[2]])
    y = tf.nn.conv2d_transpose(x, kernel, shape, strides=[1, stride, stride, 1], padding='SAME')
    y.set_shape([x.shape[0], like.shape[1], like.shape[2], kernel.shape[2]])
    return y if bias is None else tf.nn.bias_add(y, bias)


def pool(x, kind):
    """2x2 pooling with stride 2: [B, H, W, C] -> [B, ceil(H / 2), ceil(W / 2), C]; kind 'max' or 'avg'."""
    function = {'max': tf.nn.max_pool, 'avg': tf.nn.avg_pool}[kind]
    return function(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')


def dropout(x, keep_prob, seed, whole_channels=False):
    """Keeps each value with probability keep_prob and scales it by 1 / keep_prob.

    whole_channels: a channel of an image [B, H, W, C] is kept or dropped as a whole (PyTorch's Dropout2d).
    seed: int32 or int64 [2]; the same seed drops the same values, so a resumed step repeats its mask.
    """
    size = tf.shape(x)
    shape = tf.stack([size[0], 1, 1, size[3]]) if whole_channels else size
    uniform = tf.random.stateless_uniform(shape, seed, dtype=tf.float32)
    mask = tf.cast(uniform < keep_prob, x.dtype)
    return x * mask / tf.cast(keep_prob, x.dtype)


def create_session(graph=None, deterministic=False, num_gpus=1, as_written=False):
    """A session with session_config's settings."""
    return tf.Session(graph=graph, config=session_config(deterministic, num_gpus, as_written))


def session_config(deterministic=False, num_gpus=1, as_written=False):
    """A ConfigProto for the first num_gpus GPUs, with memory growth.

    deterministic: one CPU thread, so that sums are always taken in the same order. as_written: no graph rewriting;
    folding large constants takes many times their memory.
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    if deterministic:
        config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = 1
    if as_written:
        config.graph_options.optimizer_options.opt_level = tf.OptimizerOptions.L0
        config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.gpu_options.allow_growth = True
    config.gpu_options.visible_device_list = ','.join(map(str, range(num_gpus))) if gpus() else ''
    return config
