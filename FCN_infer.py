"""Segments your photos and films.

    python FCN_infer.py                                     # all in infer/, results in output/
    python FCN_infer.py holiday.jpg street.mp4 more_photos/
    python FCN_infer.py --logs_dir=logs/my_photos --checkpoint=best
    python FCN_infer.py --film=walk.mp4 --fps=25 FRAMES_DIR # a folder of frames becomes a film

For street.jpg there is street.png (pixel values are class ids, any viewer shows colours), street_overlay.jpg and
street_legend.png; for street.mp4 street_overlay.mp4 with its sound, and street_overlay_legend.png. What cannot be
read is listed at the end, and the exit code is then 1.
"""
import collections
import functools
import os

from absl import flags
from tqdm import tqdm

from batch_reader import in_order
from files.atomic import is_full_disk
from files.errors import UserError
from files.folders import make_folder
from files.images import read_photo
from films.frame_folder import FrameFolder
from films.reader import FilmReader
from films.segment import segment_film
from inference.flags import define_max_side_flag, define_result_flags, define_tile_flags
from inference.plan import find_inputs, folder_film, is_done, is_photo, plan, take_shard
from inference.probabilities import save_probabilities
from inference.views import VIEWS
from read_data import read_classes
from runs.flags import define_net_flags, define_prediction_flags, parse, run
from runs.precision import define_precision_flag
from segmenter import Segmenter
from TensorflowUtils import assume_frozen_weights
from visualize import describe, legend, palette, save_ids, save_picture

INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # its classes, where no run names them

OUT_OF_MEMORY = 'memory ran out. Use --tile=768, which bounds it, or --max_side=1024.'

FLAGS = flags.FlagValues()
# photo: uint8 [H, W, 3]; ids: uint8 [H, W]; softmax: float32 [H, W, N]; each None until it is known, and for good
# where error is set
Work = collections.namedtuple('Work', 'item photo ids softmax error')


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
    define_precision_flag(FLAGS, 'prediction')
    define_net_flags(FLAGS)


define_flags()


def find_items(arguments):
    """The Items that the command line means."""
    if not FLAGS.film:
        return take_shard(plan(find_inputs(arguments), FLAGS.output_dir, FLAGS.view, FLAGS.softmax), FLAGS.shard)
    return [folder_film(arguments, FLAGS.film)]


def shown_classes(classes):
    """The classes with the names and colours of --color_map, where it is given."""
    if not FLAGS.color_map:
        return classes
    shown = read_classes(FLAGS.color_map)
    if len(shown) != len(classes):
        raise UserError(f'--color_map={FLAGS.color_map} lists {len(shown)} classes, but the net knows {len(classes)}.')
    return shown


def read(item):
    """Work with its photo, or with the error that reading it gave."""
    work = Work(item, None, None, None, item.error)
    if work.error:
        return work
    try:
        return work._replace(photo=read_photo(item.path))
    except UserError as error:
        return work._replace(error=str(error))


def predict(segmenter, works):
    """Yields each Work with its ids, and probabilities if asked for, or with the error that predicting gave."""
    for batch in segmenter.batches(works, lambda work: None if FLAGS.softmax else work.photo):
        yield from predict_batch(segmenter, batch)


def predict_batch(segmenter, works):
    """A list of Works with what `predict` adds; one that has an error, or wants probabilities, is alone in its list."""
    if works[0].error:
        return works
    try:
        if FLAGS.softmax:
            ids, softmax = segmenter.predict_both(works[0].photo)
            return [works[0]._replace(ids=ids, softmax=softmax)]
        every = segmenter.predict([work.photo for work in works])
        return [work._replace(ids=ids) for work, ids in zip(works, every)]
    except (UserError, MemoryError) as error:
        if len(works) > 1:  # one's fault must not cost the others their results
            return [predict_batch(segmenter, [work])[0] for work in works]
        words = error if isinstance(error, UserError) else OUT_OF_MEMORY
        return [works[0]._replace(error=f'{works[0].item.path}: {words}')]


def write(work, classes):
    """Writes a photo's results; returns the error, or None, and the line that describes it.

    Raises UserError where the disk is full: the next photos would not find room either.
    """
    if work.error:
        return work.error, ''
    outputs, colours = work.item.outputs, palette(classes)
    try:
        save_ids(outputs['ids'], work.ids, colours)
        save_picture(outputs['view'], VIEWS[FLAGS.view](work.photo, work.ids, colours))
        save_picture(outputs['legend'], legend(work.ids, classes))
        if work.softmax is not None:
            save_probabilities(outputs['softmax'], work.softmax)
    except UserError as error:
        if is_full_disk(error):
            raise
        return f'{work.item.path}: {error}', ''
    except MemoryError:
        return f'{work.item.path}: {OUT_OF_MEMORY}', ''
    return None, f'{work.item.path}: {describe(work.ids, classes)}'


def infer_photos(items, segmenter, classes, errors):
    """Segments photos; appends to `errors` why one could not be done."""
    # Reading, predicting and writing overlap: each stage works on another photo.
    predicted = predict(segmenter, in_order(read, items, 2, ahead=4))
    finish = functools.partial(write, classes=classes)
    for error, line in tqdm(in_order(finish, predicted, 1, ahead=2), total=len(items), unit='photo',
                            dynamic_ncols=True, disable=not items):
        if error:
            errors.append(error)
        else:
            tqdm.write(line)


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
        with tqdm(total=film.count, unit='frame', desc=os.path.basename(item.path), dynamic_ncols=True) as bar:
            seen = segment_film(film, item.outputs['view'], segmenter.predict_each,
                                functools.partial(VIEWS[FLAGS.view], colours=colours), bar.update)
            bar.total = bar.n  # which the film's header tells but about
        save_picture(item.outputs['legend'], legend(seen, classes))
        print(f'{item.path}: {describe(seen, classes)}')
        return film.damage and f'{item.path}: {film.damage}; {item.outputs["view"]} holds the rest'
    except UserError as error:
        return str(error) if item.path in str(error) else f'{item.path}: {error}'
    except MemoryError:
        return f'{item.path}: {OUT_OF_MEMORY}'


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__, takes_paths=True) or [FLAGS.infer_dir]
    items = find_items(arguments)
    films = [item for item in items if not is_photo(item)]
    if FLAGS.softmax and films:
        raise UserError(f'--softmax saves the probabilities of photos; leave it out, or {films[0].path}.')
    counted = ' and '.join(f'{count} {kind}{"s" if count > 1 else ""}' for count, kind in (
        (len(items) - len(films), 'photo'), (len(films), 'film')) if count) or 'no photo'
    if not FLAGS.film:
        make_folder(FLAGS.output_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, FLAGS, DATA_DIR, FLAGS.predict_class_0, FLAGS.max_side,
                   FLAGS.tile, FLAGS.tile_margin, FLAGS.precision) as segmenter:
        print(f'{segmenter.describe()}; {counted}')
        classes = shown_classes(segmenter.net.classes)
        todo = [item for item in items if not (FLAGS.skip_done and is_done(item, segmenter.checkpoint))]
        if FLAGS.skip_done:
            print(f'{len(items) - len(todo)} of them are done already')
        failed = []
        try:
            infer_photos(list(filter(is_photo, todo)), segmenter, classes, failed)
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
