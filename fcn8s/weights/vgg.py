"""Pretrained VGG weights: reads any of the common files into named arrays.

    weights = read_vgg(find_pretrained('Model_zoo', 16) or download_pretrained('Model_zoo', 16), depth=16)
    kernel, bias = weights.layers['conv1_1']
"""
import os
from collections import namedtuple

from fcn8s.utils.download import fetch
from fcn8s.weights.matconvnet import MATCONVNET, read_mat
from fcn8s.weights.vgg_formats import read_h5, read_npy, read_npz, read_saved_model
from fcn8s.weights.vgg_layers import PretrainedError, check_vgg

READERS = {'.mat': read_mat, '.npy': read_npy, '.npz': read_npz, '.h5': read_h5, '.hdf5': read_h5}
KNOWN_FILES = {  # preferred ones first
    16: ('imagenet-vgg-verydeep-16.mat', 'vgg16.npy', 'vgg16_weights.npz',
         'vgg16_weights_tf_dim_ordering_tf_kernels.h5', 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5', 'vgg16'),
    19: ('imagenet-vgg-verydeep-19.mat', 'vgg19.npy',
         'vgg19_weights_tf_dim_ordering_tf_kernels.h5', 'vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5'),
}
VggWeights = namedtuple('VggWeights', 'depth layers source')


def read_vgg(path, depth=None):
    """Reads a MatConvNet .mat, NumPy .npy or .npz, Keras .h5 or a SavedModel folder of any width.

    Args:
      depth: the required depth, 16 or 19, or None for either.

    Returns:
      VggWeights. depth: 16 or 19. layers: OrderedDict {name: (kernel float32 [h, w, in, out], bias float32 [out])} of
      conv1_1 to conv5_3 or conv5_4 and, if the file has them, fc6 [7, 7, in, out] and fc7 [1, 1, in, out]. source: path
      and format, for messages. The net takes RGB pixels of 0..255 minus their mean.

    Raises:
      PretrainedError: the file is missing, damaged or another net.
    """
    weight_file = _reader(path)(path)
    found, layers = check_vgg(path, weight_file, depth)
    return VggWeights(found, layers, f'{path} ({weight_file.kind})')


def find_pretrained(model_dir, depth):
    """Returns the path of the preferred VGG file of depth 16 or 19 in model_dir, or None."""
    for name in KNOWN_FILES[depth]:
        path = os.path.join(model_dir, name)
        if os.path.isfile(path) or os.path.isfile(os.path.join(path, 'saved_model.pb')):
            return path
    return None


def download_pretrained(model_dir, depth):
    """Downloads MatConvNet's VGG of depth 16 or 19 (about 550 MB) into model_dir and returns its path.

    Raises fcn8s.utils.download.DownloadError.
    """
    url, md5 = MATCONVNET[depth]
    path = os.path.join(model_dir, os.path.basename(url))
    others = ', '.join(KNOWN_FILES[depth][1:])
    return fetch(url, path, md5=md5, manual=f'Download it by hand from {url}, put it at {path} and run again; '
                                            f'or put one of these into {model_dir}: {others}.')


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
