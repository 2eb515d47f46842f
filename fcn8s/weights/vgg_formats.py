"""Readers of VGG weight files: NumPy, Keras, MatConvNet, SavedModel."""
import glob
import os
import zipfile

import numpy as np

from fcn8s.utils.archive import MAX_RATIO
from fcn8s.utils.tf_paths import ReadablePath
from fcn8s.weights.lengths import array_bytes, check_length, check_npz
from fcn8s.weights.mat_structure import check_mat
from fcn8s.weights.safe_pickle import load_object
from fcn8s.weights.vgg_layers import PretrainedError, WeightFile, layer_name, weight_file_errors


def read_npy(path):
    """WeightFile of a pickled dictionary {layer: [kernel, bias] or {'weights': kernel, 'biases': bias}}.

    This is what caffe-tensorflow (kaffe/transformers.py) writes and vgg16.npy, vgg19.npy are: kernels [h, w, in, out]
    that take BGR, fc6 as [49 * in, out] whose rows count [h, w, in]. Raises PretrainedError.
    """
    with weight_file_errors(path):
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

    Each group holds a kernel and a bias, named block1_conv1_W_1:0 or block1_conv1/kernel:0 or as later releases do;
    a whole model keeps the groups in `model_weights`. Kernels [h, w, in, out] take BGR (keras.applications.vgg16,
    preprocess_input of mode 'caffe'); fc1's rows count [h, w, in]. Raises PretrainedError.
    """
    try:
        import h5py
    except ImportError as error:
        raise PretrainedError(f'{path} needs the package h5py: pip install h5py') from error
    if 'th_kernels' in os.path.basename(path):
        raise PretrainedError(f'{path} is for Theano, which turns kernels by 180 degrees. '
                              'Give the file named ..._tf_dim_ordering_tf_kernels.h5.')
    with weight_file_errors(path), h5py.File(path, 'r') as file:
        groups = _own(file, 'model_weights') if 'model_weights' in file else file
        pairs = {layer_name(name): _h5_arrays(_own(groups, name)) for name in groups if layer_name(name)}
        return WeightFile('Keras', 'BGR', {name: pair for name, pair in pairs.items() if pair}, list(groups))


def _own(group, name):
    """An entry of a group. Raises ValueError for a link, which may lead into another file."""
    kind = type(group.get(name, getlink=True)).__name__
    if kind != 'HardLink':
        raise ValueError(f'{name} is a link ({kind}), which a file of weights has no need of (it was not followed)')
    return group[name]


def _h5_arrays(group):
    """(kernel, bias) of a layer's group, or None if it does not hold just these two."""
    arrays = []
    group.visititems(lambda _, item: arrays.append(item) if hasattr(item, 'ndim') else None)  # follows no link
    arrays.sort(key=lambda array: -array.ndim)
    return tuple(_read(array) for array in arrays) if len(arrays) == 2 else None


def _read(dataset):
    """A dataset's numbers. Raises ValueError for one that stands in other files, or claims more than is there."""
    properties = dataset.id.get_create_plist()
    if properties.get_external_count() or dataset.is_virtual:
        raise ValueError(f'{dataset.name} stands in another file, which a file of weights has no need of (that was '
                         'not read)')
    if dataset.dtype.kind not in 'fiu' or dataset.shape is None:
        raise ValueError(f'{dataset.name} holds {dataset.dtype}, expected numbers')
    stored, size = dataset.id.get_storage_size(), os.path.getsize(dataset.file.filename)
    check_length(dataset.name, stored, size)
    check_length(dataset.name, array_bytes(dataset.shape, dataset.dtype.itemsize), stored,
                 MAX_RATIO if properties.get_nfilters() else 1)
    return dataset[()]


