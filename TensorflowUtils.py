"""The layers of the nets, sessions and devices: TensorFlow 1's graph API on TensorFlow 1.15 and 2.x.

Every module that needs TensorFlow takes it from here (`from TensorflowUtils import tf`), so that it is chosen and
quietened in one place. A script tells it to behave as version 1 (use_version_1). A library does not: what it builds
stands in a graph of its own, so that the user's eager code runs beside it.

Shapes: feature maps are [batch, height, width, channels]; convolution kernels [h, w, in, out]; kernels of
transposed convolutions [h, w, out, in].
"""
import contextlib
import importlib
import os
import sys
import tempfile
import types
import warnings

from files.errors import UserError
from files.script import interrupts_heard


class _LazyTensorflow(types.ModuleType):
    """tensorflow.compat.v1, imported at its first use: --help and data checks need not wait seconds for it."""

    def __getattr__(self, name):
        if name.startswith('__'):  # inspection of the module is no use of it
            raise AttributeError(name)
        os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')  # errors only, unless the user asked for more
        with interrupts_heard(), warnings.catch_warnings(), _chatter_kept_back():
            warnings.simplefilter('ignore')  # 1.15 and today's numpy disagree about dtype aliases, harmlessly
            module = _import_tensorflow()
        module.logging.set_verbosity(module.logging.ERROR)
        if _wants_version_1:
            module.disable_v2_behavior()
        self.__dict__.update(vars(module))
        return getattr(module, name)


def _import_tensorflow():
    """tensorflow.compat.v1. Raises UserError where there is none; what fails within it keeps its own error."""
    try:
        return importlib.import_module('tensorflow.compat.v1')
    except ModuleNotFoundError as error:
        if error.name in ('tensorflow.compat', 'tensorflow.compat.v1'):
            version = importlib.import_module('tensorflow').__version__
            raise UserError(f'TensorFlow {version} is too old: 1.15 or 2.21 is needed. '
                            f'{sys.executable} -m pip install -r requirements-cpu.txt') from error
        if error.name != 'tensorflow':
            raise
        raise UserError(
            f'TensorFlow is not installed for {sys.executable}, which is Python {sys.version_info[0]}.'
            f'{sys.version_info[1]}. It exists for Python 3.10 to 3.13, and for 3.7. With one of these: '
            'python3.12 -m venv .venv; .venv/bin/python -m pip install -r requirements-cpu.txt (requirements.txt where '
            'there is an NVIDIA GPU); then start the script with .venv/bin/python.') from error


@contextlib.contextmanager
def _chatter_kept_back():
    """Shows what native code writes to stderr only where an exception follows: no log level stops oneDNN's greeting."""
    try:
        sys.stderr.flush()
        stderr = os.dup(2)
    except (AttributeError, OSError):  # there is none
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except Exception:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


tf = _LazyTensorflow('tf')
_wants_version_1 = []


def use_version_1():
    """For a script, whose process is its own: switches TensorFlow 2's behaviour off, eager execution included.

    That waits for the first use of tf.
    """
    if not _wants_version_1:
        _wants_version_1.append(True)
        if 'disable_v2_behavior' in vars(tf):  # in use already
            tf.disable_v2_behavior()


# oneDNN is not on by itself on processors without AVX512
_FROZEN_WEIGHTS = ('TF_ENABLE_ONEDNN_OPTS', 'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS')


def assume_frozen_weights():
    """For a process that only predicts, before its first use of tf: oneDNN arranges each kernel once, not in every run.

    Training in such a process would go on with the kernels of its first step. TensorFlow 1.15 knows no such thing, and
    a GPU is not concerned.
    """
    for name in _FROZEN_WEIGHTS:
        os.environ.setdefault(name, '1')


def keeps_kernels_twice():
    """Whether oneDNN computes, and holds a second, arranged copy of each kernel, as assume_frozen_weights has it."""
    asked = all(os.environ.get(name) == '1' for name in _FROZEN_WEIGHTS)
    return asked and not tf.version.VERSION.startswith('1.') and not gpus()


def weight(name, shape, start, dtype):
    """A kernel or bias in a layer's dtype: a variable of the scope's dtype (float32 unless it says another), cast."""
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
    """A session that takes memory of the first num_gpus GPUs as it needs it, not all at once, and leaves others alone.

    deterministic: one CPU thread, so that sums are always taken in the same order. as_written: the graph is not
    rewritten before it runs, for what is computed of constants in advance takes many times the memory of large ones.
    """
    config = tf.ConfigProto(allow_soft_placement=True)
    if deterministic:
        config.intra_op_parallelism_threads = config.inter_op_parallelism_threads = 1
    if as_written:
        config.graph_options.optimizer_options.opt_level = tf.OptimizerOptions.L0
        config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.gpu_options.allow_growth = True
    config.gpu_options.visible_device_list = ','.join(map(str, range(num_gpus))) if gpus() else ''
    return tf.Session(graph=graph, config=config)


def gpus():
    """The GPUs that TensorFlow sees: a list of its physical devices."""
    return tf.config.experimental.list_physical_devices('GPU')


_asked_for_plain_ops = []


@contextlib.contextmanager
def plain_ops():
    """What is built meanwhile is of TensorFlow's own convolutions, as they are published, whatever is faster here."""
    _asked_for_plain_ops.append(True)
    try:
        yield
    finally:
        _asked_for_plain_ops.pop()


def takes_plain_ops():
    """Whether layers are to be TensorFlow's own convolutions: on GPUs, whose cuDNN needs no help, and in plain_ops."""
    return bool(_asked_for_plain_ops or gpus())


def describe_device(num_gpus=1):
    """One line for the log: the TensorFlow version and the device that will compute."""
    if gpus():
        used = 'the first is' if num_gpus == 1 else f'the first {num_gpus} are'
        device = f'GPU ({len(gpus())} visible, {used} used)'
    elif tf.test.is_built_with_cuda():
        device = 'CPU (no GPU was found; `nvidia-smi` should list one if there is one)'
    else:
        device = 'CPU (this TensorFlow is built without CUDA)'
    return f'TensorFlow {tf.version.VERSION} on {device}'
