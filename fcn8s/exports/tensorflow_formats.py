"""Exports in TensorFlow's own formats: SavedModel and frozen GraphDef."""
import os

from fcn8s.exports.graph import IDS, IMAGES, PROBABILITIES
from fcn8s.exports.loaded import Loaded
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import ReadablePath
from TensorflowUtils import create_session

SIGNATURES = {'serving_default': IDS, 'probabilities': PROBABILITIES}  # name: its output
FROZEN = 'frozen.pb'


def write_saved_model(session, folder, precision, description):
    """Writes the session's graph and variables, with a signature for ids and one for probabilities."""
    del precision, description
    signatures = {name: tf.saved_model.signature_def_utils.predict_signature_def(
        {IMAGES: session.graph.get_tensor_by_name(IMAGES + ':0')},
        {output: session.graph.get_tensor_by_name(output + ':0')}) for name, output in SIGNATURES.items()}
    builder = tf.saved_model.builder.SavedModelBuilder(folder)
    builder.add_meta_graph_and_variables(session, [tf.saved_model.tag_constants.SERVING], signatures,
                                         strip_default_attrs=True)
    builder.save()


def write_frozen(session, folder, precision, description):
    """Writes the session's graph, its variables frozen to constants."""
    del precision, description
    with open(os.path.join(folder, FROZEN), 'wb') as file:
        file.write(frozen(session, list(SIGNATURES.values())).SerializeToString())


def frozen(session, outputs):
    """The GraphDef of what the named ops need, variables replaced by constants."""
    return tf.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), outputs)


def load_saved_model(path, precision):
    """Loads the SavedModel of which path is the saved_model.pb."""
    del precision

    def fill(session):
        linked = ReadablePath(os.path.dirname(path))
        tf.saved_model.loader.load(session, [tf.saved_model.tag_constants.SERVING], linked.path)
    return _loaded(fill, path)


def load_frozen(path, precision):
    """Loads a frozen GraphDef."""
    del precision

    def fill(session):
        definition = tf.GraphDef()
        with open(path, 'rb') as file:
            definition.ParseFromString(file.read())
        with session.graph.as_default():
            tf.import_graph_def(definition, name='')
    return _loaded(fill, path)


def _loaded(fill, path):
    from google.protobuf.message import DecodeError
    with tf.Graph().as_default() as graph:
        session = create_session(graph, as_written=True)
    try:
        fill(session)
        fetches = [graph.get_tensor_by_name(name + ':0') for name in (IDS, PROBABILITIES)]
    except (tf.errors.OpError, OSError, KeyError, ValueError, DecodeError) as error:
        session.close()
        raise UserError(f'{path} cannot be loaded: {error}. Export the net again.')
    return Loaded(lambda images: session.run(fetches, {IMAGES + ':0': images}), f'TensorFlow {tf.version.VERSION}',
                  session.close)
