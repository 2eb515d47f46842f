"""Readers of VGG weight files: NumPy, Keras, torchvision and SavedModel."""
import glob
import os
import re
import zipfile

import numpy as np

from fcn8s.nets.vgg import CONVS
from fcn8s.utils.archive import MAX_RATIO
from fcn8s.utils.tf_paths import ReadablePath
from fcn8s.weights.lengths import array_bytes, check_length, check_npz
from fcn8s.weights.pth import read_pth
from fcn8s.weights.safe_pickle import load_object
from fcn8s.weights.vgg_layers import KERNEL_SIZES, PretrainedError, WeightFile, layer_name, weight_file_errors
from FCN_model import IMAGENET_STD


def read_npy(path):
    """WeightFile of a pickled dictionary {layer: [kernel, bias] or {'weights': kernel, 'biases': bias}}.

    The format of vgg16.npy and vgg19.npy, as caffe-tensorflow (kaffe/transformers.py) writes it: kernels
    [h, w, in, out] for BGR input, and fc6 as [49 * in, out] with the flattened [h, w, in] as rows.
    Raises PretrainedError.
    """
    with weight_file_errors(path):
        found = load_object(path)
    if not isinstance(found, dict):
        raise PretrainedError(f'{path} holds no VGG: expected a dictionary of layers, found {type(found).__name__}.')
    pairs = {layer_name(str(name)): _pair(path, name, value) for name, value in found.items() if layer_name(str(name))}
    return WeightFile('NumPy dictionary', 'BGR', pairs, [str(name) for name in found])


def read_npz(path):
    """WeightFile of an archive with the arrays conv1_1_W, conv1_1_b, ..., fc6_W, fc6_b, ...

    The format of D. Frossard's vgg16_weights.npz: kernels [h, w, in, out], fc6 as in read_npy; his vgg16.py feeds RGB
    (http://www.cs.toronto.edu/~frossard/post/vgg16/). Raises PretrainedError.
    """
    with weight_file_errors(path):
        if not zipfile.is_zipfile(path):  # np.load would take it for a pickle and suggest running it
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


def read_h5(path):
    """WeightFile of an .h5 with the groups block1_conv1, ..., fc1, fc2 (absent in `_notop` files).

    Each group holds a kernel and a bias, whose names differ between Keras releases (block1_conv1_W_1:0,
    block1_conv1/kernel:0, ...); a saved model keeps the groups in `model_weights`. Kernels [h, w, in, out] take BGR
    (keras.applications.vgg16, preprocess_input with mode 'caffe'); the rows of fc1 are the flattened [h, w, in].
    Raises PretrainedError.
    """
    try:
        import h5py
    except ImportError as error:
        raise PretrainedError(f'{path} needs the package h5py: pip install h5py') from error
    if 'th_kernels' in os.path.basename(path):
        raise PretrainedError(f'{path} is for Theano, which rotates kernels by 180 degrees. '
                              'Give the file named ..._tf_dim_ordering_tf_kernels.h5.')
    with weight_file_errors(path), h5py.File(path, 'r') as file:
        groups = _own(file, 'model_weights') if 'model_weights' in file else file
        pairs = {layer_name(name): _h5_arrays(_own(groups, name)) for name in groups if layer_name(name)}
        return WeightFile('Keras', 'BGR', {name: pair for name, pair in pairs.items() if pair}, list(groups))


def _own(group, name):
    """Returns an entry of a group. Raises ValueError for a link, which may lead into another file."""
    kind = type(group.get(name, getlink=True)).__name__
    if kind != 'HardLink':
        raise ValueError(f'{name} is a link ({kind}), which weight files do not need (it was not followed)')
    return group[name]


def _h5_arrays(group):
    """(kernel, bias) of a layer's group, or None unless it holds exactly two arrays."""
    arrays = []
    group.visititems(lambda _, item: arrays.append(item) if hasattr(item, 'ndim') else None)  # follows no link
    arrays.sort(key=lambda array: -array.ndim)
    return tuple(_read(array) for array in arrays) if len(arrays) == 2 else None


def _read(dataset):
    """Returns a dataset's numbers. Raises ValueError if they are in another file or claim more bytes than it has."""
    properties = dataset.id.get_create_plist()
    if properties.get_external_count() or dataset.is_virtual:
        raise ValueError(f'{dataset.name} is stored in another file, which weight files do not need (it was not read)')
    if dataset.dtype.kind not in 'fiu' or dataset.shape is None:
        raise ValueError(f'{dataset.name} holds {dataset.dtype}, expected numbers')
    stored, size = dataset.id.get_storage_size(), os.path.getsize(dataset.file.filename)
    check_length(dataset.name, stored, size)
    check_length(dataset.name, array_bytes(dataset.shape, dataset.dtype.itemsize), stored,
                 MAX_RATIO if properties.get_nfilters() else 1)
    return dataset[()]


