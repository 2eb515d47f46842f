"""Checkpoints on disk: finds the one the user means and checks that it is complete and fits the net."""
import collections
import os
import re

from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file, flush_folder
from fcn8s.utils.tf1 import tf
from fcn8s.weights.published import SUGGESTED

NAME = 'model.ckpt'
BEST = 'best'
_SUFFIX = re.compile(r'\.(index|meta|data-\d{5}-of-(\d{5}))$')
_VGG_FILES = ('.mat', '.npy', '.npz', '.h5')


class CheckpointError(UserError):
    """A checkpoint is missing or cannot be read."""


def find_checkpoint(checkpoint, logs_dir, flag='--checkpoint'):
    """Returns the prefix of the checkpoint that the user named.

    Args:
      checkpoint: '' for the last one in logs_dir, 'best', a prefix, a file with any of a checkpoint's suffixes, or
        a folder.
      logs_dir: folder of the run to which '' and 'best' refer; '' if there is no run.
      flag: the flag that gave `checkpoint`, for messages.

    Raises:
      CheckpointError: the checkpoint is missing or not whole; names the folder and the command to run.
    """
    if checkpoint == BEST and not os.path.exists(BEST):
        checkpoint = os.path.join(logs_dir, BEST)
    given = checkpoint or logs_dir
    if os.path.isdir(given):
        found = checkpoints_in(given) or checkpoints_in(given)  # again, since one may be replaced during the listing
        if not found:
            raise CheckpointError(f'no checkpoint in {os.path.abspath(given)}: {_other_content(given)}. '
                                  + _advice(logs_dir, flag))
        return found[-1]
    prefix = _SUFFIX.sub('', given)
    if missing_files(prefix):
        raise CheckpointError(f'no checkpoint {given}: {_other_kind(given, prefix)}. ' + _advice(logs_dir, flag))
    return prefix


def config_folder(prefix):
    """The folder whose config.json belongs to a checkpoint: its own, or the one above best/."""
    folder = os.path.dirname(os.path.abspath(prefix))
    return os.path.dirname(folder) if os.path.basename(folder) == BEST else folder


def checkpoints_in(folder, whole=True):
    """Prefixes of the checkpoints in a folder, sorted by step, then by name. whole: leave out those lacking files."""
    found = checkpoint_files(folder)
    prefixes = [os.path.join(folder, name) for name, files in found.items() if not (whole and _missing(files))]
    return sorted(prefixes, key=lambda prefix: (step_of(prefix), prefix))


def checkpoint_files(folder):
    """{name of a checkpoint in the folder: names of its index and data files}."""
    found = collections.defaultdict(list)
    for name in os.listdir(folder):
        match = _SUFFIX.search(name)
        if match and match.group(1) != 'meta':
            found[name[:match.start()]].append(name)
    return found


def missing_files(prefix):
    """Describes the missing files of a checkpoint; '' if it is whole."""
    folder, name = os.path.split(prefix)
    return _missing(checkpoint_files(folder or '.')[name] if os.path.isdir(folder or '.') else ())


def step_of(prefix):
    """The step in a checkpoint's name, -1 if there is none."""
    match = re.search(r'-(\d+)$', prefix)
    return int(match.group(1)) if match else -1


