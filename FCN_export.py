"""Exports a trained net for use without these scripts: TensorFlow Serving, TensorFlow 2, C++, other languages.

    python FCN_export.py                                    # logs/ becomes the SavedModel export/
    python FCN_export.py --logs_dir=logs/my_photos --checkpoint=best --export_dir=export/cats
    python FCN_export.py --format=frozen_graph              # export/frozen.pb, a GraphDef with its weights inside

The exported graph takes photos of any size, uint8 [B, H, W, 3] in RGB, and returns class ids, uint8 [B, H, W], or
probabilities, float32 [B, H, W, classes]. export/export.json names its tensors, signatures and classes. Before export/
gets its name, the export is loaded again and its predictions are compared with the net's.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import os

import numpy as np

from fcn8s.config import NetOverrides
from fcn8s.data.photos import network_size, resize_ids, resize_photo, round_up
from fcn8s.devices import plain_ops
from fcn8s.flags import export_flags
from fcn8s.nets.pillow_resampling import enlarge_bilinear, resize_nearest
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_folder, write_json
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import ReadablePath, check_writable_name
from fcn8s.weights.restore import load_arrays
from FCN_model import build_scores
from TensorflowUtils import create_session

LOGS_DIR = 'logs'
EXPORT_DIR = 'export'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # names the classes if no run does
SIGNATURES = {'serving_default': 'ids', 'probabilities': 'probabilities'}  # name: its output
FROZEN = 'frozen.pb'
CHECKED_SIZES = (64, 96), (75, 130), (33, 31), (1, 1)  # of the photos compared; only the first needs no resizing
TOLERANCE = 1e-3  # of a probability: the two may compute layers in different forms


def serving_graph(net, with_class_0):
    """Builds what Segmenter.predict does, resizing included, in the default graph; returns the net's variables.

    Its tensors: images, uint8 [B, H, W, 3]; ids, uint8 [B, H, W]; probabilities, float32 [B, H, W, N].

    Args:
      net: a NetConfig.
      with_class_0: False excludes class 0 from the ids.
    """
    images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
    height, width = tf.unstack(tf.shape(images)[1:3])
    pixels = tf.cast(enlarge_bilinear(images, round_up(height), round_up(width)), tf.float32)
    # resource variables, because TensorFlow 2 can load no others
    with plain_ops(), tf.variable_scope(tf.get_variable_scope(), use_resource=True):
        scores, _ = build_scores(net.net, pixels, net.num_classes, net.width)
    tf.identity(resize_nearest(scores.ids(with_class_0), height, width), 'ids')
    tf.identity(bilinear(tf.nn.softmax(scores.logits), height, width), 'probabilities')
    return tf.global_variables()


def bilinear(x, height, width):
    """[B, h, w, C] -> float32 [B, height, width, C], interpolated between pixel centres."""
    return tf.image.resize_bilinear(x, [height, width], half_pixel_centers=True)


def write_saved_model(session, folder):
    """Writes the session's graph and variables into an empty folder."""
    graph = session.graph
    signatures = {name: tf.saved_model.signature_def_utils.predict_signature_def(
        {'images': graph.get_tensor_by_name('images:0')}, {output: graph.get_tensor_by_name(output + ':0')})
        for name, output in SIGNATURES.items()}
    builder = tf.saved_model.builder.SavedModelBuilder(folder)
    builder.add_meta_graph_and_variables(session, [tf.saved_model.tag_constants.SERVING], signatures,
                                         strip_default_attrs=True)
    builder.save()


def load_saved_model(session, folder):
    """Loads the output of write_saved_model into an empty session."""
    linked = ReadablePath(folder)
    tf.saved_model.loader.load(session, [tf.saved_model.tag_constants.SERVING], linked.path)


def write_frozen(session, folder):
    """Writes the session's graph, its variables frozen to constants, to frozen.pb in a folder."""
    outputs = list(SIGNATURES.values())
    frozen = tf.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), outputs)
    with open(os.path.join(folder, FROZEN), 'wb') as file:
        file.write(frozen.SerializeToString())


