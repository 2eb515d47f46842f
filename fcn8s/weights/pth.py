"""PyTorch's .pth files: found and read without running anything in them."""
import inspect
import os
import re
import zipfile
from collections import OrderedDict

import numpy as np

from fcn8s.utils.errors import UserError
from fcn8s.weights.lengths import LengthError, check_length, unzipped_size
from fcn8s.weights.names import SAVE_AGAIN


def read_pth(path):
    """OrderedDict from name to float32 array of a state_dict, convolution kernels as [h, w, in, out].

    A leading 'module.' (of nn.DataParallel) is taken off, and num_batches_tracked, which the nets have no use for, is
    left out. The file is loaded with weights_only: nothing it names is run. Raises UserError.
    """
    arrays = OrderedDict()
    for name, tensor in _state_dict(path).items():
        name = re.sub(r'^module\.', '', name)
        if not name.endswith('num_batches_tracked'):
            array = tensor.detach().float().numpy()
            if not np.isfinite(array).all():
                raise UserError(f'{path}: {name} holds values that are NaN or infinite, so no net can start from it. '
                                'Give another copy of the file.')
            arrays[name] = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
    return arrays


def _state_dict(path):
    """{name: tensor} in the file; UserError if it holds anything else."""
    if not os.path.isfile(path):
        raise UserError(f'{path} does not exist or is no file. Expected a .pth file of PyTorch.')
    try:
        import torch
    except ImportError:
        raise UserError(f'{path} needs PyTorch to be read: pip install torch')
    if 'weights_only' not in inspect.signature(torch.load).parameters:
        raise UserError(f'{path} needs PyTorch 1.13 or later, which reads weights without running what a file names; '
                        f'this is {torch.__version__}. pip install --upgrade torch')
    try:
        size = unzipped_size(path) if zipfile.is_zipfile(path) else os.path.getsize(path)
        found = torch.load(path, map_location='cpu', weights_only=True)
    except MemoryError:
        raise UserError(f'memory ran out while {path} was read. Free some; if the file is no larger than memory, it is '
                        'damaged: give another copy.')
    except LengthError as error:
        raise UserError(f'{path} cannot be read: {error}. It is damaged or no file of weights. Give another copy.')
    except Exception as error:
        # not PyTorch's message, which suggests loading without weights_only and so running the file's code
        raise UserError(f'{path} cannot be read ({type(error).__name__}): it is truncated, damaged or holds more than '
                        f'weights. Give another copy, or {SAVE_AGAIN}.')
    if not isinstance(found, dict):
        raise UserError(f'{path} holds one {type(found).__name__}, expected names and tensors: {SAVE_AGAIN}.')
    others = [str(name) for name, value in found.items() if not torch.is_tensor(value)]
    if others or not found:
        raise UserError(f'{path} holds no state_dict: expected names and tensors, found {", ".join(others[:6])}'
                        f'{"" if others else "nothing"}. To mend it, {SAVE_AGAIN}.')
    _check_tensors(path, found, size)
    return found


def _check_tensors(path, tensors, size):
    """Raises UserError for tensors of other kinds than lie in a file as they are, in `size` bytes of it."""
    odd = [str(name) for name, tensor in tensors.items() if not isinstance(name, str) or tensor.is_quantized
           or str(tensor.layout) != 'torch.strided' or tensor.device.type != 'cpu' or tensor.is_complex()]
    if odd:
        raise UserError(f'{path}: {", ".join(odd[:6])} holds no plain numbers (sparse, quantized, complex or without '
                        f'data). Give another copy, or {SAVE_AGAIN}.')
    try:  # a tensor may be one number over and over, and several may be parts of one; nets have two of a kind at most
        check_length('all tensors together', sum(t.numel() * t.element_size() for t in tensors.values()), 2 * size)
    except LengthError as error:
        raise UserError(f'{path}: {error}. It is damaged or no file of weights. Give another copy, or {SAVE_AGAIN}.')


_PTH = re.compile(r'(encoder|decoder)(.*\.pth)$')


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
