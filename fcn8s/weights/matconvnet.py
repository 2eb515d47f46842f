"""Reads MatConvNet's VGG weight files; lists where they are published."""
import os

import numpy as np

from fcn8s.weights.mat_structure import check_mat
from fcn8s.weights.vgg_layers import PretrainedError, WeightFile, layer_name, weight_file_errors

MATCONVNET = {  # depth: (url, md5)
    16: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-16.mat', 'f72d927587ca4c97fbd165ec9cb9997f'),
    19: ('http://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat', '106118b7cf60435e6d8e04f6a6dc3657'),
}
# conv1_1's weights from blue to channel 0 in the top row's middle and the middle row's left, in VGG-16 and VGG-19.
BESIDE_CORNER = ((0.373467, 0.274770), (0.339990, 0.232160))


def read_mat(path):
    """WeightFile of a MATLAB 5 to 7.2 file with the cell `layers` of structs, matched by their field `name`.

    A struct keeps its arrays in the cell `weights`; the oldest files use `filters` and `biases`. Kernels take RGB and,
    by MatConvNet's manual, are [width, height, in, out]. But its utils/import-caffe.py writes Caffe's kernels as
    [height, width, in, out], and transposing those would mirror every filter about its diagonal. So a file whose
    conv1_1 has the published values in that order is not transposed. Raises PretrainedError.
    """
    from scipy.io import loadmat, whosmat
    with weight_file_errors(path, _hint(path)):
        check_mat(path, 'layers')
        try:
            layers = loadmat(path, variable_names=['layers'], struct_as_record=False).get('layers')
        except NotImplementedError as error:
            raise PretrainedError(f"{path} is a MATLAB 7.3 file; MatConvNet's own files are older. {_hint(path)} "
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
    """Whether conv1_1, read as [height, width, in, out], has the published values beside its top left corner."""
    if kernel.shape[:3] != (3, 3, 3):
        return False
    return any(np.allclose((kernel[0, 1, 2, 0], kernel[1, 0, 2, 0]), pair, atol=1e-3) for pair in BESIDE_CORNER)


def _only(value):
    """Unwraps a single value from MATLAB's nested [1, 1] arrays."""
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
    return kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim)), bias.ravel()  # MATLAB drops trailing 1s


def _hint(path):
    """Says where to get the file again."""
    for url, md5 in MATCONVNET.values():
        if os.path.basename(path) == os.path.basename(url):
            return f'Download it again from {url} (MD5 {md5}).'
    return 'Get it again from a source you trust.'
