"""Which device computes, in which precision, with which kernels."""
import contextlib
import os
import re

from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.tf1 import tf

# oneDNN is not on by itself on processors without AVX512
_FROZEN_WEIGHTS = ('TF_ENABLE_ONEDNN_OPTS', 'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS')


def assume_frozen_weights():
    """For a process that only predicts, before its first use of tf: oneDNN arranges each kernel once, not in every run.

    Training in such a process would go on with the kernels of its first step. TensorFlow 1.15 knows no such thing, and
    a GPU is not concerned.
    """
    for name in _FROZEN_WEIGHTS:
        os.environ.setdefault(name, '1')


def prepare_for_training(deterministic):
    """Sets the environment that TensorFlow reads when it starts, for a process that trains.

    With frozen weights assumed, every step would compute with the kernels of the first one.
    deterministic: whether GPU kernels must sum in a fixed order.
    """
    os.environ['TF_ONEDNN_ASSUME_FROZEN_WEIGHTS'] = '0'
    if deterministic:
        os.environ.update(TF_DETERMINISTIC_OPS='1', TF_CUDNN_DETERMINISTIC='1')


def keeps_kernels_twice():
    """Whether oneDNN computes, and holds a second, arranged copy of each kernel, as assume_frozen_weights has it."""
    asked = all(os.environ.get(name) == '1' for name in _FROZEN_WEIGHTS)
    return asked and not tf.version.VERSION.startswith('1.') and not gpus()


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


def check_num_gpus(num_gpus, batch_size):
    """Raises UsageError where so many GPUs cannot share a batch alike."""
    if batch_size % num_gpus:
        raise UsageError(f'--num_gpus={num_gpus}: each GPU takes an equal part of a step, and '
                         f'--batch_size={batch_size} has no {num_gpus} of them. Try '
                         f'--batch_size={batch_size * num_gpus}.')


def training_devices(num_gpus):
    """The devices to train on, as tf.device takes them: [None], TensorFlow's own choice, for one.

    Raises UserError where there are fewer GPUs.
    """
    if num_gpus == 1:
        return [None]
    if len(gpus()) < num_gpus:
        raise UserError(f'--num_gpus={num_gpus}, but TensorFlow sees {len(gpus()) or "no"} GPU'
                        f'{"" if len(gpus()) == 1 else "s"} here. `nvidia-smi` should list them.')
    return [f'/gpu:{number}' for number in range(num_gpus)]


PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')


def resolve_precision(precision):
    """One of PRECISIONS -> 'float32', 'bfloat16' or 'float16'. Raises UserError for what TensorFlow cannot do."""
    has_bfloat16 = not tf.version.VERSION.startswith('1.')
    if precision == 'auto':
        return 'bfloat16' if has_bfloat16 and computes_in_bfloat16() else 'float32'
    if precision == 'bfloat16' and not has_bfloat16:
        raise UserError(f'--precision=bfloat16: TensorFlow {tf.version.VERSION} has no bfloat16 layers. Use float32, '
                        'on a GPU float16, or TensorFlow 2.')
    return precision


def computes_in_bfloat16():
    """Whether the device that computes, the first GPU or else the processor, multiplies bfloat16 numbers natively."""
    if gpus():
        details = tf.config.experimental.get_device_details(gpus()[0])
        return details.get('compute_capability', (0, 0)) >= (8, 0)
    return bool({'avx512_bf16', 'amx_bf16'} & cpu_flags())


def cpu_flags(path='/proc/cpuinfo'):
    """The processor's instruction sets as Linux names them; empty where there is no such file."""
    if not os.path.exists(path):
        return set()
    with open(path) as file:
        return set(' '.join(re.findall(r'^flags\s*:(.*)$', file.read(), re.MULTILINE)).split())
