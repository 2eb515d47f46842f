"""PyTorch's .pth files: found and read without running anything in them."""
import os
import re
from collections import OrderedDict

import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.weights.lengths import LengthError, check_length
from fcn8s.weights.names import SAVE_AGAIN
from fcn8s.weights.torch_file import element_bytes, open_torch_file
from fcn8s.weights.torch_pickle import KINDS, Foreign, Tensor

# What batch normalization counts while it trains: of PyTorch, and of mit-semseg's synchronized one
UNNEEDED = ('.num_batches_tracked', '._tmp_running_mean', '._tmp_running_var', '._running_iter')


def read_pth(path):
    """OrderedDict from name to float32 array of a state_dict, convolution kernels as [h, w, in, out].

    The file, of either format of torch.save, holds the state_dict or a dictionary with it as 'state_dict'. A leading
    'module.' (of nn.DataParallel) is taken off, and UNNEEDED arrays are left out. PyTorch is not needed, and nothing
    that the file names is run. Raises UserError.
    """
    if not os.path.isfile(path):
        raise UserError(f'{path} does not exist or is no file. Expected a .pth file of PyTorch.')
    try:
        with open_torch_file(path) as file:
            tensors = _state_dict(path, file.content)
            _check_tensors(path, tensors, file.size)
            return OrderedDict((re.sub(r'^module\.', '', name), _array(path, name, tensor, file))
                               for name, tensor in tensors.items() if not name.endswith(UNNEEDED))
    except MemoryError:
        raise UserError(f'memory ran out while {path} was read. Free some; if the file is no larger than memory, it is '
                        'damaged: give another copy.')
    except UserError:
        raise
    except Exception as error:
        raise UserError(f'{path} cannot be read: {str(error) or type(error).__name__}. It is truncated, damaged or '
                        f'holds more than weights. Give another copy, or {SAVE_AGAIN}.')


def _state_dict(path, found):
    """{name: Tensor or Foreign} in the object of a file; UserError if it holds anything else."""
    if isinstance(found, dict) and isinstance(found.get('state_dict'), dict):
        found = found['state_dict']
    if not isinstance(found, dict):
        what = found.what if isinstance(found, Foreign) else type(found).__name__
        raise UserError(f'{path} holds one {what}, expected names and tensors: {SAVE_AGAIN}.')
    others = [str(name) for name, value in found.items()
              if not isinstance(value, (Tensor, Foreign)) or not isinstance(name, str)]
    if others or not found:
        raise UserError(f'{path} holds no state_dict: expected names and tensors, found {", ".join(others[:6])}'
                        f'{"" if others else "nothing"}. Give another file, or {SAVE_AGAIN}.')
    return found


def _check_tensors(path, tensors, size):
    """Raises UserError for tensors that are no plain numbers, or take more bytes than the `size` of the file."""
    for name, tensor in tensors.items():
        what = tensor.what if isinstance(tensor, Foreign) else tensor.storage.kind
        if what not in KINDS:
            raise UserError(f'{path}: {name} holds no plain numbers but {what} (sparse, quantized, complex or without '
                            f'data). Give another copy, or {SAVE_AGAIN}.')
    try:  # a tensor may be one number over and over, and several may be parts of one; nets have two of a kind at most
        check_length('all tensors together', sum(map(element_bytes, tensors.values())), 2 * size)
    except LengthError as error:
        raise UserError(f'{path}: {error}. It is damaged or no file of weights. Give another copy, or {SAVE_AGAIN}.')


def _array(path, name, tensor, file):
    """A tensor's numbers, a kernel's in our order; UserError that names it."""
    try:
        array = file.array(tensor)
    except MemoryError:
        raise
    except Exception as error:
        raise UserError(f'{path}: {name} cannot be read: {str(error) or type(error).__name__}. The file is truncated '
                        'or damaged. Give another copy.')
    if not np.isfinite(array).all():
        raise UserError(f'{path}: {name} holds values that are NaN or infinite, so no net can start from it. '
                        'Give another copy of the file.')
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def is_pth(path):
    """Whether a path is called as torch.save's files are."""
    return path.endswith(('.pth', '.pth.tar'))


_PTH = re.compile(r'(encoder|decoder)(.*\.pth(?:\.tar)?)$')


def find_pth(given, alone=False):
    """Returns the encoder's file of a semantic-segmentation-pytorch pair, given either file or their folder.

    A folder's encoder_best.pth comes first, then that of its last epoch. None if `given` leads to no .pth file.
    alone: whether to accept a single .pth too, such as an encoder or the ResNet or VGG that it started from.

    Raises:
      UserError: one of the pair is missing, or its name does not say which it is.
    """
    if given and os.path.isdir(given):
        encoders = [name for name in os.listdir(given) if re.match(r'encoder.*\.pth$', name)]
        if not encoders:
            return None
        given = os.path.join(given, max(encoders, key=lambda name: ('best' in name, _epoch(name), name)))
    if not is_pth(given):
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
    """[encoder's file, decoder's file] of the pair that a file belongs to by its name; otherwise [path]."""
    folder, name = os.path.split(path)
    if not _PTH.match(name):
        return [path]
    return [os.path.join(folder, _PTH.sub(half + r'\2', name)) for half in ('encoder', 'decoder')]


def _halves(path):
    """The files to read for a path from find_pth."""
    pair = _pair(path)
    return pair if all(map(os.path.isfile, pair)) else [path]


def read_pair(path):
    """The arrays of the file, or of both files of a pair, that find_pth returned: see read_pth."""
    return OrderedDict(item for half in _halves(path) for item in read_pth(half).items())


def _epoch(name):
    numbers = re.findall(r'\d+', name)
    return int(numbers[-1]) if numbers else -1
