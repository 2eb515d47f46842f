"""VGG weights in MatConvNet's .mat files, of the releases up to beta16 and after."""
import os

import numpy as np

from nets.weights.mat_structure import check_mat
from nets.weights.vgg_layers import PretrainedError, WeightFile, layer_name, naming_damage

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
    with naming_damage(path, _hint(path)):
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
