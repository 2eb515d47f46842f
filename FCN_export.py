"""Exports a trained net for use without these scripts, and compares the export with the net in its own runtime.

    python FCN_export.py                                    # logs/ becomes the SavedModel export/
    python FCN_export.py --logs_dir=logs/my_photos --checkpoint=best --export_dir=export/cats
    python FCN_export.py --format=onnx                      # export/net.onnx for ONNX Runtime
    python FCN_export.py --format=openvino --precision=int8 # export/net.xml, calibrated on the run's photos
    python FCN_export.py --format=tflite                    # export/net.tflite for phones

The exported net takes photos of any size, uint8 [B, H, W, 3] in RGB, and returns class ids, uint8 [B, H, W];
saved_model and frozen_graph also return probabilities, float32 [B, H, W, classes]. export/export.json names its
tensors and classes. An export that does not predict what the net predicts is not kept. FCN_test.py and FCN_infer.py
take an export as --checkpoint=export/net.onnx; examples/ shows each runtime without these scripts.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import json
import os

from fcn8s.config import NetOverrides, flag_or_trained
from fcn8s.exports.check import check, seconds_a_photo
from fcn8s.exports.describe import describe
from fcn8s.exports.exported import ExportedNet
from fcn8s.exports.formats import DESCRIPTION, FORMATS
from fcn8s.exports.graph import filled
from fcn8s.exports.int8 import calibrate, compare_scores
from fcn8s.flags.use import export_flags
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.files import atomic_folder, write_json
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import check_writable_name

LOGS_DIR = 'logs'
EXPORT_DIR = 'export'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # names the classes if no run does

FLAGS = export_flags(list(FORMATS), export_dir=EXPORT_DIR, logs_dir=LOGS_DIR)


def export(segmenter, folder):
    """Writes a Segmenter's net to an empty folder, as the flags say; returns its description."""
    form = FORMATS[FLAGS.format]
    described = describe(segmenter, FLAGS.format, FLAGS.precision, FLAGS.predict_class_0)
    with filled(form.graph, segmenter, FLAGS.predict_class_0) as session:
        form.write(session, folder, FLAGS.precision, json.dumps(described))
    write_json(os.path.join(folder, DESCRIPTION), described)
    return described


def verify(segmenter, folder):
    """Raises UserError unless the export in the folder predicts what the Segmenter does; prints what was compared."""
    form = FORMATS[FLAGS.format]
    loaded = form.load(os.path.join(folder, form.file), 'float32')
    try:
        compared, ties = check(segmenter, loaded, FLAGS.format, FLAGS.precision, FLAGS.predict_class_0)
        print(f'{loaded.runtime} predicts the same: {compared - ties} of {compared} ids on photos of noise'
              + (f', the other {ties} in near ties' if ties else ''))
    finally:
        loaded.close()


def verify_int8(segmenter, folder, described):
    """Calibrates the export in the folder; raises UserError if it then loses more than --max_loss."""
    data_dir = flag_or_trained(FLAGS.data_dir, segmenter.config, 'data_dir', DATA_DIR)
    photos = calibrate(folder, data_dir, segmenter.net, FLAGS.calibration_num, json.dumps(described))
    print(f'int8, calibrated on {photos} training photos of {data_dir}')
    with ExportedNet(folder, with_class_0=FLAGS.predict_class_0) as exported:
        compare_scores(segmenter, exported, data_dir, FLAGS.calibration_num, FLAGS.max_loss)


def print_times(segmenter, folder):
    """Prints the seconds a photo that the export and TensorFlow take on this machine."""
    with ExportedNet(folder, with_class_0=FLAGS.predict_class_0) as exported:
        theirs = seconds_a_photo(exported.predict_batch)
        print(f'a photo of 480x640 takes {theirs:.2f} s here in {exported.runtime}, '
              f'{seconds_a_photo(segmenter.predict_batch):.2f} s in FCN_infer.py in float32')


def main(argv):
    """The whole export; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    check_writable_name('export_dir', FLAGS.export_dir)
    if FLAGS.precision not in FORMATS[FLAGS.format].precisions:
        able = [name for name, form in FORMATS.items() if FLAGS.precision in form.precisions]
        raise UsageError(f'--precision={FLAGS.precision}: {FLAGS.format} has '
                         f'{", ".join(FORMATS[FLAGS.format].precisions)} alone. Try --format={" or ".join(able)}.')
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR, with_class_0=FLAGS.predict_class_0,
                   precision='float32') as segmenter, atomic_folder(FLAGS.export_dir) as folder:
        print(segmenter.describe())
        try:
            described = export(segmenter, folder)
        except (tf.errors.OpError, OSError) as error:
            raise UserError(f'{FLAGS.export_dir} cannot be written: {error}. Nothing was kept.')
        if FLAGS.precision == 'int8':
            verify_int8(segmenter, folder, described)
        else:
            verify(segmenter, folder)
        print_times(segmenter, folder)
    print(f'{FLAGS.export_dir} holds the net as {FLAGS.format}; its {DESCRIPTION} says how to call it')
    return 0


if __name__ == '__main__':
    run(main)
