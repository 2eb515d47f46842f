"""Segments your photos and films.

    python FCN_infer.py                                     # all in infer/, results in output/
    python FCN_infer.py holiday.jpg street.mp4 more_photos/
    python FCN_infer.py --logs_dir=logs/my_photos --checkpoint=best
    python FCN_infer.py --film=walk.mp4 --fps=25 FRAMES_DIR # a folder of frames becomes a film

For street.jpg there is street.png (pixel values are class ids, any viewer shows colours), street_overlay.jpg and
street_legend.png; for street.mp4 street_overlay.mp4 with its sound, and street_overlay_legend.png. What cannot be
read is listed at the end, and the exit code is then 1.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import os

from fcn8s.config import NetOverrides
from fcn8s.data.classes import read_classes
from fcn8s.devices import assume_frozen_weights
from fcn8s.flags import infer_flags
from fcn8s.prediction.films import infer_film
from fcn8s.prediction.inputs import (
    check_film_flags,
    check_films,
    find_inputs,
    folder_film,
    is_done,
    is_photo,
    plan,
    select_shard,
)
from fcn8s.prediction.photos import infer_photos
from fcn8s.prediction.scales import parse_scales
from fcn8s.prediction.segmenter import Options, Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import make_folder
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.utils.script import run
from fcn8s.visualize import IDS, undrawable_names

INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # its classes, if no run names them

FLAGS = infer_flags(infer_dir=INFER_DIR, output_dir=OUTPUT_DIR, logs_dir=LOGS_DIR)


def find_items(arguments):
    """The Items that the command line asks for: photos and films, or the one film of a folder of frames."""
    if FLAGS.film:
        return [folder_film(arguments, FLAGS.film, FLAGS.skip_done)]
    return select_shard(plan(find_inputs(arguments), FLAGS.output_dir, FLAGS.view, FLAGS.softmax), FLAGS.shard)


def shown_classes(classes):
    """The classes, with the names and colours of --color_map if it is given."""
    if not FLAGS.color_map:
        return classes
    shown = read_classes(FLAGS.color_map)
    if len(shown) != len(classes):
        raise UserError(f'--color_map={FLAGS.color_map} lists {len(shown)} classes, but the net knows {len(classes)}.')
    return shown


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__, takes_paths=True) or [FLAGS.infer_dir]
    check_film_flags(FLAGS.film, FLAGS.shard, FLAGS.fps if FLAGS['fps'].present else None)
    options = Options(FLAGS.predict_class_0, FLAGS.max_side, FLAGS.tile, FLAGS.tile_margin, FLAGS.precision,
                      parse_scales(FLAGS.scales), FLAGS.flip)
    items = find_items(arguments)
    films = [item for item in items if not is_photo(item)]
    check_films(films, FLAGS.view, FLAGS.softmax)
    counted = ' and '.join(f'{count} {kind}{"s" if count > 1 else ""}' for count, kind in (
        (len(items) - len(films), 'photo'), (len(films), 'film')) if count) or 'no photo'
    if not FLAGS.film:
        make_folder(FLAGS.output_dir)
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR, **options._asdict()) as segmenter:
        print(f'{segmenter.describe()}; {counted}')
        classes = shown_classes(segmenter.net.classes)
        letters = FLAGS.view != IDS and undrawable_names(classes)
        if letters:
            print(f'note: {letters}')
        todo = [item for item in items if not (FLAGS.skip_done and is_done(item, segmenter.checkpoint))]
        if FLAGS.skip_done:
            print(f'{len(items) - len(todo)} of them are done already')
        for folder in sorted({os.path.dirname(path) for item in items for path in item.outputs.values()}):
            remove_abandoned_files(folder or '.')
        failed = []
        try:
            infer_photos(list(filter(is_photo, todo)), segmenter, classes, FLAGS.view, FLAGS.softmax, failed)
            fps = FLAGS.fps if FLAGS.film else None  # None: items are films, which have their own
            failed += filter(None, (infer_film(item, segmenter, classes, FLAGS.view, fps)
                                    for item in todo if not is_photo(item)))
            print(f'{len(items) - len(failed)} of {len(items)} done ({counted}); the results are in '
                  f'{FLAGS.film or FLAGS.output_dir}')
        finally:
            for error in failed:
                print(f'failed: {error}')
    return 1 if failed else 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
