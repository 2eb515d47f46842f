"""Checkpoints of a run: found, read, restored and kept (the last few in logs_dir, the best in logs_dir/best)."""
import json
import os
import re

from files.atomic import write_json
from files.errors import UserError
from runs.arrays import load_arrays, require_all
from TensorflowUtils import tf

NAME = 'model.ckpt'
BEST = 'best'
_SUFFIX = re.compile(r'\.(index|meta|data-\d{5}-of-\d{5})$')


class CheckpointError(UserError):
    """No checkpoint, or one that cannot be read."""


def find_checkpoint(checkpoint, logs_dir):
    """The prefix that --checkpoint means.

    Args:
      checkpoint: '' for the last one in logs_dir, 'best', a prefix, a file with any of a checkpoint's suffixes, or
        a folder.

    Raises:
      CheckpointError: nothing is there; it names the folder and the command to run.
    """
    if checkpoint == BEST and not os.path.exists(BEST):
        checkpoint = os.path.join(logs_dir, BEST)
    folder = checkpoint or logs_dir
    if os.path.isdir(folder):
        found = _in_folder(folder)
        if not found:
            raise CheckpointError(f'no checkpoint in {os.path.abspath(folder)}. Train first (python FCN_train.py '
                                  f'--logs_dir={logs_dir}), or say where one is with --checkpoint=PREFIX.')
        return found[-1]
    prefix = _SUFFIX.sub('', folder)
    if not os.path.exists(prefix + '.index'):
        reason = 'a file of another kind' if os.path.isfile(folder) else f'there is no such folder or {prefix}.index'
        raise CheckpointError(f'no checkpoint {folder}: {reason}. Train first (python FCN_train.py '
                              f'--logs_dir={logs_dir}), or give a prefix such as logs/model.ckpt-500.')
    return prefix


def config_folder(prefix):
    """The folder whose config.json belongs to a checkpoint: its own, or that above best/."""
    folder = os.path.dirname(os.path.abspath(prefix))
    return os.path.dirname(folder) if os.path.basename(folder) == BEST else folder


def _in_folder(folder):
    """Prefixes of the checkpoints in a folder, oldest first, by step and then by name."""
    prefixes = [os.path.join(folder, name[:-len('.index')]) for name in os.listdir(folder) if name.endswith('.index')]
    return sorted(prefixes, key=lambda prefix: (_step(prefix), prefix))


def _step(prefix):
    match = re.search(r'-(\d+)$', prefix)
    return int(match.group(1)) if match else -1


def open_checkpoint(prefix):
    """A reader of the checkpoint's arrays (get_tensor) and their shapes ({name: list})."""
    try:
        reader = tf.train.load_checkpoint(prefix)
        return reader, reader.get_variable_to_shape_map()
    except _damage() as error:
        raise CheckpointError(f'{prefix} cannot be read as a checkpoint: {_first_line(error)}')


def restore_for_prediction(session, prefix, variables, num_classes):
    """Fills all variables from a checkpoint or raises UserError saying what does not fit."""
    reader, shapes = open_checkpoint(prefix)
    names = {variable.op.name: variable.op.name for variable in variables}
    try:
        require_all(load_arrays(session, variables, names, reader.get_tensor, shapes), prefix, num_classes)
    except _damage() as error:
        raise CheckpointError(f'{prefix} is damaged: {_first_line(error)}. Use another with --checkpoint.')


class CheckpointKeeper:
    """Saves and resumes a training run: the last `keep` checkpoints, and the best by mean IU."""

    def __init__(self, logs_dir, variables, model_variables, keep=5):
        """variables: all that resuming needs; model_variables: what predicting needs, all that best/ holds."""
        self.logs_dir = logs_dir
        self.best_dir = os.path.join(logs_dir, BEST)
        self._saver = tf.train.Saver(variables, max_to_keep=keep, save_relative_paths=True)
        self._best_saver = tf.train.Saver(model_variables, max_to_keep=1, save_relative_paths=True)

    def resume(self, session):
        """Restores the newest checkpoint that is whole; its prefix, or None where there is none at all."""
        found = _in_folder(self.logs_dir)
        self._saver.recover_last_checkpoints(found)
        for prefix in reversed(found):
            try:
                self._saver.restore(session, prefix)
                return prefix
            except _damage() as error:
                print(f'warning: {prefix} is not whole and is passed over: {_first_line(error)}')
        if found:
            raise CheckpointError(f'none of the {len(found)} checkpoints in {self.logs_dir} can be restored. Move them '
                                  'away to start anew, or give another --logs_dir.')
        return None

    def save(self, session, step):
        """Writes logs_dir/model.ckpt-STEP with all that resuming needs; the oldest beyond `keep` goes."""
        return self._save(self._saver, session, self.logs_dir, step)

    def save_if_best(self, session, step, mean_iu):
        """Writes best/model.ckpt-STEP if mean_iu (0..1) beats the best so far; returns whether it did."""
        score_path = os.path.join(self.best_dir, 'score.json')
        if os.path.exists(score_path):
            with open(score_path, encoding='utf-8') as file:
                if mean_iu <= json.load(file)['mean_iu']:
                    return False
        os.makedirs(self.best_dir, exist_ok=True)
        self._best_saver.recover_last_checkpoints(_in_folder(self.best_dir))
        self._save(self._best_saver, session, self.best_dir, step)
        write_json(score_path, {'step': step, 'mean_iu': mean_iu})
        return True

    def _save(self, saver, session, folder, step):
        path = os.path.join(folder, NAME)
        try:
            return saver.save(session, path, global_step=step, write_meta_graph=False)
        except (tf.errors.OpError, ValueError, OSError) as error:
            raise CheckpointError(f'{path}-{step} cannot be written: {_first_line(error)}. The checkpoints before it '
                                  'are whole; make room or choose another --logs_dir and start again.')


def _damage():
    """What TensorFlow raises on a damaged checkpoint: 2.x translates its errors to Python's own in its reader."""
    return tf.errors.OpError, IndexError, RuntimeError, ValueError


def _first_line(error):
    return str(getattr(error, 'message', error)).split('\n')[0]