def load_frozen(session, folder):
    """Loads the output of write_frozen into an empty session."""
    definition = tf.GraphDef()
    with open(os.path.join(folder, FROZEN), 'rb') as file:
        definition.ParseFromString(file.read())
    with session.graph.as_default():
        tf.import_graph_def(definition, name='')


FORMATS = {'saved_model': (write_saved_model, load_saved_model), 'frozen_graph': (write_frozen, load_frozen)}
FLAGS = export_flags(list(FORMATS), export_dir=EXPORT_DIR, logs_dir=LOGS_DIR)


def export(segmenter, folder, form):
    """Writes a Segmenter's net to an empty folder; form: a key of FORMATS."""
    with tf.Graph().as_default() as graph, create_session(graph) as session:
        variables = serving_graph(segmenter.net, FLAGS.predict_class_0)
        names = {variable.op.name: variable.op.name for variable in variables}
        shapes = {variable.op.name: variable.shape.as_list() for variable in variables}
        load_arrays(session, variables, names, segmenter.array, shapes)  # not from the file, which may be gone
        FORMATS[form][0](session, folder)
    write_json(os.path.join(folder, 'export.json'), {
        'format': form, 'net': segmenter.net.net, 'width': segmenter.net.width, 'checkpoint': segmenter.checkpoint,
        'input': 'images:0', 'outputs': [name + ':0' for name in SIGNATURES.values()], 'signatures': SIGNATURES,
        'classes': [dict(c._asdict(), colour=list(c.colour)) for c in segmenter.net.classes],
        'tensorflow': tf.version.VERSION})


def check(segmenter, folder, form):
    """Raises UserError unless the export predicts the same as the Segmenter on photos of noise."""
    with tf.Graph().as_default() as graph, create_session(graph, as_written=True) as session:
        FORMATS[form][1](session, folder)
        for size in CHECKED_SIZES:
            photo = np.random.RandomState(0).randint(0, 256, size + (3,)).astype(np.uint8)
            (ids,), (softmax,) = session.run([name + ':0' for name in SIGNATURES.values()],
                                             {'images:0': photo[np.newaxis]})
            error = np.abs(softmax - segmenter.predict(photo, argmax=False)).max()
            wrong = int(((ids != segmenter.predict(photo)) & ~undecided(segmenter, photo)).sum())
            if not error <= TOLERANCE or wrong:  # NaN too is refused
                raise UserError(f'the export does not predict what the net predicts: on a photo of {size[0]}x{size[1]} '
                                f'probabilities differ by {error:.2g} (at most {TOLERANCE:g} is expected), and {wrong} '
                                f'of {ids.size} ids are wrong. Nothing was kept.')


def undecided(segmenter, photo):
    """Marks the pixels whose two best classes are so close that either id is right: bool [H, W]."""
    net_photo = resize_photo(photo, *network_size(*photo.shape[:2]))
    softmax = segmenter.softmax_batch(net_photo[np.newaxis])[0, :, :, 0 if FLAGS.predict_class_0 else 1:]
    if softmax.shape[2] == 1:
        return np.zeros(photo.shape[:2], bool)
    second, first = np.sort(softmax, axis=2)[:, :, -2:].transpose(2, 0, 1)
    return resize_ids(np.uint8(first - second <= 2 * TOLERANCE), *photo.shape[:2]).astype(bool)


def main(argv):
    """The whole export; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    check_writable_name('export_dir', FLAGS.export_dir)
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR, with_class_0=FLAGS.predict_class_0,
                   precision='float32') as segmenter, atomic_folder(FLAGS.export_dir) as folder:
        print(segmenter.describe())
        try:
            export(segmenter, folder, FLAGS.format)
        except (tf.errors.OpError, OSError) as error:
            raise UserError(f'{FLAGS.export_dir} cannot be written: {error}. Nothing was kept.')
        check(segmenter, folder, FLAGS.format)
    print(f'{FLAGS.export_dir} holds the net as a {FLAGS.format}; its export.json says how to call it')
    return 0


if __name__ == '__main__':
    run(main)
