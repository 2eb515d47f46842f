"""Trains a net.

    python FCN_train.py                                     # FCN8s on ADE20K, fetched if it is not there
    python FCN_train.py --data_dir=my_photos --logs_dir=logs/my_photos
    python FCN_train.py --help

Stopped and started again, it goes on at its last checkpoint.
"""
import contextlib
import os

from absl import flags

from batch_reader import BatchReader
from FCN_model import NETS, Recipe, training_graph
from files.errors import UserError
from read_data import read_dataset
from runs.checkpoints import CheckpointKeeper
from runs.config import NetConfig, check_same_run, save_config
from runs.data_set import ensure_data_set
from runs.evaluation import spread
from runs.flags import define_net_flags, parse, run
from runs.initial_weights import check_pretrained, load_initial_weights
from runs.log import TrainingLog
from runs.trainer import Trainer
from TensorflowUtils import create_session, describe_device, tf

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

FLAGS = flags.FlagValues()


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    def group(name):
        return {'flag_values': FLAGS, 'module_name': name}
    flags.DEFINE_string('data_dir', DATA_DIR, 'folder with images/, annotations/ and classes.csv', **group('data'))
    flags.DEFINE_integer('batch_size', BATCH_SIZE, 'photos a step, brought to one size', 1, **group('data'))
    flags.DEFINE_boolean('shuffle', True, '--noshuffle reads the photos in the order of their names', **group('data'))
    flags.DEFINE_integer('ignore_label', None, 'pixels with this id are left out of the loss and the scores: 0 leaves '
                         'out "others", 255 the border that some masks have (default: none)', 0, 255, **group('data'))
    flags.DEFINE_integer('read_threads', 2, 'threads that decode photos', 1, **group('data'))
    define_net_flags(FLAGS, NET)
    flags.DEFINE_enum('optimizer', 'adam', ['adam', 'sgd'], 'Adam, or gradient descent with momentum',
                      **group('training'))
    flags.DEFINE_float('learning_rate', LEARNING_RATE, '1e-4 is common for Adam from scratch', 0., **group('training'))
    flags.DEFINE_float('lr_encoder', None, "the pretrained layers' own (default: learning_rate)", 0.,
                       **group('training'))
    flags.DEFINE_float('lr_decoder', None, "the new layers' own (default: learning_rate)", 0., **group('training'))
    flags.DEFINE_float('momentum', 0.9, "sgd's", 0., 1., **group('training'))
    flags.DEFINE_float('weight_decay', 0., 'pulls all kernels towards zero', 0., **group('training'))
    flags.DEFINE_float('l2', 0., "the same as a loss on the decoder's kernels, as in fcn8s_tensorflow", 0.,
                       **group('training'))
    flags.DEFINE_float('clip_norm', 0., 'gradients are scaled down to this joint norm; 0 leaves them', 0.,
                       **group('training'))
    flags.DEFINE_boolean('fix_bn', False, 'batch normalization keeps the moving averages it starts with, as is best '
                         'for small batches', **group('training'))
    flags.DEFINE_float('keep_prob', None, 'all dropout keeps this part (default: as the net was published, 0.8 for '
                       'fcn8s)', 0.01, 1., **group('training'))
    flags.DEFINE_integer('max_steps', MAX_STEPS, 'the run ends at this step, counted from its very start', 1,
                         **group('training'))
    flags.DEFINE_integer('seed', 0, 'of the initial weights, the order of photos and dropout', 0, **group('training'))
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
    flags.DEFINE_boolean('debug', False, 'TensorBoard histograms of activations, sparsity and gradients; slow',
                         **group('output'))


define_flags()


def main(argv):
    """The whole run; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    if FLAGS.net not in NETS:
        raise UserError(f'--net={FLAGS.net}: there is no such net. There are: {", ".join(NETS)}.')
    check_pretrained(FLAGS.pretrained)

    ensure_data_set(FLAGS.data_dir)
    training = read_dataset(FLAGS.data_dir, 'training', FLAGS.num_classes)
    validation = spread(read_dataset(FLAGS.data_dir, 'validation', FLAGS.num_classes).records, FLAGS.validation_num)
    FLAGS.num_classes = len(training.classes)
    net = NetConfig(FLAGS.net, FLAGS.num_classes, FLAGS.width, training.classes)
    check_same_run(FLAGS.logs_dir, net)
    os.makedirs(FLAGS.logs_dir, exist_ok=True)
    save_config(FLAGS.logs_dir, net, FLAGS)
    print(f'{describe_device()}; net {net.net}, width {net.width:g}, {net.num_classes} classes; '
          f'{len(training.records)} training photos, {len(validation)} for validation')

    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(FLAGS.seed)
        recipe = Recipe(FLAGS.optimizer, FLAGS.momentum, FLAGS.weight_decay, FLAGS.l2, FLAGS.clip_norm)
        graph = training_graph(net.net, net.num_classes, net.width, FLAGS.seed, FLAGS.keep_prob, FLAGS.fix_bn,
                               FLAGS.ignore_label, recipe=recipe)
        keeper = CheckpointKeeper(FLAGS.logs_dir, tf.global_variables(), graph.variables)
        session.run(tf.global_variables_initializer())
        prefix = keeper.resume(session)
        step = int(session.run(graph.step))
        if prefix:
            print(f'going on from {prefix} at step {step}')
        else:
            load_initial_weights(session, net.net, graph.variables, FLAGS.init_from, FLAGS.pretrained, FLAGS.model_dir)
        reader = BatchReader(training.records, net.num_classes, FLAGS.batch_size, FLAGS.shuffle, FLAGS.seed, step,
                             FLAGS.ignore_label, num_threads=FLAGS.read_threads)
        log = TrainingLog(FLAGS.logs_dir, step)
        with contextlib.closing(log), reader:
            return Trainer(session, graph, reader, validation, keeper, log, FLAGS).run(step)


if __name__ == '__main__':
    run(main)
