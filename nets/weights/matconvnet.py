"""VGG weights in MatConvNet's .mat files, of the releases up to beta16 and after."""
import os

import numpy as np

from nets.weights.vgg_layers import PretrainedError, WeightFile, layer_name, naming_damage

MATCONVNET = {  # depth: (url, md5)
    16: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-16.mat', 'f72d927587ca4c97fbd165ec9cb9997f'),
    19: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat', '106118b7cf60435e6d8e04f6a6dc3657'),
}


def read_mat(path):
    """WeightFile of a MATLAB 5 to 7.2 file with the cell `layers` of structs, matched by their field `name`.

    A struct keeps its arrays in the cell `weights`, in the oldest files in `filters` and `biases`. Kernels are
    [h, w, in, out] and take RGB: MatConvNet's utils/import-caffe.py transposes them to that from Caffe's
    [out, in, h, w], and their values agree with those of the Keras files. (Its manual calls them [w, h, in, out], and
    some published code transposes them once more, which mirrors every filter about its diagonal.)
    Raises PretrainedError.
    """
    from scipy.io import loadmat, whosmat
    with naming_damage(path, _hint(path)):
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
    return WeightFile('MatConvNet', 'RGB', {name: pair for name, pair in pairs.items() if name and pair}, names)


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
