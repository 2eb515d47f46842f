"""VGG weights in Keras's HDF5 files."""
import os

from files.archive import MAX_RATIO
from nets.weights.lengths import array_bytes, check_length
from nets.weights.vgg_layers import PretrainedError, WeightFile, layer_name, naming_damage


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
    with naming_damage(path), h5py.File(path, 'r') as file:
        groups = _own(file, 'model_weights') if 'model_weights' in file else file
        pairs = {layer_name(name): _arrays(_own(groups, name)) for name in groups if layer_name(name)}
        return WeightFile('Keras', 'BGR', {name: pair for name, pair in pairs.items() if pair}, list(groups))


def _own(group, name):
    """An entry of a group. Raises ValueError for a link, which may lead into another file."""
    kind = type(group.get(name, getlink=True)).__name__
    if kind != 'HardLink':
        raise ValueError(f'{name} is a link ({kind}), which a file of weights has no need of (it was not followed)')
    return group[name]


def _arrays(group):
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
