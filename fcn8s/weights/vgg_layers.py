"""The layers of a pretrained VGG: brings those of any weight file to common names, shapes and channel order."""
import contextlib
import re
from collections import OrderedDict, namedtuple

import numpy as np

from fcn8s.nets.vgg import CONVS
from fcn8s.utils.errors import UserError, some_of

KERNEL_SIZES = {'fc6': 7, 'fc7': 1}  # every other layer has 3x3
DEEPER = ('conv3_4', 'conv4_4', 'conv5_4')  # the layers that VGG19 has and VGG16 lacks
FULLY_CONNECTED = {'fc1': 'fc6', 'fc2': 'fc7'}  # the names Keras gives them
# conv1_1's weights from red, green and blue to channel 0 at the top left corner, in the published VGGs. All known
# conversions keep them, so they tell RGB from BGR better than a file's kind does.
CORNERS = {16: (0.480015, 0.550379, 0.429471), 19: (0.394167, 0.464184, 0.341195)}
# What a reader returns. kind: the format, in words; order: 'RGB' or 'BGR', the order of conv1_1's input by this
# format's convention; layers: {name: (kernel, bias)}; found: names of everything in the file, for messages; std: what
# the net's pixels were divided by, RGB.
WeightFile = namedtuple('WeightFile', 'kind order layers found std')
WeightFile.__new__.__defaults__ = ((1., 1., 1.),)


class PretrainedError(UserError):
    """The weight file is missing, damaged or not the VGG that was asked for."""


@contextlib.contextmanager
def weight_file_errors(path, hint='Get it again from a source you trust.'):
    """Turns any exception of a library on a damaged file into a PretrainedError that names the file."""
    try:
        yield
    except PretrainedError:
        raise
    except MemoryError as error:
        raise PretrainedError(f'memory ran out while {path} was read. Free some; if the file is no larger than memory, '
                              f'it is damaged or not what its name says. {hint}') from error
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise PretrainedError(f'{path} cannot be read: {reason}. It is truncated, damaged or not what its name says. '
                              f'{hint}') from error


def layer_name(name):
    """'conv3_2' for the names 'conv3_2' and 'block3_conv2', 'fc6' for 'fc6' and 'fc1'; None for any other layer."""
    name = re.sub(r'^block(\d)_conv(\d)$', r'conv\1_\2', name)
    name = FULLY_CONNECTED.get(name, name)
    return name if re.match(r'(conv[1-5]_[1-4]|fc[67])$', name) else None


def check_vgg(path, weight_file, depth=None):
    """Returns (depth, OrderedDict {name: (kernel float32 [h, w, in, out], bias float32 [out])}); conv1_1 takes RGB.

    path: named in messages; weight_file: WeightFile; depth: the required depth, 16 or 19, or None for either.
    Raises PretrainedError unless the file holds all layers of a VGG with finite values.
    """
    layers = weight_file.layers
    if not any(name.startswith('conv') for name in layers):
        raise PretrainedError(f'{path} holds no VGG: expected layers conv1_1 to conv5_3, found '
                              f'{_listed(weight_file.found)}.')
    found = 19 if any(name in layers for name in DEEPER) else 16
    if depth not in (None, found):
        raise PretrainedError(f'{path} holds a VGG-{found}, and this net is built on VGG-{depth}. '
                              f'Give a VGG-{depth} file or choose a net built on VGG-{found}.')
    names = [f'conv{block}_{i}' for block, count in enumerate(CONVS[found], 1) for i in range(1, count + 1)]
    names += ['fc6', 'fc7'] if 'fc6' in layers or 'fc7' in layers else []
    missing = [name for name in names if name not in layers]
    if missing:
        raise PretrainedError(f'{path} is not a whole VGG-{found}: it lacks {", ".join(missing)}. '
                              'Give another copy of the file.')
    checked, channels = OrderedDict(), 3
    for name in names:
        checked[name] = _checked(path, name, layers[name], channels)
        channels = len(checked[name][1])
    kernel, bias = checked['conv1_1']
    if _takes_bgr(kernel, found, weight_file.order):
        checked['conv1_1'] = np.ascontiguousarray(kernel[:, :, ::-1]), bias
    return found, checked


def _checked(path, name, weights, channels):
    """Returns the layer as float32 (kernel [size, size, channels, out], bias [out])."""
    kernel, bias = weights
    size = KERNEL_SIZES.get(name, 3)
    if name in KERNEL_SIZES and kernel.ndim == 2 and len(kernel) % size ** 2 == 0:
        kernel = kernel.reshape(size, size, -1, kernel.shape[1])  # rows are the flattened [h, w, in]
    if kernel.ndim != 4 or kernel.shape[:3] != (size, size, channels):
        reordered = kernel.ndim == 4 and kernel.shape[1:] == (channels, size, size)
        hint = 'It is in the order [out, in, h, w] of Theano, Caffe and PyTorch. ' if reordered else ''
        raise PretrainedError(f'{path}: the kernel of {name} has the shape {kernel.shape}, expected '
                              f'({size}, {size}, {channels}, any). {hint}Give a file in the order [h, w, in, out].')
    if bias.shape != kernel.shape[3:]:
        raise PretrainedError(f'{path}: the bias of {name} has the shape {bias.shape}, expected {kernel.shape[3:]}. '
                              'Give another copy of the file.')
    return _finite(path, name, kernel), _finite(path, name, bias)


def _finite(path, name, array):
    if not np.issubdtype(array.dtype, np.floating):
        raise PretrainedError(f'{path}: {name} holds {array.dtype}, expected floating point numbers. '
                              'Give another copy of the file.')
    array = np.asarray(array, np.float32)
    bad = array.size - np.count_nonzero(np.isfinite(array))
    if bad:
        raise PretrainedError(f'{path}: {name} holds {bad} values that are NaN or infinite, so no net can start from '
                              'it. Give another copy of the file.')
    return array


def _takes_bgr(kernel, depth, order):
    """Whether conv1_1 takes BGR: judged by the published values, or by the format's order for other weights."""
    corner = kernel[0, 0, :, 0]
    if np.allclose(corner, CORNERS[depth], atol=1e-3):  # wide enough for weights kept as float16
        return False
    return np.allclose(corner[::-1], CORNERS[depth], atol=1e-3) or order == 'BGR'


def _listed(names, most=12):
    return some_of(sorted(names), most) or 'nothing'
