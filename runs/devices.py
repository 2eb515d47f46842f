"""--num_gpus: the devices that share each batch of training."""
from absl import flags

from files.errors import UsageError, UserError
from TensorflowUtils import gpus


def define_num_gpus_flag(flag_values, module_name):
    """--num_gpus, for training."""
    flags.DEFINE_integer('num_gpus', 1, 'GPUs that share the photos of each step, whose number must divide batch_size',
                         1, flag_values=flag_values, module_name=module_name)


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
