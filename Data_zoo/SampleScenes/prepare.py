"""Draws a small data set of street scenes, so that everything can be tried without a download.

    python Data_zoo/SampleScenes/prepare.py                          data/ with 80 training and 20 validation pairs
    python Data_zoo/SampleScenes/prepare.py --photos 6 infer/demo    six more photos, without annotations

A second run leaves what is there.
"""
import argparse
import contextlib
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))  # the project, from any working folder
    from fcn8s.utils.script import start
    start()

from PIL import Image

from Data_zoo.conversion import is_prepared
from Data_zoo.SampleScenes.scenes import draw
from fcn8s.data.classes import read_classes
from fcn8s.data.photos import read_photo
from fcn8s.utils.cli import expand_home, path_argument
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_folder
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.visualize import palette, save_ids
from read_data import read_dataset

DATA_DIR = os.path.join(HERE, 'data')
CLASSES = os.path.join(HERE, 'classes.csv')
TRAINING, VALIDATION, PHOTOS = range(3)  # parts: scenes of two parts never meet, whatever their number
JPEG_QUALITY, JPEG_LOSS = 90, 12  # the loss in grey values, twice what it is; other scenes differ in their size too


def prepare(data_dir=DATA_DIR, seed=0, training=80, validation=20):
    """Draws the data set, unless data_dir holds one already; returns data_dir.

    The ids, and the photos up to their JPEG coding, are the same everywhere for the same seed (0 .. 2**32 - 1).
    Raises UserError where data_dir holds something else, other scenes too, or cannot be written.
    """
    counts = {'training': training, 'validation': validation}
    _check_numbers(seed, counts)
    if is_prepared(data_dir, counts):
        records = {split: read_dataset(data_dir, split).records for split in counts}
        if any(len(records[split]) != count for split, count in counts.items()) or not _is_first_scene(
                records['training'][0].image, seed, TRAINING):
            raise UserError(_other_scenes(data_dir, f'{training} training and {validation} validation scenes', seed))
        return data_dir
    colours = palette(read_classes(CLASSES))
    with _new_folder(data_dir) as new:
        for part, split in ((TRAINING, 'training'), (VALIDATION, 'validation')):
            images, annotations = (os.path.join(new, kind, split) for kind in ('images', 'annotations'))
            os.makedirs(images)
            for index in progress(range(counts[split]), desc=split, unit='scene'):
                stem = f'{split}_{index:03}'
                photo, ids = draw(seed, part, index)
                _save_photo(os.path.join(images, stem + '.jpg'), photo)
                save_ids(os.path.join(annotations, stem + '.png'), ids, colours)
        shutil.copyfile(CLASSES, os.path.join(new, 'classes.csv'))
    print(f'{data_dir}: drew {training} training and {validation} validation scenes')
    return data_dir


def draw_photos(folder, count, seed=0):
    """Draws photos that are in no data set of prepare, without annotations, unless folder holds them; returns folder.

    Raises UserError as prepare does.
    """
    _check_numbers(seed, {'photos': count})
    names = [f'photo_{index:03}.jpg' for index in range(count)]
    if os.path.isdir(folder) and sorted(os.listdir(folder)) == sorted(names):
        if not _is_first_scene(os.path.join(folder, names[0]), seed, PHOTOS):
            raise UserError(_other_scenes(folder, f'{count} photos', seed))
        print(f'{folder} holds its {count} photos and was not changed')
        return folder
    with _new_folder(folder) as new:
        for index, name in enumerate(progress(names, desc='photos')):
            _save_photo(os.path.join(new, name), draw(seed, PHOTOS, index)[0])
    print(f'{folder}: drew {count} photos')
    return folder


def _is_first_scene(path, seed, part):
    """Whether the photo at path is the first one of a part, up to its JPEG coding."""
    photo, drawn = read_photo(path).astype(int), draw(seed, part, 0)[0]
    return photo.shape == drawn.shape and abs(photo - drawn).mean() < JPEG_LOSS


def _other_scenes(folder, asked, seed):
    return (f'{folder} holds other scenes than those asked for, {asked} of --seed={seed}, and was not changed. Name '
            'another folder, or move it away and run again.')


@contextlib.contextmanager
def _new_folder(folder):
    try:
        with atomic_folder(folder) as new:
            yield new
    except OSError as error:
        raise UserError(f'{folder} cannot be written: {error}.') from error


def _save_photo(path, photo):
    Image.fromarray(photo).save(path, quality=JPEG_QUALITY)


def _check_numbers(seed, counts):
    if not 0 <= seed < 2 ** 32:
        raise UserError(f'the seed is {seed}, expected is 0 to {2 ** 32 - 1}.')
    for name, count in counts.items():
        if count < 1:
            raise UserError(f'{count} {name} scenes cannot be drawn; ask for 1 or more.')


def main(argv=None):
    parser = argparse.ArgumentParser(description='Draw street scenes with their annotations.')
    parser.add_argument('--data_dir', type=path_argument, default=DATA_DIR,
                        help='where the data set goes (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='another number draws other scenes')
    parser.add_argument('--training', type=int, default=80, help='pairs to train on (default: %(default)s)')
    parser.add_argument('--validation', type=int, default=20, help='pairs to test on (default: %(default)s)')
    parser.add_argument('--photos', nargs=2, metavar=('N', 'DIR'),
                        help='draw N photos into DIR instead, such as the data set never has')
    args = parser.parse_args(argv)
    if not args.photos:
        prepare(args.data_dir, args.seed, args.training, args.validation)
    elif args.photos[0].isdigit():
        draw_photos(expand_home(args.photos[1]), int(args.photos[0]), args.seed)
    else:
        parser.error(f'--photos takes a number and a folder, found {args.photos[0]!r} where the number should be')


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
