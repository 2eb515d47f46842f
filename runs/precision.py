"""--precision: the dtype of the layers, by what processor and TensorFlow can do."""
import os
import re

from absl import flags

from files.errors import UserError
from TensorflowUtils import gpus, tf

PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')


def define_precision_flag(flag_values, module_name):
    """--precision, for training and prediction alike."""
    flags.DEFINE_enum('precision', 'auto', PRECISIONS, 'of the layers; weights in training and the loss are always '
                      'float32. auto takes bfloat16 where the processor or the GPU computes in it, else float32; '
                      'float16 is for older GPUs', flag_values=flag_values, module_name=module_name)


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
