"""The formats of exports: how each is written, and loaded again.

    export/saved_model.pb, variables/   saved_model    TensorFlow Serving, TensorFlow 2, C++
    export/frozen.pb                    frozen_graph   a GraphDef with its weights inside
    export/net.onnx                     onnx           ONNX Runtime and what else reads ONNX
    export/net.xml, net.bin             openvino       OpenVINO
    export/net.tflite                   tflite         LiteRT, formerly TensorFlow Lite

export.json beside them describes the net (see fcn8s.exports.describe); the last three hold the same text inside.
"""
import collections
import os

from fcn8s.exports import onnx_format, openvino_format, tensorflow_formats, tflite_format
from fcn8s.exports.graph import portable_graph, tensorflow_graph

DESCRIPTION = 'export.json'

# How nets are exported to one runtime.
#   file          name of what load opens, in the folder of the export
#   graph         function of fcn8s.exports.graph that builds what is exported
#   precisions    of the weights that it takes, the default one first
#   write         function (session, folder, precision, description): writes its files into an empty folder
#   load          function (path, precision) -> Loaded; the precision asked for is 'auto' or 'float32'
#   read_inside   function (path) -> the description in the file, a str; None if only export.json has it
Format = collections.namedtuple('Format', 'file graph precisions write load read_inside')

FORMATS = collections.OrderedDict([
    ('saved_model', Format('saved_model.pb', tensorflow_graph, ('float32',), tensorflow_formats.write_saved_model,
                           tensorflow_formats.load_saved_model, None)),
    ('frozen_graph', Format(tensorflow_formats.FROZEN, tensorflow_graph, ('float32',), tensorflow_formats.write_frozen,
                            tensorflow_formats.load_frozen, None)),
    ('onnx', Format('net.onnx', portable_graph, ('float32',), onnx_format.write, onnx_format.load,
                    onnx_format.read_description)),
    ('openvino', Format('net.xml', portable_graph, ('float32', 'float16', 'int8'), openvino_format.write,
                        openvino_format.load, openvino_format.read_description)),
    ('tflite', Format('net.tflite', portable_graph, ('float32', 'float16'), tflite_format.write, tflite_format.load,
                      tflite_format.read_description)),
])
_BY_ENDING = {'.onnx': 'onnx', '.xml': 'openvino', '.tflite': 'tflite'}


def find_export(path):
    """(key of FORMATS, path of the file to load) of an export: its folder or one of its files; None if it is none."""
    if os.path.isdir(path):
        found = [(name, os.path.join(path, form.file)) for name, form in FORMATS.items()
                 if os.path.isfile(os.path.join(path, form.file))]
        return found[0] if found and os.path.isfile(os.path.join(path, DESCRIPTION)) else None
    name = os.path.basename(path)
    by_name = {form.file: key for key, form in FORMATS.items()}
    form = by_name.get(name) or _BY_ENDING.get(os.path.splitext(name)[1].lower())
    return (form, path) if form else None
