"""Trains a net.

    python FCN_train.py                                     # FCN8s on ADE20K, fetched if it is not there
    python FCN_train.py --data_dir=my_photos --logs_dir=logs/my_photos

Stopped and started again, it goes on at its last checkpoint.
"""
import contextlib
import functools
import os

from absl import flags

from batch_reader import BatchReader
from fcn8s.config import NetConfig, check_same_run, save_config
from fcn8s.data.augment import make_transform
from fcn8s.data.augment_options import parse_augmentation
from fcn8s.data.classes import find_classes
from fcn8s.data.folder import explain_unread
from fcn8s.data.label_tally import print_label_warnings
from fcn8s.data.list_file import read_list
from fcn8s.data.records import BadPhotos
from fcn8s.devices import check_num_gpus, describe_device, resolve_precision, training_devices
from fcn8s.evaluation.evaluate import spread
from fcn8s.flags import (
    define_augmentation_flags,
    define_bad_data_flag,
    define_net_flags,
    define_num_gpus_flag,
    define_precision_flag,
    define_recipe_flags,
)
from fcn8s.nets.train_op import Recipe
from fcn8s.training.checks import check_learned_classes, check_pretrained, tell_unscored
from fcn8s.training.class_weights import class_weights
from fcn8s.training.log import TrainingLog
from fcn8s.training.preview import preview
from fcn8s.training.schedule import parse_lr_schedule
from fcn8s.training.trainer import Trainer
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UsageError
from fcn8s.utils.lock import folder_lock
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import check_writable_name
from fcn8s.visualize import palette, save_picture
from fcn8s.weights.initial import load_initial_weights
from fcn8s.weights.restore import initialize
from fcn8s.weights.saver import CheckpointKeeper
from FCN_model import NETS, ignored_labels, training_graph
from read_data import ensure_data_set, read_dataset
from TensorflowUtils import create_session

if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')
LOGS_DIR = 'logs'
MODEL_DIR = 'Model_zoo'
NET = 'fcn8s'
BATCH_SIZE = 2
LEARNING_RATE = 1e-5
MAX_STEPS = 100001       # about ten epochs of ADE20K's 20,210 photos, two at a time
SAVE_EVERY = 500
VALIDATE_EVERY = 500
VALIDATION_NUM = 100     # photos, evenly spread over the validation set
MAX_SIDE = 768           # larger photos are scaled down to it for training
VALIDATION_MAX_SIDE = 1536   # and to this one for a validation
FLAGS = flags.FlagValues()


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    def group(name):
        return {'flag_values': FLAGS, 'module_name': name}
    flags.DEFINE_string('data_dir', DATA_DIR, 'folder with images/, annotations/ and classes.csv', **group('data'))
    flags.DEFINE_string('list', '', 'file of relative image paths, one a line: train on these of images/ only',
                        **group('data'))
    flags.DEFINE_integer('batch_size', BATCH_SIZE, 'photos a step, brought to one size', 1, **group('data'))
    flags.DEFINE_boolean('shuffle', True, '--noshuffle reads the photos in the order of their names', **group('data'))
    flags.DEFINE_integer('ignore_label', None, 'pixels with this id are left out of the loss and the scores: 0 leaves '
                         'out "others", 255 the border that some masks have (default: none)', 0, 255, **group('data'))
    define_bad_data_flag(FLAGS, 'stop')
    flags.DEFINE_integer('read_threads', 2, 'threads that decode photos', 1, **group('data'))
    define_net_flags(FLAGS, NET)
    flags.DEFINE_float('learning_rate', LEARNING_RATE, '1e-4 is common for Adam from scratch', 0., **group('training'))
    flags.DEFINE_integer('max_steps', MAX_STEPS, 'the run ends at this step, counted from its very start', 1,
                         **group('training'))
    flags.DEFINE_integer('seed', 0, 'of the initial weights, the order of photos, augmentation and dropout', 0,
                         **group('training'))
    flags.DEFINE_string('pretrained', 'auto', 'VGG weights to start from: auto takes those in model_dir if there are '
                        'any, none starts from scratch, download fetches 500 MB, FILE takes a .mat, .npy, .npz, .h5 or '
                        'SavedModel', **group('training'))
    flags.DEFINE_string('model_dir', MODEL_DIR, 'folder of pretrained VGG files', **group('training'))
    flags.DEFINE_string('init_from', '', 'start a new run from the weights of this checkpoint, as far as they fit; '
                        'step and optimizer start anew', **group('training'))
    flags.DEFINE_string('logs_dir', LOGS_DIR, 'where checkpoints, curves and config.json go', **group('output'))
    flags.DEFINE_integer('save_every', SAVE_EVERY, 'steps between two checkpoints', 1, **group('output'))
    flags.DEFINE_integer('validate_every', VALIDATE_EVERY, 'steps between two validations', 1, **group('output'))
    flags.DEFINE_integer('validation_num', VALIDATION_NUM, 'photos of a validation, 0 for all', 0, **group('output'))
    flags.DEFINE_integer('validation_max_side', VALIDATION_MAX_SIDE, 'in a validation photos with a longer side pass '
                         'the net scaled down to it: less takes less memory, and fewer details are seen', 32,
                         **group('output'))
    flags.DEFINE_boolean('debug', False, 'TensorBoard histograms of activations, sparsity and gradients; slow',
                         **group('output'))
    define_precision_flag(FLAGS, 'steps')
    define_num_gpus_flag(FLAGS, 'steps')
    define_recipe_flags(FLAGS)
    define_augmentation_flags(FLAGS)


