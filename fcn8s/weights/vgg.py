"""Pretrained VGG weights: reads any of the common files into named arrays.

    weights = read_vgg('Model_zoo/imagenet-vgg-verydeep-16.mat', depth=16)
    kernel, bias = weights.layers['conv1_1']
"""
import os
from collections import namedtuple

from fcn8s.weights.matconvnet import read_mat
from fcn8s.weights.vgg_formats import read_h5, read_npy, read_npz, read_saved_model, read_torchvision
from fcn8s.weights.vgg_layers import PretrainedError, check_vgg

READERS = {'.mat': read_mat, '.npy': read_npy, '.npz': read_npz, '.h5': read_h5, '.hdf5': read_h5,
           '.pth': read_torchvision}
VggWeights = namedtuple('VggWeights', 'depth layers source std')


def read_vgg(path, depth=None):
    """Reads a MatConvNet .mat, NumPy .npy or .npz, Keras .h5, torchvision .pth or a SavedModel folder of any width.

    Args:
      depth: the required depth, 16 or 19, or None for either.

    Returns:
      VggWeights. depth: 16 or 19. layers: OrderedDict {name: (kernel float32 [h, w, in, out], bias float32 [out])} of
      conv1_1 to conv5_3 or conv5_4 and, if the file has them, fc6 [7, 7, in, out] and fc7 [1, 1, in, out]. source: path
      and format, for messages. std: the net takes RGB pixels of 0..255, minus their mean, divided by this.

    Raises:
      PretrainedError: the file is missing, damaged or another net.
    """
    weight_file = _reader(path)(path)
    found, layers = check_vgg(path, weight_file, depth)
    return VggWeights(found, layers, f'{path} ({weight_file.kind})', weight_file.std)


def _reader(path):
    if os.path.isfile(os.path.join(path, 'saved_model.pb')):
        return read_saved_model
    if not os.path.isfile(path):
        what = 'is a folder without a saved_model.pb' if os.path.isdir(path) else 'does not exist'
        raise PretrainedError(f'{path} {what}. Expected a file of VGG weights ({", ".join(READERS)}) '
                              'or the folder of a SavedModel.')
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in READERS:
        raise PretrainedError(f"{path} has the suffix '{suffix}', expected one of {', '.join(READERS)}.")
    return READERS[suffix]
