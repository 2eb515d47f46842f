"""Weights in PyTorch's files: encoder_*.pth and decoder_*.pth of semantic-segmentation-pytorch.

    arrays = dict(read_pth('encoder_best.pth'), **read_pth('decoder_best.pth'))
    names = torch_names(variable.op.name for variable in variables)
    array = arrays[names['inference/encoder/layer3/0/conv2_w']]
"""
import inspect
import os
import re
import zipfile
from collections import OrderedDict

import numpy as np

from files.errors import UserError
from nets.vgg import CONVS
from nets.weights.lengths import LengthError, check_length, unzipped_size

PARTS = {'w': 'weight', 'b': 'bias', 'scale': 'weight', 'bias': 'bias', 'mean': 'running_mean',
         'variance': 'running_var'}
# Layers that PyTorch counts inside an nn.Sequential: (ours, theirs)
SEQUENTIAL = ((r'downsample\.conv$', 'downsample.0'), (r'downsample\.bn$', 'downsample.1'),
              (r'^(psp\.\d)\.conv$', r'\1.1'), (r'^(psp\.\d)\.bn$', r'\1.2'),
              (r'^conv_last\.conv$', 'conv_last.0'), (r'^conv_last\.bn$', 'conv_last.1'),
              (r'^conv_last\.score$', 'conv_last.4'))
POOLED = (1, 2, 3)  # blocks of the dilated VGG that a pool follows, which counts as a layer of `features`
SAVE_AGAIN = 'save it with torch.save(net.state_dict(), path)'


def read_pth(path):
    """OrderedDict from name to float32 array of a state_dict, convolution kernels as [h, w, in, out].

    A leading 'module.' (of nn.DataParallel) is taken off, later releases' 'ppm.' becomes 'psp.', and
    num_batches_tracked, which the nets have no use for, is left out. The file is loaded with weights_only: nothing it
    names is run. Raises UserError.
    """
    arrays = OrderedDict()
    for name, tensor in _state_dict(path).items():
        name = re.sub(r'^ppm\.', 'psp.', re.sub(r'^module\.', '', name))
        if not name.endswith('num_batches_tracked'):
            array = tensor.detach().float().numpy()
            if not np.isfinite(array).all():
                raise UserError(f'{path}: {name} holds values that are NaN or infinite, so no net can start from it. '
                                'Give another copy of the file.')
            arrays[name] = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
    return arrays


def check_stem(path, arrays, names):
    """Raises UserError for a ResNet with another beginning than ours. names: what torch_names returned."""
    stem = arrays.get('conv1.weight')
    if 'conv1.weight' in names.values() and stem is not None and stem.shape[:2] == (7, 7):
        raise UserError(f'{path} is a ResNet that begins with one 7x7 convolution, as torchvision has it; the dilated '
                        'nets begin with three of 3x3. Give a file of semantic-segmentation-pytorch, such as '
                        'http://sceneparsing.csail.mit.edu/model/pretrained_resnet/resnet50-imagenet.pth')


def torch_names(variable_names):
    """{name of a variable of a dilated net: its name in the encoder's or decoder's state_dict}.

    Whatever scopes surround encoder/ and decoder/ do not matter; names outside of these are left out. The names
    must be those of the whole net, for VGG16 and VGG19 count their layers differently.
    """
    layers = {name: re.search(r'(?:^|/)(?:encoder|decoder)/(.+)_([a-z]+)$', name) for name in variable_names}
    layers = {name: match.groups() for name, match in layers.items() if match and match.group(2) in PARTS}
    depth = 19 if any(layer == 'conv3_4' for layer, _ in layers.values()) else 16
    features = _vgg_features(depth)
    return {name: '%s.%s' % (features.get(layer) or _sequential(layer), PARTS[part])
            for name, (layer, part) in layers.items()}


def _vgg_features(depth):
    """{'conv1_1': 'features.0', ...}: a ReLU follows each convolution, a pool each of the first blocks."""
    names, index = {}, 0
    for block, convs in enumerate(CONVS[depth], 1):
        for i in range(1, convs + 1):
            names['conv%d_%d' % (block, i)] = 'features.%d' % index
            index += 2
        index += block in POOLED
    return names


def _sequential(layer):
    layer = layer.replace('/', '.')
    for ours, theirs in SEQUENTIAL:
        layer = re.sub(ours, theirs, layer)
    return layer


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
        # not PyTorch's own message, which advises to load it without weights_only and so to run what is in it
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
