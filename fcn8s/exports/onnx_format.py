"""Exports as ONNX: converted by tf2onnx, run by ONNX Runtime."""
import contextlib
import io
import logging
import os

import numpy as np

from fcn8s.exports.graph import IDS, IMAGES
from fcn8s.exports.loaded import Loaded, package
from fcn8s.exports.tensorflow_formats import frozen
from fcn8s.utils.errors import UserError

OPSET = 17  # the lowest that has all that the nets need; older runtimes read older ones
KEY = 'fcn8s'  # of the description among the file's metadata


def write(session, folder, precision, description):
    """Writes net.onnx."""
    del precision
    convert, onnx = package('tf2onnx.convert'), package('onnx')
    package('onnxruntime')  # before a minute of work
    logging.getLogger('tf2onnx').setLevel(logging.ERROR)
    with contextlib.redirect_stderr(io.StringIO()):
        model, _ = convert.from_graph_def(frozen(session, [IDS]), input_names=[IMAGES + ':0'],
                                          output_names=[IDS + ':0'], opset=OPSET)
    for node in model.graph.node:
        if node.op_type == 'Conv':
            _pad_explicitly(node, onnx.helper.make_attribute)
    model.metadata_props.add(key=KEY, value=description)
    onnx.save(model, os.path.join(folder, 'net.onnx'))


def load(path, precision):
    """Opens a file in ONNX Runtime, on the CPU."""
    del precision
    onnxruntime = package('onnxruntime')
    session = _session(path, onnxruntime)
    name = session.get_inputs()[0].name
    return Loaded(lambda images: (session.run(None, {name: np.ascontiguousarray(images)})[0], None),
                  f'ONNX Runtime {onnxruntime.__version__}', lambda: None)


def read_description(path):
    """The description in the file, or None."""
    return _session(path, package('onnxruntime')).get_modelmeta().custom_metadata_map.get(KEY)


def _session(path, onnxruntime):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    try:
        return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    except Exception as error:  # its own classes derive from nothing narrower
        raise UserError(f'{path} cannot be loaded: {error}. Export the net again.') from error


def _pad_explicitly(node, make_attribute):
    """Replaces SAME padding of a dilated convolution of stride 1, which ONNX Runtime refuses, by numbers of zeros."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    rates = list(attributes['dilations'].ints) if 'dilations' in attributes else [1]
    if max(rates) > 1 and 'auto_pad' in attributes and attributes['auto_pad'].s == b'SAME_UPPER':
        sizes = attributes['kernel_shape'].ints
        zeros = [rate * (size - 1) // 2 for rate, size in zip(rates, sizes)]
        node.attribute.remove(attributes['auto_pad'])
        node.attribute.append(make_attribute('pads', zeros * 2))
