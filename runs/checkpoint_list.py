"""TensorFlow's list of a folder's checkpoints, the file `checkpoint`: what stands in it was whole once."""
import os

from TensorflowUtils import tf


def listed(folder):
    """Names of the checkpoints in the list, oldest first; [] where there is no list, or a damaged one."""
    state = tf.train.get_checkpoint_state(folder)
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths] if state else []


def write_list(folder, names):
    """Replaces the list by these names, oldest first. Raises tf.errors.OpError where it cannot be written."""
    tf.train.update_checkpoint_state(os.path.abspath(folder), names[-1], names)  # names stay relative to the folder
