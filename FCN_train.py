"""Trains a net.

    python FCN_train.py                                     # FCN8s on ADE20K, downloaded if missing
    python FCN_train.py --data_dir=my_photos --logs_dir=logs/my_photos
    python FCN_train.py --help

Stop it whenever you like (Ctrl-C saves); the same command resumes from the last checkpoint.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import os

from batch_reader import BatchReader
from fcn8s.cluster.launcher import launch
from fcn8s.cluster.place import ALONE, find_place
from fcn8s.data.augment import make_transform
from fcn8s.data.augment_options import parse_augmentation
from fcn8s.devices import describe_device, prepare_for_training, resolve_precision, training_devices
from fcn8s.flags.train import train_flags
from fcn8s.training import workers
from fcn8s.training.checks import check_flags, check_learned_classes, describe_run, print_warnings
from fcn8s.training.class_weights import class_weights
from fcn8s.training.preview import save_preview
from fcn8s.training.recipes import apply_recipe
from fcn8s.training.schedule import learning_rates
from fcn8s.training.steps import SUMMARY_EVERY, RunSaver, Stepper, closing_summary, is_due
from fcn8s.training.validation import Validation
from fcn8s.utils.cli import parse
from fcn8s.utils.script import run
from fcn8s.utils.tf1 import tf
from fcn8s.weights.initial import load_initial_weights
from fcn8s.weights.saver import CheckpointSaver
from FCN_model import NetConfig, StepOptions, ignored_labels, training_graph
from read_data import read_splits

DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')
LOGS_DIR = 'logs'
MODEL_DIR = 'Model_zoo'
NET = 'fcn8s'
BATCH_SIZE = 2
LEARNING_RATE = 1e-5
MAX_STEPS = 100001       # about ten epochs of ADE20K's 20,210 photos, two at a time
SAVE_EVERY = VALIDATE_EVERY = 500
VALIDATION_NUM = 100     # photos, evenly spaced over the validation split
MAX_SIDE = 768           # larger photos are scaled down to this longer side for training
VALIDATION_MAX_SIDE = 1536  # the same, for validation

FLAGS = train_flags(data_dir=DATA_DIR, logs_dir=LOGS_DIR, model_dir=MODEL_DIR, net=NET, batch_size=BATCH_SIZE,
                    learning_rate=LEARNING_RATE, max_steps=MAX_STEPS, save_every=SAVE_EVERY,
                    validate_every=VALIDATE_EVERY, validation_num=VALIDATION_NUM,
                    validation_max_side=VALIDATION_MAX_SIDE)


def main(argv):
    """The whole run; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    apply_recipe(FLAGS)
    place = find_place()
    check_flags(FLAGS.logs_dir, FLAGS.net, FLAGS.width, FLAGS.pretrained, FLAGS.init_from, FLAGS.num_gpus,
                FLAGS.batch_size, FLAGS.workers if place == ALONE else place.size)
    if FLAGS.workers > 1 and place == ALONE:
        return launch(FLAGS.workers, argv, FLAGS.num_gpus)
    rates = learning_rates(FLAGS.lr_schedule, FLAGS.learning_rate, FLAGS.lr_encoder, FLAGS.lr_decoder, FLAGS.max_steps)
    augmentation = parse_augmentation(FLAGS.random_scale, FLAGS.random_crop, FLAGS.flip, FLAGS.brightness,
                                      FLAGS.translate, FLAGS.gray)
    prepare_for_training(FLAGS.deterministic)

    training, validation = read_splits(FLAGS.data_dir, FLAGS.list, FLAGS.num_classes, FLAGS.ignore_label,
                                       FLAGS.bad_data == 'skip', FLAGS.validation_num)
    net = NetConfig(FLAGS.net, len(training.classes), FLAGS.width, training.classes)
    check_learned_classes(net, FLAGS.ignore_label)
    transform = make_transform(augmentation, FLAGS.seed, net.num_classes, FLAGS.ignore_label)
    if FLAGS.preview_augmentation:
        save_preview(FLAGS.preview_augmentation, training, transform)
        return 0

    options = StepOptions(FLAGS.optimizer, FLAGS.momentum, FLAGS.weight_decay, FLAGS.l2, FLAGS.clip_norm,
                          FLAGS.skip_nonfinite, FLAGS.keep_prob, FLAGS.fix_bn, resolve_precision(FLAGS.precision),
                          FLAGS.seed)
    with workers.join(place, used_flags(net, options), net, training, validation) as team, \
            workers.open_logs(team, FLAGS.logs_dir, net) as locked:
        print(f'{describe_device(FLAGS.num_gpus)}, {options.precision}; {describe_run(net, training, validation)}')
        print_warnings(net, training, FLAGS.read_threads)
        return train(net, options, rates, training, validation, transform, team, locked)


