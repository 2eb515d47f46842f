"""Segments your photos.

    python FCN_infer.py                                     # all photos in infer/, results in output/
    python FCN_infer.py holiday.jpg more_photos/
    python FCN_infer.py --logs_dir=logs/my_photos --checkpoint=best

For street.jpg there is street.png (pixel values are class ids, any viewer shows colours), street_overlay.jpg and
street_legend.png. What cannot be read is listed at the end, and the exit code is then 1.
"""
import collections
import functools
import os

from absl import flags
from tqdm import tqdm

from batch_reader import in_order
from files.errors import UserError
from files.images import PHOTO_EXTENSIONS, list_photos, read_photo
from runs.flags import define_net_flags, define_prediction_flags, parse, run
from segmenter import Segmenter
from visualize import describe, legend, overlay, palette, save_ids, save_picture

INFER_DIR = 'infer'
OUTPUT_DIR = 'output'
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # its classes, where no run names them

FLAGS = flags.FlagValues()
# photo: uint8 [H, W, 3]; ids: uint8 [H, W]; each None until it is known, and for good where error is set
Item = collections.namedtuple('Item', 'path stem photo ids error')


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    infer = {'flag_values': FLAGS, 'module_name': 'infer'}
    flags.DEFINE_string('infer_dir', INFER_DIR, 'folder of photos, where none are named on the command line', **infer)
    flags.DEFINE_string('output_dir', OUTPUT_DIR, 'where the results go; made if it is not there', **infer)
    flags.DEFINE_integer('max_side', None, 'the net sees larger photos scaled down to this longer side, which takes '
                         'less memory and time; results keep the photo\'s own size (default: none)', 32, **infer)
    define_prediction_flags(FLAGS, LOGS_DIR)
    define_net_flags(FLAGS)


define_flags()


def find_photos(arguments, output_dir):
    """Items for the photos that files and folders on the command line mean, each with the stem of its outputs.

    A photo whose output another photo has already, or would replace a photo, has an error instead.
    """
    paths = []
    for argument in arguments:
        if os.path.isdir(argument):
            paths.extend(list_photos(argument))
        elif os.path.exists(argument):
            paths.append(argument)
        else:
            raise UserError(f'{argument}: there is no such file or folder.')
    if not paths:
        raise UserError(f'no photos in {", ".join(map(os.path.abspath, arguments))}. Put some there '
                        f'({" ".join(PHOTO_EXTENSIONS)}), or name files or folders on the command line.')
    inputs = {os.path.realpath(path) for path in paths}
    items, taken = [], {}
    for path in collections.OrderedDict.fromkeys(paths):
        stem = os.path.splitext(os.path.basename(path))[0]
        error = None
        if stem.lower() in taken:
            error = (f'{path}: {taken[stem.lower()]} has the same name and its results would be replaced. Rename one, '
                     'or infer them into different --output_dir.')
        for output in outputs(output_dir, stem):
            if os.path.realpath(output) in inputs:
                error = f'{path}: its result would replace the photo {output}. Give another --output_dir.'
        taken.setdefault(stem.lower(), path)
        items.append(Item(path, stem, None, None, error))
    return items


def outputs(output_dir, stem):
    """Paths of a photo's id image, overlay and legend."""
    return [os.path.join(output_dir, stem + ending) for ending in ('.png', '_overlay.jpg', '_legend.png')]


def read(item):
    """The item with its photo, or with the error that reading it gave."""
    if item.error:
        return item
    try:
        return item._replace(photo=read_photo(item.path))
    except UserError as error:
        return item._replace(error=str(error))


def predict(segmenter, item):
    """The item with its ids, or with the error that predicting gave."""
    if item.error:
        return item
    try:
        return item._replace(ids=segmenter.predict(item.photo))
    except UserError as error:
        return item._replace(error=f'{item.path}: {error}')


def write(item, output_dir, classes):
    """Writes an item's three results; returns it without its pixels, and the line that describes it."""
    if item.error:
        return item, ''
    ids_path, overlay_path, legend_path = outputs(output_dir, item.stem)
    colours = palette(classes)
    save_ids(ids_path, item.ids, colours)
    save_picture(overlay_path, overlay(item.photo, item.ids, colours))
    save_picture(legend_path, legend(item.ids, classes))
    return item._replace(photo=None, ids=None), f'{item.path}: {describe(item.ids, classes)}'


def main(argv):
    """The whole inference; returns the exit code."""
    arguments = parse(FLAGS, argv, __doc__) or [FLAGS.infer_dir]
    items = find_photos(arguments, FLAGS.output_dir)
    os.makedirs(FLAGS.output_dir, exist_ok=True)
    failed = []
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, FLAGS, DATA_DIR, FLAGS.predict_class_0,
                   FLAGS.max_side) as segmenter:
        print(f'{segmenter.describe()}; {len(items)} photos')
        # Reading, predicting and writing overlap: each stage works on another photo.
        predicted = (predict(segmenter, item) for item in in_order(read, items, 2, ahead=4))
        finish = functools.partial(write, output_dir=FLAGS.output_dir, classes=segmenter.net.classes)
        for item, line in tqdm(in_order(finish, predicted, 1, ahead=2), total=len(items), unit='photo',
                               dynamic_ncols=True):
            if item.error:
                failed.append(item.error)
            else:
                tqdm.write(line)
    print(f'{len(items) - len(failed)} of {len(items)} photos done; the results are in {FLAGS.output_dir}')
    for error in failed:
        print(f'not done: {error}')
    return 1 if failed else 0


if __name__ == '__main__':
    run(main)
