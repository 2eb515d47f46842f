"""Segments your photos and films.

    python FCN_infer.py                                     # all in infer/, results in output/
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

import os

from fcn8s.config import NetOverrides
from fcn8s.data.classes import read_classes
from fcn8s.devices import assume_frozen_weights
from fcn8s.flags import infer_flags
from fcn8s.prediction.films import infer_films
from fcn8s.prediction.inputs import (
    check_film_flags,
    check_films,
    count_inputs,
    find_inputs,
    folder_film,
    is_done,
    is_photo,
    plan,
    select_shard,
)
from fcn8s.prediction.photos import infer_photos
from fcn8s.prediction.scales import parse_scales
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import make_folder
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.utils.script import run
from fcn8s.visualize import IDS, undrawable_names

INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # names the classes if no run does

FLAGS = infer_flags(infer_dir=INFER_DIR, output_dir=OUTPUT_DIR, logs_dir=LOGS_DIR)


def find_work(arguments):
    """The Inputs of this run: the photos and films of its shard, or the one film of a folder of frames."""
    if FLAGS.film:
        inputs = [folder_film(arguments, FLAGS.film, FLAGS.skip_done)]
    else:
        every = plan(find_inputs(arguments), FLAGS.output_dir, FLAGS.view, FLAGS.softmax)
        inputs = select_shard(every, FLAGS.shard)
    check_films([item for item in inputs if not is_photo(item)], FLAGS.view, FLAGS.softmax)
    return inputs


def open_net(scales):
    """The Segmenter that the flags describe."""
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    return Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR, with_class_0=FLAGS.predict_class_0,
                     max_side=FLAGS.max_side, tile=FLAGS.tile, tile_margin=FLAGS.tile_margin,
                     precision=FLAGS.precision, scales=scales, flip=FLAGS.flip)


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


def not_done_yet(inputs, checkpoint):
    """The Inputs to segment: all of them, or with --skip_done those without up-to-date results."""
    if not FLAGS.skip_done:
        return inputs
    todo = [item for item in inputs if not is_done(item, checkpoint)]
    print(f'{len(inputs) - len(todo)} of them are done already')
    return todo


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__, takes_paths=True) or [FLAGS.infer_dir]
    check_film_flags(FLAGS.film, FLAGS.shard, FLAGS.fps if FLAGS['fps'].present else None)
    scales = parse_scales(FLAGS.scales)
    inputs = find_work(arguments)
    if not FLAGS.film:
        make_folder(FLAGS.output_dir)

    with open_net(scales) as segmenter:
        print(f'{segmenter.describe()}; {count_inputs(inputs)}')
        classes = shown_classes(segmenter.net.classes)
        todo = not_done_yet(inputs, segmenter.checkpoint)
        for folder in sorted({os.path.dirname(path) for item in inputs for path in item.outputs.values()}):
            remove_abandoned_files(folder or '.')  # partial results of runs that were killed

        photos = [item for item in todo if is_photo(item)]
        films = [item for item in todo if not is_photo(item)]
        errors = []
        try:
            infer_photos(photos, segmenter, classes, FLAGS.view, FLAGS.softmax, errors)
            infer_films(films, segmenter, classes, FLAGS.view, FLAGS.fps if FLAGS.film else None, errors)
            print(f'{len(inputs) - len(errors)} of {len(inputs)} done ({count_inputs(inputs)}); the results are in '
                  f'{FLAGS.film or FLAGS.output_dir}')
        finally:
            for error in errors:
                print(f'failed: {error}')
    return 1 if errors else 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