def read_torchvision(path):
    """WeightFile of torchvision's vgg16 or vgg19, which takes RGB: features.N.weight, .bias and classifier.N.

    N counts a ReLU behind each convolution and a pool behind each block, so that of the last convolution tells the
    depth. classifier.0 becomes fc6, whose columns are the flattened [in, h, w], and classifier.3 fc7. Raises
    PretrainedError, and UserError as read_pth.
    """
    arrays = read_pth(path)
    last = max((int(name.split('.')[1]) for name in arrays if re.match(r'features\.\d+\.weight$', name)), default=None)
    names = next((names for names in map(_torchvision_names, CONVS) if max(names) == last), None)
    if names is None:
        raise PretrainedError(f'{path} holds no VGG with the layers of torchvision. An encoder of '
                              f'semantic-segmentation-pytorch starts a net with --init_from={path}.')
    theirs = dict({layer: f'features.{number}' for number, layer in names.items()}, fc6='classifier.0',
                  fc7='classifier.3')
    pairs = {layer: (arrays[name + '.weight'], arrays[name + '.bias']) for layer, name in theirs.items()
             if name + '.weight' in arrays and name + '.bias' in arrays}
    for layer, size in KERNEL_SIZES.items():
        if layer in pairs and pairs[layer][0].ndim == 2 and pairs[layer][0].shape[1] % size ** 2 == 0:
            kernel, bias = pairs[layer]
            pairs[layer] = kernel.reshape(len(kernel), -1, size, size).transpose(2, 3, 1, 0), bias
    return WeightFile('torchvision', 'RGB', pairs, list(arrays), IMAGENET_STD)


def _torchvision_names(depth):
    """{N: layer name} of the convolutions of a VGG of this depth, in order."""
    numbers, number = {}, 0
    for block, count in enumerate(CONVS[depth], 1):
        for i in range(1, count + 1):
            numbers[number] = f'conv{block}_{i}'
            number += 2
        number += 1
    return numbers


TAG = 'vgg16'
TENSORS = ('image_input', 'keep_prob', 'layer3_out', 'layer4_out', 'layer7_out')


def read_saved_model(path):
    """WeightFile of a SavedModel folder with the tag vgg16 and the variables conv1_1/filter, conv1_1/biases, ...,
    fc6/weights, fc6/biases, fc7/..., kernels [h, w, in, out].

    Its image_input takes RGB, which its `Processing` ops convert to BGR for conv1_1 (M. Teichmann, tensorflow-fcn,
    fcn8_vgg.py). Reads the variables without building the graph. Raises PretrainedError.
    """
    from fcn8s.utils.tf1 import tf
    load_checkpoint = tf.train.load_checkpoint  # loads TensorFlow through tf1, before _check_graph does
    with weight_file_errors(path):
        _check_graph(path)
        linked = ReadablePath(path)  # lives until the arrays are read
        reader = load_checkpoint(os.path.join(linked.path, 'variables', 'variables'))
        names, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
        size = sum(map(os.path.getsize, glob.glob(os.path.join(glob.escape(path), 'variables', 'variables.data-*'))))
        pairs = {}
        for name in names:
            layer, _, part = name.rpartition('/')
            if part in ('filter', 'weights') and layer_name(layer) and layer + '/biases' in names:
                pair = name, layer + '/biases'
                for part in pair:
                    check_length(part, array_bytes(names[part], types[part].size), size)
                pairs[layer_name(layer)] = tuple(map(reader.get_tensor, pair))
    return WeightFile('SavedModel', 'BGR', pairs, list(names))


def _check_graph(path):
    """Raises PretrainedError unless the SavedModel has the tag and the tensors of the pretrained VGG16."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    model = SavedModel()
    with open(os.path.join(path, 'saved_model.pb'), 'rb') as file:
        model.ParseFromString(file.read())
    tags = [sorted(graph.meta_info_def.tags) for graph in model.meta_graphs]
    graphs = [graph for graph in model.meta_graphs if TAG in graph.meta_info_def.tags]
    if not graphs:
        raise PretrainedError(f"{path} is not the pretrained VGG16: it has the tags {tags}, expected '{TAG}'.")
    nodes = {node.name for node in graphs[0].graph_def.node}
    missing = [name for name in TENSORS if name not in nodes]
    if missing:
        raise PretrainedError(f'{path} is not the pretrained VGG16: its graph lacks the tensors {", ".join(missing)}.')
