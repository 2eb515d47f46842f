"""VGG weights in NumPy's .npy and .npz files: conversions of the Caffe models."""
import zipfile

import numpy as np

from nets.weights.array_pickle import load_object
from nets.weights.lengths import check_npz
from nets.weights.vgg_layers import PretrainedError, WeightFile, layer_name, naming_damage


def read_npy(path):
    """WeightFile of a pickled dictionary {layer: [kernel, bias] or {'weights': kernel, 'biases': bias}}.

    This is what caffe-tensorflow (kaffe/transformers.py) writes and vgg16.npy, vgg19.npy are: kernels [h, w, in, out]
    that take BGR, fc6 as [49 * in, out] whose rows count [h, w, in]. Raises PretrainedError.
    """
    with naming_damage(path):
        found = load_object(path)
    if not isinstance(found, dict):
        raise PretrainedError(f'{path} holds no VGG: expected a dictionary of layers, found {type(found).__name__}.')
    pairs = {layer_name(str(name)): _pair(path, name, value) for name, value in found.items() if layer_name(str(name))}
    return WeightFile('NumPy dictionary', 'BGR', pairs, [str(name) for name in found])


def read_npz(path):
    """WeightFile of an archive with the arrays conv1_1_W, conv1_1_b, ..., fc6_W, fc6_b, ...

    This is D. Frossard's vgg16_weights.npz: kernels [h, w, in, out], fc6 as in read_npy; his vgg16.py feeds it RGB
    (http://www.cs.toronto.edu/~frossard/post/vgg16/). Raises PretrainedError.
    """
    with naming_damage(path):
        if not zipfile.is_zipfile(path):  # np.load would take it for a pickle and advise to run that
            raise zipfile.BadZipFile('it is no zip archive, as .npz files are')
        with np.load(path, allow_pickle=False) as archive:
            names = [key[:-2] for key in archive.files if key.endswith('_W') and key[:-2] + '_b' in archive.files]
            check_npz(path, [name + part for name in names if layer_name(name) for part in ('_W', '_b')])
            pairs = {layer_name(name): (archive[name + '_W'], archive[name + '_b'])
                     for name in names if layer_name(name)}
            return WeightFile('NumPy archive', 'RGB', pairs, archive.files)


def _pair(path, name, value):
    if isinstance(value, dict):
        value = [value.get('weights'), value.get('biases')]
    if not isinstance(value, (list, tuple)) or [type(array) for array in value] != [np.ndarray, np.ndarray]:
        raise PretrainedError(f"{path}: {name} holds {type(value).__name__}, expected [kernel, bias] or "
                              "{'weights': kernel, 'biases': bias}. Give another copy of the file.")
    return tuple(value)
