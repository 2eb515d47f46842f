"""Exports for OpenVINO; int8 by NNCF."""
import os
import tempfile

import numpy as np

from fcn8s.exports.graph import IDS
from fcn8s.exports.loaded import Loaded, package
from fcn8s.exports.tensorflow_formats import frozen
from fcn8s.utils.errors import UserError

KEY = 'fcn8s'  # of the description among the model's rt_info
PRECISION_HINT = 'INFERENCE_PRECISION_HINT'


def write(session, folder, precision, description):
    """Writes net.xml and net.bin; float16 stores weights in half the size, int8 as float32 until `quantize`."""
    openvino = package('openvino')
    if precision == 'int8':
        package('nncf')  # before the conversion
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as temporary:
        path = os.path.join(temporary, 'frozen.pb')
        with open(path, 'wb') as file:
            file.write(frozen(session, [IDS]).SerializeToString())
        model = openvino.convert_model(path)
        _save(openvino, model, folder, description, precision == 'float16')


def quantize(folder, photos, description):
    """Replaces the float32 net in an export's folder by one of int8; photos: list of uint8 [H, W, 3] to calibrate on.

    Weights get one scale a channel, activations one a tensor (NNCF's post-training quantization, without retraining).
    """
    import logging
    openvino, nncf = package('openvino'), package('nncf')
    logging.getLogger('nncf').setLevel(logging.ERROR)
    path = os.path.join(folder, 'net.xml')
    model = openvino.Core().read_model(path)
    data = nncf.Dataset(photos, lambda photo: photo[np.newaxis])
    model = nncf.quantize(model, data, subset_size=len(photos))
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as temporary:
        _save(openvino, model, temporary, description, False)
        for name in ('net.xml', 'net.bin'):
            os.replace(os.path.join(temporary, name), os.path.join(folder, name))


def load(path, precision):
    """Compiles a model for the CPU. 'auto' is OpenVINO's own choice: bfloat16 where the processor computes in it."""
    openvino = package('openvino')
    hints = {PRECISION_HINT: 'f32'} if precision == 'float32' else {}
    try:
        compiled = openvino.Core().compile_model(path, 'CPU', hints)
    except RuntimeError as error:
        raise UserError(f'{path} cannot be loaded: {error}. Export the net again.') from error
    return Loaded(lambda images: (compiled(images)[0], None), f'OpenVINO {openvino.__version__.split("-")[0]}',
                  lambda: None)


def read_description(path):
    """The description in the model, or None."""
    openvino = package('openvino')
    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise UserError(f'{path} cannot be loaded: {error}. Export the net again.') from error
    return model.get_rt_info([KEY]).astype(str) if model.has_rt_info([KEY]) else None


def _save(openvino, model, folder, description, half):
    model.set_rt_info(description, [KEY])
    openvino.save_model(model, os.path.join(folder, 'net.xml'), compress_to_fp16=half)
