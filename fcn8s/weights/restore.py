"""Restores weights: loads arrays into variables, matched by name and shape."""
import collections
import os

import numpy as np

from fcn8s.weights.checkpoint_reader import checkpoint_errors, open_checkpoint
from fcn8s.weights.checkpoints import BEST, CheckpointError, check_net, find_checkpoint, missing_files
from fcn8s.weights.names import TF_LAYERS_NET, check_stem, is_unused, tf_layers_name, torch_names
from fcn8s.weights.pth import find_pth, is_pth, read_pair
from fcn8s.weights.published import PUBLISHED, fetch_published, name_of

# loaded: names; skipped: {name: why}; untouched: names of variables without an array
Loaded = collections.namedtuple('Loaded', 'loaded skipped untouched')
CHUNK_BYTES = 2 ** 27  # loaded by one session.run


def load_arrays(session, variables, names, read, shapes):
    """Loads matching arrays in chunks, so that memory holds no second copy of the net.

    Args:
      variables: the tf.Variables to fill.
      names: {name of a variable: name of its array}.
      read: function from the name of an array to the array.
      shapes: {name of an array: its shape}.
    """
    loaded, skipped, untouched, chunk = [], {}, [], {}
    for variable in variables:
        name, shape = variable.op.name, tuple(variable.shape.as_list())
        source = names.get(name)
        if source is None or source not in shapes:
            untouched.append(name)
        elif tuple(shapes[source]) != shape:
            skipped[name] = f'shape {list(shapes[source])}, the net needs {list(shape)}'
        else:
            chunk[variable] = np.asarray(read(source), variable.dtype.base_dtype.as_numpy_dtype)
            loaded.append(name)
        if sum(array.nbytes for array in chunk.values()) > CHUNK_BYTES:
            _assign(session, chunk)
            chunk = {}
    _assign(session, chunk)
    return Loaded(loaded, skipped, untouched)


def initialize(session, variables):
    """Initializes variables.

    Feeds the sizes of variables filled with one number, such as an optimizer's slots. Otherwise TensorFlow folds the
    fills into constants of full size and keeps them, besides the variables, as long as the session lives.
    """
    fills = [variable.initializer.inputs[1].op for variable in variables]
    sizes = {op.inputs[0]: op.outputs[0].shape.as_list() for op in fills if op.type == 'Fill'}
    session.run([variable.initializer for variable in variables], sizes)


def _assign(session, arrays):
    """Assigns in one run, by feeding the value of each variable's initializer."""
    feed = {variable.initializer.inputs[1]: array for variable, array in arrays.items()}
    session.run([variable.initializer for variable in arrays], feed)


def print_loaded(result, source):
    """Prints one line per array: loaded, skipped and why, or left at its initial value."""
    print(f'weights from {source}:')
    for name in result.loaded:
        print(f'  loaded     {name}')
    for name, why in result.skipped.items():
        print(f'  skipped    {name}: {why}')
    for name in result.untouched:
        print(f'  not in it  {name}')


# Opened weights, by the names of the net's variables. shapes: {name: shape} of the available arrays; read: name ->
# array; others: names of a checkpoint's arrays that belong to a net but to none of these variables; unused: names of a
# .pth file's arrays that belong to none of them
Source = collections.namedtuple('Source', 'shapes read others unused')


def find_weights(given, logs_dir, flag='--checkpoint', alone=False):
    """Returns the encoder's file of a published net, given its name, which fetches it; a .pth file as find_pth does; or
    the prefix of a checkpoint as find_checkpoint does."""
    if given in PUBLISHED:
        return fetch_published(given)
    return find_pth(given, alone) or find_checkpoint(given, logs_dir, flag)


def read_found(path, read, given, logs_dir, flag='--checkpoint', alone=False):
    """(path, read(path)) for the path that find_weights found, or finds now if a training removed it.

    A training run removes its old checkpoints meanwhile. Raises CheckpointError as `read` does, and if the checkpoint
    was named explicitly and is gone.
    """
    while True:
        try:
            return path, read(path)
        except CheckpointError:
            if is_pth(path) or not missing_files(path):
                raise
        if given and given != BEST and not os.path.isdir(given):
            raise CheckpointError(f'{path} was removed while it was read: a training keeps only its last checkpoints. '
                                  f'{flag}={os.path.dirname(path) or "."} takes the newest one.')
        path = find_weights(given, logs_dir, flag, alone)


def restore_for_prediction(session, path, variables, num_classes, net=None):
    """Fills all variables of a net, which may be a row of NETS.

    Raises UserError unless the arrays in `path` are exactly those of the net, CheckpointError if it is damaged.
    """
    source = open_source(path, [variable.op.name for variable in variables], tf_layers=net == TF_LAYERS_NET)
    others = [name for name in source.others if not is_unused(net, name)]
    if name_of(path):
        check_net(path, source.shapes, variables, fix='Move it and the decoder away and run again to download both.')
    else:
        check_net(path, source.shapes, variables, num_classes, others)
    load_source(session, path, variables, source)


def load_source(session, path, variables, source):
    """Loads what fits from an opened source; returns Loaded. Raises CheckpointError if it is damaged."""
    with checkpoint_errors(path):
        return load_arrays(session, variables, {name: name for name in source.shapes}, source.read, source.shapes)


def open_source(path, names, tf_layers=True):
    """The Source of a net's variables in a checkpoint, a pair of .pth files or a single one.

    path: what find_weights returned; names: of the net's variables; tf_layers: whether a checkpoint may use the
    names of FCN-tensorflow-ADE20k.
    """
    others, unused = [], []
    if is_pth(path):
        arrays = read_pair(path)
        theirs = torch_names(names, arrays)
        check_stem(path, arrays, theirs)
        shapes, read = {name: array.shape for name, array in arrays.items()}, arrays.get
        unused = sorted(set(arrays) - set(theirs.values()))
    else:
        reader, shapes = open_checkpoint(path)
        theirs = {name: name if name in shapes or not tf_layers else tf_layers_name(name) for name in names}
        read = reader.get_tensor
        # steps and powers are scalars, and an optimizer's slots are named below their variable
        others = sorted(name for name in set(shapes) - set(theirs.values())
                        if shapes[name] and name.rpartition('/')[0] not in shapes)
    there = {name: their for name, their in theirs.items() if their in shapes}
    return Source({name: shapes[their] for name, their in there.items()}, lambda name: read(there[name]), others,
                  unused)
