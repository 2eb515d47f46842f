"""Saves and resumes a training run: the last few checkpoints in logs_dir, the best in logs_dir/best."""
import os
import shutil

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import flush_file, flush_folder, make_folder
from fcn8s.utils.tf1 import tf
from fcn8s.weights.best_score import read_score, rebuild_score, write_score
from fcn8s.weights.checkpoint_reader import checkpoint_errors, open_checkpoint
from fcn8s.weights.checkpoints import (
    BEST,
    NAME,
    CheckpointError,
    check_net,
    checkpoint_files,
    checkpoints_in,
    listed_checkpoints,
    missing_files,
    rebuild_list,
    write_checkpoint_list,
)
from fcn8s.weights.partial_saves import remove, remove_failed_save, remove_partial_saves
from fcn8s.weights.restore import load_arrays


class CheckpointSaver:
    """Saves and resumes a training run: the last `keep` checkpoints, and the best by mean IU.

    Only one process at a time may save to a folder: see fcn8s.utils.lock.
    """

    def __init__(self, logs_dir, variables, model_variables, keep=5):
        """variables: saved for resuming; model_variables: needed for prediction, saved in best/."""
        self.logs_dir, self.keep = logs_dir, keep
        self.best_dir = os.path.join(logs_dir, BEST)
        self._variables, self._model_variables = variables, model_variables
        self._saver = tf.train.Saver(variables)
        self._best_saver = tf.train.Saver(model_variables)
        self._finite = tf.reduce_all(tf.stack([tf.reduce_all(tf.is_finite(variable)) for variable in variables
                                               if variable.dtype.base_dtype.is_floating]))

    def resume(self, session):
        """Restores the newest whole checkpoint; returns its prefix, or None if there is no checkpoint.

        First removes what a process killed while saving left behind. Raises CheckpointError if there are checkpoints
        but none can be read, and UserError for one of another net or optimizer.
        """
        for folder, keep in ((self.logs_dir, self.keep), (self.best_dir, 1)):
            rebuilt = rebuild_list(folder, keep)
            if rebuilt:
                print(f'warning: {os.path.join(folder, "checkpoint")} was damaged, as by a power cut. It is rebuilt '
                      f'from the checkpoints in the folder: {", ".join(rebuilt)}.')
            removed = remove_partial_saves(folder, keep)
            if removed:
                print(f'removed what a stopped save left in {folder}: {", ".join(removed)}')
        rebuild_score(self.best_dir, os.path.join(self.logs_dir, 'validation.csv'))
        found = checkpoints_in(self.logs_dir, whole=False)
        for prefix in reversed(found):
            try:
                self._restore(session, prefix)
            except CheckpointError as error:
                print(f'warning: {error} It is skipped.')
                continue
            self._adopt(os.path.basename(prefix))
            return prefix
        if any(os.path.exists(prefix + '.index') for prefix in found):
            raise CheckpointError(f'none of the {len(found)} checkpoints in {self.logs_dir} can be restored. Move them '
                                  'away to start anew, or give another --logs_dir.')
        return None

    def check_space(self):
        """Raises UserError if the next checkpoint and a best one do not fit on disk; warns if later ones will not."""
        one, best = _size(self._variables), _size(self._model_variables)
        # an old one is removed only after its successor is written
        missing = max(0, self.keep - len(checkpoints_in(self.logs_dir)))
        missing_best = 0 if os.path.isdir(self.best_dir) and checkpoints_in(self.best_dir) else 1
        check_free_space(self.logs_dir, one + best, missing * one + missing_best * best)

    def save(self, session, step):
        """Writes logs_dir/model.ckpt-STEP for resuming; removes the oldest beyond `keep`.

        Raises CheckpointError if it cannot be written or a value is not finite.
        """
        return self._save(self._saver, session, self.logs_dir, step, self.keep, _size(self._variables))

    def save_if_best(self, session, step, mean_iu):
        """Writes best/model.ckpt-STEP if mean_iu (0..1) beats the best so far; returns whether it did."""
        if mean_iu <= read_score(self.best_dir):
            return False
        make_folder(self.best_dir)
        self._save(self._best_saver, session, self.best_dir, step, 1, _size(self._model_variables))
        write_score(self.best_dir, step, mean_iu)
        return True

    def _restore(self, session, prefix):
        if missing_files(prefix):
            raise CheckpointError(f'{prefix} is not whole: {missing_files(prefix)}.')
        reader, shapes = open_checkpoint(prefix)
        check_net(prefix, shapes, self._model_variables)
        missing = [variable.op.name for variable in self._variables if variable.op.name not in shapes]
        if missing:
            raise UserError(f'{prefix} was saved by another optimizer, or holds the net alone: {missing[0]} and '
                            f'{len(missing) - 1} more variables are not in it. Give the --optimizer it was trained '
                            f'with, or begin a new run from its weights: --init_from={prefix} and another --logs_dir.')
        with checkpoint_errors(prefix):
            names = {name: name for name in shapes}
            load_arrays(session, self._variables, names, reader.get_tensor, shapes)

    def _adopt(self, name):
        """Adds a checkpoint to the list if its process was killed before it could."""
        if name not in listed_checkpoints(self.logs_dir):
            try:
                write_checkpoint_list(self.logs_dir, listed_checkpoints(self.logs_dir) + [name])
            except UserError as error:
                raise CheckpointError(f'the list of checkpoints cannot be written: {error}')

    def _save(self, saver, session, folder, step, keep, size):
        name = f'{NAME}-{step}'
        prefix = os.path.join(folder, name)
        if not session.run(self._finite):
            raise CheckpointError(f'{prefix} is not written, because the last steps made values that are not finite. '
                                  'Earlier checkpoints are unchanged. Try a lower --learning_rate.')
        try:
            saver.save(session, prefix, write_meta_graph=False, write_state=False)
            for file in checkpoint_files(folder)[name]:
                flush_file(os.path.join(folder, file))
            flush_folder(folder)  # on disk before the list names it and before an old one is removed
            names = [old for old in listed_checkpoints(folder) if old != name] + [name]
            write_checkpoint_list(folder, names)
            for old in names[:-keep]:
                remove(folder, checkpoint_files(folder)[old])
            write_checkpoint_list(folder, names[-keep:])  # again: a file is only removed while the list names its owner
            return prefix
        except (tf.errors.OpError, ValueError, OSError, UserError) as error:
            remove_failed_save(prefix)
            raise CheckpointError(f'{prefix} cannot be written: {_reason(error)}. It takes {size:,} bytes, '
                                  f'{_free(folder)} are free. Earlier checkpoints are whole: make room and run the '
                                  'same command again to resume from the last.')


def _size(variables):
    """Bytes of the variables, and of their checkpoint without its index."""
    return sum(variable.shape.num_elements() * variable.dtype.base_dtype.size for variable in variables)


def _free(folder):
    return f'{shutil.disk_usage(folder).free:,}' if os.path.isdir(folder) else 'the folder is gone, so no bytes'


def _reason(error):
    """The system's message, such as 'FILE; No space left on device', without the graph's history."""
    lines = str(getattr(error, 'message', error)).split('\n')
    return next((line for line in lines if '; ' in line), lines[0])


def check_free_space(folder, first, further):
    """Raises UserError unless `first` bytes are free on the folder's disk; warns unless `further` more are."""
    total, _, free = shutil.disk_usage(folder)
    if not total:  # some network file systems do not know
        return
    if free < first:
        raise UserError(f'{folder} has {free:,} bytes free, but its first checkpoints take {first:,}. Make room, or '
                        'give a --logs_dir on another disk.')
    if free < first + further:
        print(f'warning: {folder} has {free:,} bytes free, but all checkpoints that the run keeps take '
              f'{first + further:,}: it will stop when the disk is full')
