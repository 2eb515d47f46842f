"""The devices that compute, the precision of the layers, and two switches for the convolutions.

    describe_device, training_devices     the CPU or the GPUs
    resolve_precision                     float32, bfloat16 or float16
    plain_ops, use_plain_ops              TensorFlow's own convolutions, or forms that are faster on a CPU
    assume_frozen_weights                 oneDNN's cache of reordered kernels, for processes that never train
"""
import contextlib
import os
import re

from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.tf1 import tf

PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')


def gpus():
    """The GPUs that TensorFlow sees: a list of physical devices."""
    return tf.config.experimental.list_physical_devices('GPU')


def describe_device(num_gpus=1):
    """One line for the log: the TensorFlow version and the device that will compute."""
    if gpus():
        used = 'the first is' if num_gpus == 1 else f'the first {num_gpus} are'
        device = f'GPU ({len(gpus())} visible, {used} used)'
    elif tf.test.is_built_with_cuda():
        device = 'CPU (no GPU found; if there is one, `nvidia-smi` should list it)'
    else:
        device = 'CPU (this TensorFlow is built without CUDA)'
    return f'TensorFlow {tf.version.VERSION} on {device}'


def check_num_gpus(num_gpus, batch_size, workers=1):
    """Raises UsageError unless workers times num_gpus divides batch_size."""
    if batch_size % (workers * num_gpus) and workers > 1:
        raise UsageError(f'--batch_size={batch_size} is shared by {workers} workers with --num_gpus={num_gpus} each, '
                         f'so it must be a multiple of {workers * num_gpus}. Try --batch_size='
                         f'{-(-batch_size // (workers * num_gpus)) * workers * num_gpus}.')
    if batch_size % num_gpus:
        raise UsageError(f'--num_gpus={num_gpus}: the GPUs share each step equally, but --batch_size={batch_size} is '
                        f'not a multiple of {num_gpus}. Try --batch_size={batch_size * num_gpus}.')


def training_devices(num_gpus):
    """The devices to train on, as tf.device takes them: [None], TensorFlow's own choice, for one GPU or the CPU.

    Raises UserError if TensorFlow sees fewer GPUs.
    """
    if num_gpus == 1:
        return [None]
    if len(gpus()) < num_gpus:
        raise UserError(f'--num_gpus={num_gpus}, but TensorFlow sees {len(gpus()) or "no"} GPU'
                        f'{"" if len(gpus()) == 1 else "s"} here. `nvidia-smi` should list them.')
    return [f'/gpu:{number}' for number in range(num_gpus)]


def resolve_precision(precision):
    """One of PRECISIONS -> 'float32', 'bfloat16' or 'float16'. Raises UserError if TensorFlow lacks it."""
    has_bfloat16 = not tf.version.VERSION.startswith('1.')
    if precision == 'auto':
        return 'bfloat16' if has_bfloat16 and computes_in_bfloat16() else 'float32'
    if precision == 'bfloat16' and not has_bfloat16:
        raise UserError(f'--precision=bfloat16: TensorFlow {tf.version.VERSION} has no bfloat16 layers. Use float32, '
                        'float16 on a GPU, or TensorFlow 2.')
    return precision


def computes_in_bfloat16():
    """Whether the first GPU, or else the CPU, multiplies bfloat16 numbers natively."""
    if gpus():
        details = tf.config.experimental.get_device_details(gpus()[0])
        return details.get('compute_capability', (0, 0)) >= (8, 0)
    return bool({'avx512_bf16', 'amx_bf16'} & cpu_flags())


def cpu_flags(path='/proc/cpuinfo'):
    """The CPU's instruction sets by their Linux names: a set, empty if the file does not exist."""
    if not os.path.exists(path):
        return set()
    with open(path) as file:
        return set(' '.join(re.findall(r'^flags\s*:(.*)$', file.read(), re.MULTILINE)).split())


_plain_ops_depth = []  # one entry for each open plain_ops()


@contextlib.contextmanager
def plain_ops():
    """Within this context, layers use TensorFlow's own convolution ops."""
    _plain_ops_depth.append(True)
    try:
        yield
    finally:
        _plain_ops_depth.pop()


def use_plain_ops():
    """Whether layers use TensorFlow's own convolutions: on a GPU, where cuDNN is fast, and within plain_ops()."""
    return bool(_plain_ops_depth or gpus())


# oneDNN is off by default on CPUs without AVX512
_FROZEN_WEIGHTS = ('TF_ENABLE_ONEDNN_OPTS', 'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS')


def assume_frozen_weights():
    """Lets oneDNN cache reordered kernels. Call before TensorFlow loads, and only in processes that never train.

    Training would keep using the kernels of its first step. No effect on TensorFlow 1.15 or on a GPU.
    """
    for name in _FROZEN_WEIGHTS:
        os.environ.setdefault(name, '1')


def prepare_for_training(deterministic):
    """Sets the environment variables that TensorFlow reads when it starts, for a process that trains.

    deterministic: whether GPU kernels must sum in a fixed order. Turns assume_frozen_weights off: with it, every step
    would use the kernels of the first one.
    """
    os.environ['TF_ONEDNN_ASSUME_FROZEN_WEIGHTS'] = '0'
    if deterministic:
        os.environ.update(TF_DETERMINISTIC_OPS='1', TF_CUDNN_DETERMINISTIC='1')


def onednn_caches_kernels():
    """Whether oneDNN computes and keeps a second, reordered copy of each kernel: see assume_frozen_weights."""
    requested = all(os.environ.get(name) == '1' for name in _FROZEN_WEIGHTS)
    return requested and not tf.version.VERSION.startswith('1.') and not gpus()
