"""Trains a net.

    python FCN_train.py                                     # FCN8s on ADE20K, fetched if it is not there
    python FCN_train.py --data_dir=my_photos --logs_dir=logs/my_photos
    python FCN_train.py --help

Stopped and started again, it goes on at its last checkpoint.
"""
import contextlib
import os

import numpy as np
from absl import flags
from tqdm import tqdm

from FCN_model import NETS, training_graph
from TensorflowUtils import create_session, describe_device, tf
from batch_reader import BatchReader
from files.errors import UserError
from metrics import scene_parsing_scores
from read_data import read_dataset
from runs.checkpoints import CheckpointKeeper
from runs.config import NetConfig, check_same_run, save_config
from runs.data_set import ensure_data_set
from runs.evaluation import evaluate, spread
from runs.flags import define_net_flags, parse, run
from runs.initial_weights import check_pretrained, load_initial_weights
from runs.interrupt import StopSignal
from runs.log import TrainingLog, debug_summaries

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
SUMMARY_EVERY = 10       # steps between two points of TensorBoard's training curves

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
    flags.DEFINE_float('learning_rate', LEARNING_RATE, "Adam's; 1e-4 is common from scratch", 0., **group('training'))
    flags.DEFINE_float('keep_prob', None, 'dropout keeps this part of fc6 and fc7 (default: as the net was published, '
                       '0.8 for fcn8s)', 0.01, 1., **group('training'))
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


class Trainer:
    """Takes the steps of a run, and validates and saves at its intervals."""

    def __init__(self, session, graph, reader, validation, keeper, log):
        self.session, self.graph, self.reader, self.keeper, self.log = session, graph, reader, keeper, log
        self.validation = validation
        self.debug = debug_summaries(graph.end_points, graph.gradients) if FLAGS.debug else None

    def run(self, step):
        """Trains from `step` to --max_steps or to a signal; returns the exit code."""
        saved = validated = step
        shown = {}
        with StopSignal() as stop, tqdm(total=FLAGS.max_steps, initial=step, unit='step', dynamic_ncols=True) as bar:
            while step < FLAGS.max_steps and stop.code is None:
                shown.update(self.take_step(next(self.reader), step, not shown or step % SUMMARY_EVERY == 0))
                step += 1
                bar.set_postfix_str(self.describe(shown, bar), refresh=False)
                bar.update()
                last = step == FLAGS.max_steps
                if step % FLAGS.save_every == 0 or last:
                    self.keeper.save(self.session, step)
                    saved = step
                if step % FLAGS.validate_every == 0 or last:
                    bar.write(self.validate(step))
            if saved < step:
                self.keeper.save(self.session, step)
        if stop.code is not None:
            print(f'stopped at step {step}, which is saved: the same command goes on from here')
        return stop.code or 0

    def take_step(self, batch, step, with_summary):
        """One step: {'loss': in nats}; with_summary, also the progress figures, which go to TensorBoard too."""
        graph = self.graph
        fetches = {'loss': graph.loss, 'finite': graph.finite, 'train': graph.train}
        if with_summary:
            fetches['progress'] = graph.progress
            if self.debug is not None:
                fetches['debug'] = self.debug
        try:
            got = self.session.run(fetches, {graph.images: batch.images, graph.annotations: batch.annotations})
        except tf.errors.ResourceExhaustedError:
            raise UserError(f'memory ran out at step {step} on a batch of {batch.images.shape[:3]}. Use a smaller '
                            '--batch_size or --width.')
        if not got['finite']:
            raise UserError(
                f'the loss or its gradient is not finite at step {step} (loss {got["loss"]}, learning rate '
                f'{FLAGS.learning_rate:g}, batch {", ".join(record.image for record in batch.records)}). The step was '
                'not taken and the last checkpoint is as it was. Try a lower --learning_rate, and check the data: '
                f'python read_data.py {FLAGS.data_dir}')
        figures = dict(got.get('progress', {}), loss=got['loss'])
        if 'progress' in got:
            self.log.scalars('train', step, figures)
        if 'debug' in got:
            self.log.summary(step, got['debug'])
        return figures

    def describe(self, shown, bar):
        """The progress line behind tqdm's bar."""
        rate = bar.format_dict['rate'] or 0.
        elapsed = max(bar.format_dict['elapsed'], 1e-9)
        return (f'loss {shown["loss"]:.3f}, accuracy {shown["pixel_accuracy"]:.2f}, {shown["classes_predicted"]} '
                f'classes, {rate * FLAGS.batch_size:.1f} images/s, {self.reader.waited_seconds / elapsed:.0%} waiting')

    def validate(self, step):
        """Scores the net on the validation photos, keeps the best; returns a line for the log."""
        losses, total = [], 0

        def predict(single):
            feed = {self.graph.images: single.image[np.newaxis], self.graph.annotations: single.annotation[np.newaxis]}
            ids, loss = self.session.run(self.graph.validate, feed)
            losses.append(loss)
            return ids[0]

        for result in evaluate(self.validation, predict, FLAGS.num_classes, FLAGS.ignore_label, FLAGS.read_threads):
            total = total + result.full
        scores = scene_parsing_scores(total)
        self.log.validation(step, float(np.mean(losses)), scores.pixel_accuracy, scores.mean_iou_present)
        best = self.keeper.save_if_best(self.session, step, scores.mean_iou_present)
        return (f'step {step}: validation loss {np.mean(losses):.3f}, pixel accuracy {scores.pixel_accuracy:.3f}, '
                f'mean IU {scores.mean_iou_present:.3f} on {len(losses)} photos' + (', the best so far' if best else ''))


def main(argv):
    """The whole run; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    if FLAGS.net not in NETS:
        raise UserError(f'--net={FLAGS.net}: there is no such net. There are: {", ".join(NETS)}.')
    if FLAGS.keep_prob is None:
        FLAGS.keep_prob = NETS[FLAGS.net].keep_prob
    check_pretrained(FLAGS.pretrained)

    ensure_data_set(FLAGS.data_dir)
    training = read_dataset(FLAGS.data_dir, 'training', FLAGS.num_classes)
    validation = spread(read_dataset(FLAGS.data_dir, 'validation', FLAGS.num_classes).records, FLAGS.validation_num)
    FLAGS.num_classes = len(training.classes)
    net = NetConfig(FLAGS.net, FLAGS.num_classes, FLAGS.width, training.classes)
    check_same_run(FLAGS.logs_dir, net)
    os.makedirs(FLAGS.logs_dir, exist_ok=True)
    save_config(FLAGS.logs_dir, net, FLAGS)
    print(f'{describe_device()}; net {net.net}, width {net.width:g}, {net.num_classes} classes; {len(training.records)} '
          f'training photos, {len(validation)} of the validation photos')

    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(FLAGS.seed)
        graph = training_graph(net.net, net.num_classes, net.width, FLAGS.keep_prob, FLAGS.learning_rate, FLAGS.seed,
                               FLAGS.ignore_label)
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
            return Trainer(session, graph, reader, validation, keeper, log).run(step)


if __name__ == '__main__':
    run(main)