define_flags()


def main(argv):
    """The whole run; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    check_writable_name('logs_dir', FLAGS.logs_dir)
    if FLAGS.net not in NETS:
        raise UsageError(f'--net={FLAGS.net}: there is no such net. There are: {", ".join(NETS)}.')
    check_pretrained(FLAGS.pretrained, FLAGS.init_from, FLAGS.net, FLAGS.width)
    check_num_gpus(FLAGS.num_gpus, FLAGS.batch_size)
    schedule = parse_lr_schedule(FLAGS.lr_schedule)
    augmentation = parse_augmentation(FLAGS.random_scale, FLAGS.random_crop, FLAGS.flip, FLAGS.brightness,
                                      FLAGS.translate, FLAGS.gray)
    os.environ['TF_ONEDNN_ASSUME_FROZEN_WEIGHTS'] = '0'  # else steps would go on with the kernels of the first one
    if FLAGS.deterministic:
        os.environ.update(TF_DETERMINISTIC_OPS='1', TF_CUDNN_DETERMINISTIC='1')  # read when TensorFlow finds a GPU

    ensure_data_set(FLAGS.data_dir)
    bad = BadPhotos() if FLAGS.bad_data == 'skip' else None
    records, validation, classes = read_data_set(bad)
    FLAGS.num_classes = len(classes)
    net = NetConfig(FLAGS.net, FLAGS.num_classes, FLAGS.width, classes)
    check_learned_classes(net, FLAGS.ignore_label)
    transform = make_transform(augmentation, FLAGS.seed, net.num_classes, FLAGS.ignore_label)
    if FLAGS.preview_augmentation:
        if transform is None:
            raise UsageError('--preview_augmentation: no augmentation is on. Give one, such as --flip=0.5.')
        save_picture(FLAGS.preview_augmentation, preview(records, classes, transform, FLAGS.ignore_label, bad))
        print('\n'.join((bad.summary() if bad else []) + [
            f'what augmentation does is in {FLAGS.preview_augmentation}; nothing was trained']))
        return 0
    with folder_lock(FLAGS.logs_dir) as locked:
        check_same_run(FLAGS.logs_dir, net)
        FLAGS.precision = resolve_precision(FLAGS.precision)
        devices = training_devices(FLAGS.num_gpus)
        print(f'{describe_device(FLAGS.num_gpus)}, {FLAGS.precision}; net {net.net}, width {net.width:g}, '
              f'{net.num_classes} classes; {len(records)} training photos, {len(validation)} for validation')
        tell_unscored(net)
        print_label_warnings(records, classes, ignored_labels(net.net, FLAGS.ignore_label), FLAGS.read_threads)
        open_reader = functools.partial(
            BatchReader, records, net.num_classes, FLAGS.batch_size, FLAGS.shuffle, FLAGS.seed,
            ignore_label=FLAGS.ignore_label, max_side=max((MAX_SIDE,) + (augmentation.crop or ())),
            num_threads=FLAGS.read_threads, bad=bad, transform=transform)
        weights = class_weights(FLAGS.class_weights, records, net.num_classes,
                                ignored_labels(net.net, FLAGS.ignore_label), FLAGS.read_threads, bad)
        return train(net, weights, schedule, open_reader, validation, devices, locked)


def read_data_set(bad):
    """(training Records, validation Records, classes) as the flags have it; bad: None or BadPhotos."""
    if FLAGS.list:
        records, classes = read_list(FLAGS.list, FLAGS.data_dir, bad), find_classes(FLAGS.data_dir, FLAGS.num_classes)
    else:
        records, classes = read_dataset(FLAGS.data_dir, 'training', FLAGS.num_classes, bad)
    validation, _ = read_dataset(FLAGS.data_dir, 'validation', FLAGS.num_classes, bad)
    for split in ('validation',) if FLAGS.list else ('training', 'validation'):
        unread = explain_unread(FLAGS.data_dir, split)
        if unread:
            print(f'note: {unread}')
    return records, spread(validation, FLAGS.validation_num), classes


def train(net, weights, schedule, open_reader, validation, devices, locked):
    """Trains a net from its last checkpoint, or from its start; returns the exit code.

    net: NetConfig; weights: of the classes, or None; schedule: of the learning rate; open_reader: function start_batch
    -> BatchReader; validation: Records; devices: that share each batch; locked: logs_dir, a LockedFolder.
    """
    with tf.Graph().as_default(), create_session(None, FLAGS.deterministic, FLAGS.num_gpus) as session:
        tf.set_random_seed(FLAGS.seed)
        recipe = Recipe(FLAGS.optimizer, FLAGS.momentum, FLAGS.weight_decay, FLAGS.l2, FLAGS.clip_norm,
                        FLAGS.skip_nonfinite)
        graph = training_graph(net.net, net.num_classes, net.width, FLAGS.seed, FLAGS.keep_prob, FLAGS.fix_bn,
                               FLAGS.ignore_label, weights, recipe, FLAGS.precision, devices)
        keeper = CheckpointKeeper(FLAGS.logs_dir, graph.saved, graph.variables)
        initialize(session, tf.global_variables())
        prefix = keeper.resume(session)
        keeper.check_space()
        step = int(session.run(graph.step))
        if prefix:
            print(f'going on from {prefix} at step {step}')
        else:
            load_initial_weights(session, net.net, graph.variables, FLAGS.init_from, FLAGS.pretrained, FLAGS.model_dir,
                                 net.width)
            if FLAGS.fix_bn and not FLAGS.init_from:
                print('warning: --fix_bn from scratch: batch normalization normalizes nothing. Give --init_from too')
        if step >= FLAGS.max_steps:
            print(f'already at step {step} of max_steps {FLAGS.max_steps}: nothing to train')
        log = TrainingLog(FLAGS.logs_dir, step)
        with contextlib.closing(log), open_reader(start_batch=step) as reader:
            save_config(FLAGS.logs_dir, net, FLAGS)  # not before: a start that fails leaves an older run as it was
            return Trainer(session, graph, reader, validation, keeper, log, palette(net.classes), schedule, FLAGS,
                           locked).run(step)


if __name__ == '__main__':
    run(main)