def used_flags(net, options):
    """{name: value} of the flags, as they were resolved."""
    return dict(FLAGS.flag_values_dict(), num_classes=net.num_classes, precision=options.precision)


def train(net, options, rates, training, validation, transform, team, locked):
    """Trains a net (NetConfig) from its last checkpoint, or from the start; returns the exit code.

    rates: LearningRates; training, validation: Datasets; transform: augmentation, or None; team: the workers, of which
    number 0 alone writes; locked: logs_dir, a LockedFolder.
    """
    ignored = ignored_labels(net.net, FLAGS.ignore_label)
    weights = class_weights(FLAGS.class_weights, training, ignored, FLAGS.read_threads)
    devices = training_devices(FLAGS.num_gpus)
    with tf.Graph().as_default(), \
            workers.open_session(team, options.precision, FLAGS.deterministic, FLAGS.num_gpus) as session:
        tf.set_random_seed(FLAGS.seed)
        graph = training_graph(net, options, ignored, weights, devices, workers.group_of(team, FLAGS.deterministic))
        checkpoints = workers.Silent() if team.rank else CheckpointSaver(FLAGS.logs_dir, graph.saved, graph.variables)
        step = workers.start(session, graph, checkpoints, team, lambda: load_initial_weights(
            session, net, graph.variables, FLAGS.init_from, FLAGS.pretrained, FLAGS.model_dir, FLAGS.fix_bn))
        if step >= FLAGS.max_steps:
            print(f'already at step {step} of max_steps {FLAGS.max_steps}: nothing to train')

        max_side = max((MAX_SIDE,) + (getattr(transform, 'crop', None) or ()))
        with BatchReader(training, FLAGS.batch_size, FLAGS.shuffle, FLAGS.seed, step, max_side, FLAGS.read_threads,
                         transform).for_worker(team.rank, team.size) as batches, \
                workers.open_log(team, FLAGS.logs_dir, step, net, used_flags(net, options)) as log:
            scorer = Validation(session, graph, validation, ignored, FLAGS.validation_max_side, FLAGS.read_threads,
                                team)
            stepper = Stepper(session, graph, FLAGS.skip_nonfinite, FLAGS.debug, FLAGS.data_dir)
            saver = RunSaver(session, checkpoints, log, locked, step)

            with workers.stop_signal(team) as stop, \
                    closing_summary(saver, stepper, training.bad, lambda: step, stop, locked), \
                    saver.save_on_exit(lambda: step, stop), \
                    workers.open_bar(team, step, FLAGS.max_steps, FLAGS.batch_size, training.bad) as bar:

                while stop.code is None:
                    if is_due(step, FLAGS.validate_every, FLAGS.max_steps) and not team.agreed(log.is_validated(step)):
                        scores = scorer.score(step, stop, log)    # None if stopped
                        if scores:
                            best = saver.save_if_best(step, scores)
                            log.validation(step, scores, best)    # last: its row marks the validation as done
                    if step >= FLAGS.max_steps or stop.code is not None:
                        break

                    batch = next(batches)
                    figures = stepper.step(step, batch, rates.at(step), stop)
                    if step % SUMMARY_EVERY == 0:
                        locked.check()
                        log.training(step, figures)
                    step += 1
                    bar.show(figures, batches.waited_seconds)
                    if is_due(step, FLAGS.save_every, FLAGS.max_steps):
                        saver.save(step)
    return stop.code or 0


if __name__ == '__main__':
    run(main)
