"""A net's weights wherever they come from: our checkpoints, FCN.tensorflow's, FCN-tensorflow-ADE20k's, PyTorch's."""
import collections
import os
import re

from files.errors import UserError
from nets.old_checkpoints import TF_LAYERS_NET, UNUSED, tf_layers_name
from nets.torch_weights import check_stem, read_pth, torch_names
from runs.arrays import load_arrays
from runs.checkpoint_reader import naming_damage, open_checkpoint
from runs.checkpoints import BEST, CheckpointError, check_net, find_checkpoint, lacks

# Both by the names of the net's variables. shapes: {name: shape} of the arrays there are; read: name -> array.
# others: names of arrays of a net, in a checkpoint, that are for none of these variables
Source = collections.namedtuple('Source', 'shapes read others')
_PTH = re.compile(r'(encoder|decoder)(.*\.pth)$')


def find_weights(given, logs_dir, flag='--checkpoint', alone=False):
    """The prefix of a checkpoint, as find_checkpoint has it, or a path as find_pth has it."""
    return find_pth(given, alone) or find_checkpoint(given, logs_dir, flag)


def read_found(path, read, given, logs_dir, flag='--checkpoint', alone=False):
    """(path, read(path)) of what find_weights found for `given`, or of what it finds now if that is gone.

    A training beside us removes its old checkpoints. Raises CheckpointError as `read` does, and where the one that was
    named is gone.
    """
    while True:
        try:
            return path, read(path)
        except CheckpointError:
            if path.endswith('.pth') or not lacks(path):
                raise
        if given and given != BEST and not os.path.isdir(given):
            raise CheckpointError(f'{path} was removed while it was read: a training keeps only its last checkpoints. '
                                  f'{flag}={os.path.dirname(path) or "."} takes the newest one.')
        path = find_weights(given, logs_dir, flag, alone)


def restore_for_prediction(session, path, variables, num_classes, net=None):
    """Fills the variables of a row of NETS. Raises UserError if they do not all fit, or leave arrays of a net over;
    CheckpointError if the file is damaged.
    """
    source = open_source(path, [variable.op.name for variable in variables], tf_layers=net == TF_LAYERS_NET)
    others = [name for name in source.others if name not in UNUSED.get(net, ())]
    check_net(path, source.shapes, variables, num_classes, others)
    load_source(session, path, variables, source)


def load_source(session, path, variables, source):
    """Loads what fits from an opened source; returns arrays.Loaded. Raises CheckpointError if it is damaged."""
    with naming_damage(path):
        return load_arrays(session, variables, {name: name for name in source.shapes}, source.read, source.shapes)


def open_source(path, names, tf_layers=True):
    """The Source of a net's variables in a checkpoint, a pair of .pth files or a single one.

    path: what find_weights returned; names: of the net's variables; tf_layers: whether a checkpoint may have them by
    FCN-tensorflow-ADE20k's names.
    """
    others = []
    if path.endswith('.pth'):
        arrays = dict(pair for half in _halves(path) for pair in read_pth(half).items())
        theirs = torch_names(names)
        check_stem(path, arrays, theirs)
        shapes, read = {name: array.shape for name, array in arrays.items()}, arrays.get
    else:
        reader, shapes = open_checkpoint(path)
        theirs = {name: name if name in shapes or not tf_layers else tf_layers_name(name) for name in names}
        read = reader.get_tensor
        # steps and powers are numbers, and an optimizer's slots are named below their variable
        others = sorted(name for name in set(shapes) - set(theirs.values())
                        if shapes[name] and name.rpartition('/')[0] not in shapes)
    there = {name: their for name, their in theirs.items() if their in shapes}
    return Source({name: shapes[their] for name, their in there.items()}, lambda name: read(there[name]), others)


def find_pth(given, alone=False):
    """The encoder's file of semantic-segmentation-pytorch that a path means: a file of the pair, or their folder.

    In a folder that is encoder_best.pth, or else that of the last epoch. None if it means no .pth file at all.
    alone: whether any single .pth will do, such as an encoder or the ResNet or VGG that became one.

    Raises:
      UserError: one of the pair is missing, or its name does not say which it is.
    """
    if given and os.path.isdir(given):
        encoders = [name for name in os.listdir(given) if re.match(r'encoder.*\.pth$', name)]
        if not encoders:
            return None
        given = os.path.join(given, max(encoders, key=lambda name: ('best' in name, _epoch(name), name)))
    if not given.endswith('.pth'):
        return None
    missing = [path for path in _pair(given) if not os.path.isfile(path)]
    if alone and os.path.isfile(given):
        return given if missing else _pair(given)[0]
    if len(_pair(given)) < 2:
        raise UserError(f'{given}: expected encoder_....pth and decoder_....pth beside each other, as '
                        'semantic-segmentation-pytorch writes them.')
    if missing:
        raise UserError(f'{given}: {missing[0]} is not there. A net is in two files, encoder and decoder: give both '
                        'the same ending and put them into one folder.')
    return _pair(given)[0]


def _pair(path):
    """[encoder's file, decoder's file] of the pair that a file's name belongs to; of another name [path]."""
    folder, name = os.path.split(path)
    if not _PTH.match(name):
        return [path]
    return [os.path.join(folder, _PTH.sub(half + r'\2', name)) for half in ('encoder', 'decoder')]


def _halves(path):
    """The files to read for what find_pth returned."""
    pair = _pair(path)
    return pair if all(map(os.path.isfile, pair)) else [path]


def _epoch(name):
    numbers = re.findall(r'\d+', name)
    return int(numbers[-1]) if numbers else -1
