"""TensorFlow's list of a folder's checkpoints, the file `checkpoint`: what stands in it was whole once."""
import os
import re

from files.atomic import flush_folder, whole_file
from runs.checkpoints import NAME, checkpoints_in
from TensorflowUtils import tf


def listed(folder):
    """Names of the checkpoints in the list, oldest first; [] where there is no list, or a damaged one."""
    try:
        state = tf.train.get_checkpoint_state(folder)
    except (ValueError, tf.errors.OpError):  # it is empty, no UTF-8, or a folder
        return []
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths] if state else []


def write_list(folder, names):
    """Replaces the list by these names, oldest first. Raises UserError where it cannot be written."""
    from google.protobuf import text_format
    folder = os.path.abspath(folder)  # names stay relative to it
    state = tf.train.generate_checkpoint_state_proto(folder, names[-1], names)
    with whole_file(os.path.join(folder, 'checkpoint'), make_folders=False) as path, \
            open(path, 'w', encoding='utf-8') as file:
        file.write(text_format.MessageToString(state))
    flush_folder(folder)


def rebuild_list(folder, keep):
    """Rebuilds a damaged list, as a power cut leaves it, of the folder's last `keep` checkpoints; returns their names.

    [] where the list is whole, or no checkpoint is. Older ones stay out of it: nobody knows any more whose they are.
    """
    if not os.path.isfile(os.path.join(folder, 'checkpoint')) or listed(folder):
        return []
    names = [os.path.basename(prefix) for prefix in checkpoints_in(folder)]
    names = [name for name in names if re.match(re.escape(NAME) + r'-\d+$', name)][-keep:]
    if names:
        write_list(folder, names)
    return names
