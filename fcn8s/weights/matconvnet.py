"""Reads MatConvNet's VGG weight files."""
import numpy as np

from fcn8s.weights.encoders import published_at
from fcn8s.weights.mat_structure import check_mat
from fcn8s.weights.vgg_layers import PretrainedError, WeightFile, layer_name, weight_file_errors


def read_mat(path):
    """WeightFile of a MATLAB 5 to 7.2 file with the cell `layers` of structs, matched by their field `name`.

    A struct keeps its arrays in the cell `weights`; the oldest files use `filters` and `biases`. Kernels take RGB and
    are [height, width, in, out], as MatConvNet's importer utils/import-caffe.py writes them (its manual swaps height
    and width): they are read as they are. Raises PretrainedError.
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
    return WeightFile('MatConvNet', 'RGB', pairs, names)


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
    url = published_at(path)
    return f'Download it again from {url}.' if url else 'Get it again from a source you trust.'
