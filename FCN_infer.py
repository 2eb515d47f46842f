"""Segments your photos and films.

    python FCN_infer.py --checkpoint=ade20k-resnet18dilated-ppm_deepsup photo.jpg    # a published net of 150 classes
    python FCN_infer.py                                     # all in infer/ with your net; results in output/
    python FCN_infer.py holiday.jpg street.mp4 more_photos/
    python FCN_infer.py --logs_dir=logs/my_photos --checkpoint=best
    python FCN_infer.py --film=walk.mp4 --fps=25 FRAMES_DIR # a folder of frames becomes a film

street.jpg becomes street.png (its pixel values are class ids; any viewer shows colours), street_overlay.jpg and
street_legend.png. street.mp4 becomes street_overlay.mp4, with its sound, and street_overlay_legend.png. Files that
fail are listed at the end, and the exit code is then 1.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import contextlib
import os
import shlex

from fcn8s.config import NetOverrides
from fcn8s.data.classes import read_classes
from fcn8s.devices import assume_frozen_weights
from fcn8s.exports.exported import open_net
from fcn8s.flags.use import infer_flags
from fcn8s.prediction.film_flags import check_film_flags, check_films, folder_film
from fcn8s.prediction.films import infer_films
from fcn8s.prediction.inputs import Plan, done_checker, plan_folders, plan_list
from fcn8s.prediction.manifest import Manifest, summarize
from fcn8s.prediction.options import Options
from fcn8s.prediction.outputs import Results
from fcn8s.prediction.photos import Job, Tally, infer_photos
from fcn8s.prediction.scales import parse_scales
from fcn8s.prediction.shards import choose_shard
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.files import make_folder
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.utils.script import run
from fcn8s.visualize import IDS, undrawable_names
from fcn8s.weights.checkpoints import CheckpointError, checkpoint_files
from fcn8s.weights.published import PUBLISHED, SUGGESTED

INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # names the classes if no run does

FLAGS = infer_flags(infer_dir=INFER_DIR, output_dir=OUTPUT_DIR, logs_dir=LOGS_DIR)


def check_trained(arguments):
    """Raises CheckpointError with the command that takes a published net if none was named and none is trained.

    arguments: those of the command line.
    """
    trained = os.path.isdir(FLAGS.logs_dir) and checkpoint_files(FLAGS.logs_dir)
    if trained or FLAGS.checkpoint or FLAGS['logs_dir'].present:
        return
    if not arguments and set(os.listdir(FLAGS.infer_dir) if os.path.isdir(FLAGS.infer_dir) else ()) <= {'README.md'}:
        arguments = ['photo.jpg']
    command = ['python', 'FCN_infer.py', f'--checkpoint={SUGGESTED}'] + list(map(shlex.quote, arguments))
    raise CheckpointError(f'no net is trained yet: {os.path.abspath(FLAGS.logs_dir)} has no checkpoint. For a '
                          f'published net of 150 classes ({PUBLISHED[SUGGESTED].megabytes} MB, downloaded once) type\n'
                          f'    {" ".join(command)}')


def find_work(arguments, shard):
    """The Plan of this run: the photos and films of its shard, or the one film of a folder of frames."""
    if FLAGS.film:
        film = folder_film(arguments, FLAGS.film, FLAGS.skip_done)
        return Plan((), 0, [film], [os.path.dirname(FLAGS.film)])
    results = Results(FLAGS.output_dir, FLAGS.view, FLAGS.softmax)
    if not FLAGS.list:
        return plan_folders(arguments or [FLAGS.infer_dir], results, shard)
    if arguments:
        raise UsageError(f'--list={FLAGS.list}: leave it out, or {" ".join(arguments)}.')
    return plan_list(FLAGS.list, results, shard)


def net_options():
    """The Options that the flags describe."""
    return Options(FLAGS.predict_class_0, FLAGS.max_side, FLAGS.tile, FLAGS.tile_margin, FLAGS.precision,
                   parse_scales(FLAGS.scales), FLAGS.flip)


def shown_classes(classes):
    """The classes with the names and colours to show, those of --color_map if given; notes letters without a font."""
    if FLAGS.color_map:
        shown = read_classes(FLAGS.color_map)
        if len(shown) != len(classes):
            raise UserError(f'--color_map={FLAGS.color_map} lists {len(shown)} classes, but the net knows '
                            f'{len(classes)}.')
        classes = shown
    missing_letters = FLAGS.view != IDS and undrawable_names(classes)
    if missing_letters:
        print(f'note: {missing_letters}')
    return classes


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__, takes_paths=True)
    if FLAGS.summary:
        return 1 if summarize(FLAGS.output_dir) else 0
    check_film_flags(FLAGS.film, FLAGS.shard if FLAGS['shard'].present else None, FLAGS.list,
                     FLAGS.fps if FLAGS['fps'].present else None)
    options = net_options()
    shard = choose_shard(FLAGS.shard)
    check_trained(argv[1:])
    work = find_work(arguments, shard)
    check_films(work.films, FLAGS.view, FLAGS.softmax)
    if not FLAGS.film:
        make_folder(FLAGS.output_dir)

    with contextlib.ExitStack() as stack:
        overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
        segmenter = stack.enter_context(open_net(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR,
                                                 '--softmax' if FLAGS.softmax else None, **options._asdict()))
        part = f'; shard {shard.index + 1}/{shard.count} ({shard.source})' if shard.source else ''
        print(f'{segmenter.describe()}{part}; {work.describe()}')
        classes = shown_classes(segmenter.net.classes)
        is_done = done_checker(segmenter.checkpoint) if FLAGS.skip_done else lambda item: False
        writes_manifest = not FLAGS.film and (FLAGS.manifest or shard.count > 1)
        manifest = stack.enter_context(Manifest(FLAGS.output_dir, shard, classes)) if writes_manifest else None
        if shard.index == 0:
            for folder in work.output_folders:
                remove_abandoned_files(folder or '.')  # partial results of runs that were killed

        job, tally = Job(segmenter, classes, FLAGS.view, FLAGS.softmax, is_done, manifest), Tally()
        try:
            infer_photos(work, work.photos, job, tally)
            check_films(work.films, FLAGS.view, FLAGS.softmax)  # again, because a list names them only now
            infer_films(work.films, job, FLAGS.fps if FLAGS.film else None, tally)
            print(f'{tally.describe()} ({work.describe()}); the results are in {FLAGS.film or FLAGS.output_dir}')
        finally:
            for error in tally.errors:
                print(f'failed: {error}')
    return 1 if tally.errors else 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