def check_net(prefix, shapes, variables, num_classes=None, others=(), fix=None):
    """Raises UserError unless all of a net's variables fit; says whether net or number of classes differs.

    A net with random weights in some layers, or with layers left out, would predict nonsense. shapes: {name: shape} of
    the checkpoint; others: names of its arrays for which the net has no variables; fix: what to do, if not the usual.
    """
    give_net = fix or 'Give the --net that it was trained with.'
    needed = {variable.op.name: variable.shape.as_list() for variable in variables}
    missing = [name for name in needed if name not in shapes]
    misfits = [(name, list(shapes[name]), shape) for name, shape in needed.items()
               if name in shapes and list(shapes[name]) != shape]
    if others and not missing:
        raise UserError(f'{prefix} is of another net: {", ".join(others[:3])} {"is" if len(others) == 1 else "are"} in '
                        'it, which this one does not have. {give_net}')
    if not missing and not misfits:
        return
    fit = f'{len(needed) - len(missing) - len(misfits)} of its {len(needed)} variables match'
    if missing:
        raise UserError(f'{prefix} is of another net: {fit}; {", ".join(missing[:3])} '
                        f'{"is" if len(missing) == 1 else "are"} not in it. {give_net}')
    shown = '; '.join(f'{name} has shape {found}, the net needs {shape}' for name, found, shape in misfits[:3])
    sides = {(old, new) for _, found, shape in misfits for old, new in zip(found, shape) if old != new}
    found, needed = sides.pop() if len(sides) == 1 else (None, None)
    if num_classes and needed in (num_classes, num_classes - 1):  # the dilated nets do not score class 0
        trained = num_classes + found - needed
        raise UserError(f'{prefix} was trained with another number of classes: {shown}. Give --num_classes={trained} '
                        f'(now {num_classes}), or the data set that it was trained with.')
    raise UserError(f'{prefix} does not fit the net: {fit}; {shown}. '
                    + (fix or 'Give the --net, --width and --num_classes that it was trained with.'))


def _advice(logs_dir, flag):
    train = f'Train first (python FCN_train.py --logs_dir={logs_dir}), or name' if logs_dir else 'Name'
    return f'{train} one with {flag}=PREFIX, such as logs/model.ckpt-500, or a published net with {flag}={SUGGESTED}.'


def _missing(files):
    """Describes what is missing among the index and data files of one checkpoint; '' if nothing."""
    shards = [_SUFFIX.search(name).group(2) for name in files if not name.endswith('.index')]
    if not files:
        return 'there is no such folder, nor are its .index and .data files there'
    if len(shards) == len(files):
        return 'its .index file is missing'
    if not shards or len(shards) < int(shards[0]):
        return 'its .data file is missing'
    return ''


def _other_content(folder):
    """Describes the content of a folder without a whole checkpoint."""
    for name, files in sorted(checkpoint_files(folder).items()):
        return f'{name} is not whole: {_missing(files)}'
    if os.path.exists(os.path.join(folder, 'saved_model.pb')):
        return 'it is a SavedModel, whose variables are in its graph'
    return 'it holds other files' if os.listdir(folder) else 'the folder is empty'


def _other_kind(given, prefix):
    if given == prefix and os.path.isfile(given):
        if given.lower().endswith(_VGG_FILES):
            return 'it is a file of pretrained weights, from which training starts with --pretrained'
        return 'it is a file of another kind'
    return missing_files(prefix)


def listed_checkpoints(folder):
    """Names of the checkpoints in the list, oldest first; [] if the list is missing or damaged."""
    try:
        state = tf.train.get_checkpoint_state(folder)
    except (ValueError, tf.errors.OpError):  # empty, not UTF-8, or a folder
        return []
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths] if state else []


def write_checkpoint_list(folder, names):
    """Replaces the list with these names, oldest first. Raises UserError if it cannot be written."""
    from google.protobuf import text_format
    folder = os.path.abspath(folder)  # names stay relative to it
    state = tf.train.generate_checkpoint_state_proto(folder, names[-1], names)
    with atomic_file(os.path.join(folder, 'checkpoint'), make_folders=False) as path, \
            open(path, 'w', encoding='utf-8') as file:
        file.write(text_format.MessageToString(state))
    flush_folder(folder)


def rebuild_list(folder, keep):
    """Rebuilds a list damaged by a power cut from the folder's last `keep` checkpoints; returns their names.

    [] if the list is whole or no checkpoint is. Leaves out older checkpoints, which may be another run's.
    """
    if not os.path.isfile(os.path.join(folder, 'checkpoint')) or listed_checkpoints(folder):
        return []
    names = [os.path.basename(prefix) for prefix in checkpoints_in(folder)]
    names = [name for name in names if re.match(re.escape(NAME) + r'-\d+$', name)][-keep:]
    if names:
        write_checkpoint_list(folder, names)
    return names