MATCONVNET = {  # depth: (url, md5)
    16: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-16.mat', 'f72d927587ca4c97fbd165ec9cb9997f'),
    19: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat', '106118b7cf60435e6d8e04f6a6dc3657'),
}
# conv1_1's weights from blue to channel 0 in the top row's middle and the middle row's left, in VGG-16 and VGG-19.
BESIDE_CORNER = ((0.373467, 0.274770), (0.339990, 0.232160))


def read_mat(path):
    """WeightFile of a MATLAB 5 to 7.2 file with the cell `layers` of structs, matched by their field `name`.

    A struct keeps its arrays in the cell `weights`, in the oldest files in `filters` and `biases`. Kernels take RGB and
    are [width, height, in, out] by MatConvNet's manual. Its utils/import-caffe.py, though, writes Caffe's kernels as
    [height, width, in, out]; a file whose conv1_1 shows the published values in that order is taken at its values,
    for transposing it would mirror every filter about its diagonal.
    Raises PretrainedError.
    """
    from scipy.io import loadmat, whosmat
    with weight_file_errors(path, _hint(path)):
        check_mat(path, 'layers')
        try:
            layers = loadmat(path, variable_names=['layers'], struct_as_record=False).get('layers')
        except NotImplementedError as error:
            raise PretrainedError(f"{path} is a MATLAB 7.3 file, which MatConvNet's own files are not. {_hint(path)} "
                                  "Or save it again in MATLAB with the option '-v7'.") from error
        if layers is None:
            return WeightFile('MatConvNet', 'RGB', {}, [name for name, _, _ in whosmat(path)])
        structs = [_only(entry) for entry in layers.ravel()]
        names = [str(_only(getattr(struct, 'name', '?'))) for struct in structs]
        pairs = {layer_name(name): _arrays(struct) for name, struct in zip(names, structs)}
    pairs = {name: pair for name, pair in pairs.items() if name and pair}
    if not ('conv1_1' in pairs and _height_first(pairs['conv1_1'][0])):
        pairs = {name: (kernel.transpose(1, 0, 2, 3), bias) for name, (kernel, bias) in pairs.items()}
    return WeightFile('MatConvNet', 'RGB', pairs, names)


def _height_first(kernel):
    """Whether conv1_1 shows, right of the corner and below it, what the published kernels have there."""
    if kernel.shape[:3] != (3, 3, 3):
        return False
    return any(np.allclose((kernel[0, 1, 2, 0], kernel[1, 0, 2, 0]), pair, atol=1e-3) for pair in BESIDE_CORNER)


def _only(value):
    """The one thing inside MATLAB's [1, 1] arrays, however deep they nest."""
    while isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    return value


def _arrays(struct):
    """(kernel, bias) of a layer's struct, or None if it has none."""
    if hasattr(struct, 'filters'):
        kernel, bias = struct.filters, struct.biases
    elif len(np.ravel(getattr(struct, 'weights', []))) == 2:
        kernel, bias = struct.weights.ravel()
    else:
        return None
    return kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim)), bias.ravel()  # MATLAB drops last dimensions of 1


def _hint(path):
    for url, md5 in MATCONVNET.values():
        if os.path.basename(path) == os.path.basename(url):
            return f'Download it again from {url} (MD5 {md5}).'
    return 'Get it again from a source you trust.'


TAG = 'vgg16'
TENSORS = ('image_input', 'keep_prob', 'layer3_out', 'layer4_out', 'layer7_out')


def read_saved_model(path):
    """WeightFile of a SavedModel folder with the tag vgg16 and the variables conv1_1/filter, conv1_1/biases, ...,
    fc6/weights, fc6/biases, fc7/..., kernels [h, w, in, out].

    Its image_input takes RGB, which its ops `Processing` turn into BGR before conv1_1 (M. Teichmann, tensorflow-fcn,
    fcn8_vgg.py). The graph is not built. Raises PretrainedError.
    """
    from fcn8s.utils.tf1 import tf
    load_checkpoint = tf.train.load_checkpoint  # imports TensorFlow in TensorflowUtils' way, before _check_graph can
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
