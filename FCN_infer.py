"""Segments your photos and films.

    python FCN_infer.py                                     # all in infer/, results in output/
    python FCN_infer.py holiday.jpg street.mp4 more_photos/
    python FCN_infer.py --logs_dir=logs/my_photos --checkpoint=best
    python FCN_infer.py --film=walk.mp4 --fps=25 FRAMES_DIR # a folder of frames becomes a film

For street.jpg there is street.png (pixel values are class ids, any viewer shows colours), street_overlay.jpg and
street_legend.png; for street.mp4 street_overlay.mp4 with its sound, and street_overlay_legend.png. What cannot be
read is listed at the end, and the exit code is then 1.
"""
import functools
import os

from absl import flags

from fcn8s.data.classes import read_classes
from fcn8s.devices import assume_frozen_weights
from fcn8s.flags import (
    define_max_side_flag,
    define_net_flags,
    define_precision_flag,
    define_prediction_flags,
    define_result_flags,
    define_scale_flags,
    define_tile_flags,
)
from fcn8s.prediction.film_reader import FilmReader, FrameFolder
from fcn8s.prediction.films import segment_film
from fcn8s.prediction.inputs import check_film_flags, find_inputs, folder_film, is_done, is_photo, plan, take_shard
from fcn8s.prediction.photos import infer_photos, out_of_memory
from fcn8s.prediction.scales import parse_scales
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import make_folder
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.utils.script import run
from fcn8s.utils.terminal import progress
from fcn8s.visualize import IDS, VIEWS, describe, legend, palette, save_picture, undrawable_names

if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()
INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # its classes, where no run names them
FLAGS = flags.FlagValues()


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    infer = {'flag_values': FLAGS, 'module_name': 'infer'}
    flags.DEFINE_string('infer_dir', INFER_DIR, 'folder of photos and films, where none are named on the command line',
                        **infer)
    flags.DEFINE_string('output_dir', OUTPUT_DIR, 'where the results go, not among the photos; made if it is not there',
                        **infer)
    define_result_flags(FLAGS)
    define_max_side_flag(FLAGS)
    define_tile_flags(FLAGS)
    define_prediction_flags(FLAGS, LOGS_DIR)
    define_scale_flags(FLAGS)
    define_precision_flag(FLAGS, 'prediction')
    define_net_flags(FLAGS)


define_flags()


def find_items(arguments):
    """The Items that the command line means."""
    if not FLAGS.film:
        return take_shard(plan(find_inputs(arguments), FLAGS.output_dir, FLAGS.view, FLAGS.softmax), FLAGS.shard)
    return [folder_film(arguments, FLAGS.film, FLAGS.skip_done)]


def check_films(films):
    """Raises UserError for Items of films where a flag asks for what is made of photos only."""
    if FLAGS.softmax and films:
        raise UserError(f'--softmax saves the probabilities of photos; leave it out, or {films[0].path}.')
    if FLAGS.view == IDS and films:
        raise UserError(f'--view=ids writes the ids of photos; leave it out, or {films[0].path}.')


def shown_classes(classes):
    """The classes with the names and colours of --color_map, where it is given."""
    if not FLAGS.color_map:
        return classes
    shown = read_classes(FLAGS.color_map)
    if len(shown) != len(classes):
        raise UserError(f'--color_map={FLAGS.color_map} lists {len(shown)} classes, but the net knows {len(classes)}.')
    return shown


def film_facts(film):
    """One line for the log about an opened film."""
    odd = film.width % 2 or film.height % 2
    return (f'{film.path}: {film.width}x{film.height}, {float(film.fps):g} frames a second, {film.sound or "no"} sound'
            + ('; MP4 needs even sides, so an odd one gets one more row or column' if odd else ''))


def infer_film(item, segmenter, classes):
    """Segments a film or a folder of frames; returns why it could not be done, or not wholly, else None."""
    colours = palette(classes)
    try:
        if item.error:
            return item.error
        film = FrameFolder(item.path, FLAGS.fps) if FLAGS.film else FilmReader(item.path)
        print(film_facts(film))
        with progress(total=film.count, unit='frame', desc=os.path.basename(item.path)) as bar:
            seen = segment_film(film, item.outputs['view'], segmenter.predict_each,
                                functools.partial(VIEWS[FLAGS.view], colours=colours), bar.update)
            bar.total = bar.n  # which the film's header tells but about
        save_picture(item.outputs['legend'], legend(seen, classes))
        print(f'{item.path}: {describe(seen, classes)}')
        return film.damage and f'{item.path}: {film.damage}; {item.outputs["view"]} holds the rest'
    except UserError as error:
        return str(error) if item.path in str(error) else f'{item.path}: {error}'
    except MemoryError:
        return f'{item.path}: {out_of_memory(segmenter.averages)}'


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__, takes_paths=True) or [FLAGS.infer_dir]
    check_film_flags(FLAGS)
    scales = parse_scales(FLAGS.scales)
    items = find_items(arguments)
    films = [item for item in items if not is_photo(item)]
    check_films(films)
    counted = ' and '.join(f'{count} {kind}{"s" if count > 1 else ""}' for count, kind in (
        (len(items) - len(films), 'photo'), (len(films), 'film')) if count) or 'no photo'
    if not FLAGS.film:
        make_folder(FLAGS.output_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, FLAGS, DATA_DIR, FLAGS.predict_class_0, FLAGS.max_side,
                   FLAGS.tile, FLAGS.tile_margin, FLAGS.precision, scales, FLAGS.flip) as segmenter:
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
            failed += filter(None, (infer_film(item, segmenter, classes) for item in todo if not is_photo(item)))
            print(f'{len(items) - len(failed)} of {len(items)} done ({counted}); the results are in '
                  f'{FLAGS.film or FLAGS.output_dir}')
        finally:
            for error in failed:
                print(f'not done: {error}')
    return 1 if failed else 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
