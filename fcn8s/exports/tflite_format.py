"""Exports for LiteRT, formerly TensorFlow Lite, of its built-in operators only."""
import os
import tempfile
import zipfile

from fcn8s.exports.graph import IDS, IMAGES
from fcn8s.exports.loaded import Loaded, package
from fcn8s.exports.tensorflow_formats import frozen
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import quiet_stderr, tf

DESCRIPTION = 'export.json'  # in a zip archive behind the net, where TensorFlow Lite keeps associated files


def write(session, folder, precision, description):
    """Writes net.tflite; float16 stores weights in half the size."""
    if tf.version.VERSION.startswith('1.'):
        raise UserError(f'--format=tflite needs TensorFlow 2; this is {tf.version.VERSION}.')
    package('ai_edge_litert.interpreter')  # before a minute of work
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as temporary:
        saved = os.path.join(temporary, 'saved_model')
        with tf.Graph().as_default() as graph, tf.Session(graph=graph) as constant:
            tf.import_graph_def(frozen(session, [IDS]), name='')
            tf.saved_model.simple_save(constant, saved, {IMAGES: graph.get_tensor_by_name(IMAGES + ':0')},
                                       {IDS: graph.get_tensor_by_name(IDS + ':0')})
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if precision == 'float16':
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        with quiet_stderr():  # it logs what is no error
            net = converter.convert()
    path = os.path.join(folder, 'net.tflite')
    with open(path, 'wb') as file:
        file.write(net)
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr(DESCRIPTION, description)


def load(path, precision):
    """Opens a file in LiteRT, on all cores."""
    del precision
    litert = package('ai_edge_litert.interpreter')
    try:
        net = litert.Interpreter(path, num_threads=os.cpu_count())
    except (ValueError, RuntimeError) as error:
        raise UserError(f'{path} cannot be loaded: {error}. Export the net again.') from error

    def predict(images):
        given, found = net.get_input_details()[0]['index'], net.get_output_details()[0]['index']
        if tuple(net.get_input_details()[0]['shape']) != images.shape:
            with quiet_stderr():  # it says that it uses XNNPACK
                net.resize_tensor_input(given, images.shape)
                net.allocate_tensors()
        net.set_tensor(given, images)
        net.invoke()
        return net.get_tensor(found), None
    return Loaded(predict, 'LiteRT ' + _version(), lambda: None)


def read_description(path):
    """The description behind the net, or None."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(DESCRIPTION).decode('utf-8')
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
        return None


def _version():
    from importlib.metadata import version
    return version('ai-edge-litert')
