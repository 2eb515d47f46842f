"""best/score.json: the mean IU of the checkpoint beside it."""
import json
import math
import os

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import write_json
from fcn8s.utils.history import read_rows
from fcn8s.weights.checkpoints import checkpoints_in, step_of


def write_score(best_dir, step, mean_iu):
    """Writes score.json; mean_iu: 0..1, or NaN."""
    write_json(_path(best_dir), {'step': step, 'mean_iu': mean_iu})


def read_score(best_dir):
    """The mean IU to beat; -infinity if score.json is missing or holds none. Raises UserError."""
    if not os.path.exists(_path(best_dir)):
        return -math.inf
    try:
        with open(_path(best_dir), encoding='utf-8') as file:
            mean_iu = json.load(file)['mean_iu']
        return -math.inf if mean_iu is None else float(mean_iu)  # null stands for NaN
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(f'{_path(best_dir)} cannot be read: {error}. It holds the mean IU of the checkpoint beside it: '
                        'restore it, or move the folder away.')


def rebuild_score(best_dir, csv_path):
    """Rebuilds a damaged score.json from the validation of the best checkpoint in csv_path, and says so.

    Raises UserError if that validation is missing: a worse checkpoint must not replace the best one.
    """
    try:
        read_score(best_dir)
    except UserError:
        steps = [step_of(prefix) for prefix in checkpoints_in(best_dir)]
        rows, _ = read_rows(csv_path, ('step', 'mean_iu'))
        known = {row['step']: row['mean_iu'] for row in rows}
        if steps and steps[-1] not in known:
            raise
        if steps:
            write_score(best_dir, steps[-1], known[steps[-1]])
            print(f'warning: {_path(best_dir)} was damaged, as by a power cut. It is rebuilt from {csv_path}: mean IU '
                  f'{known[steps[-1]]:.3f} at step {steps[-1]}.')
        else:
            os.remove(_path(best_dir))


def _path(best_dir):
    return os.path.join(best_dir, 'score.json')
