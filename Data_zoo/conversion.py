"""Converts data sets from their published form to the layout that read_data reads.

The prepare.py of a data set defines where its files are and what its labels mean; the rest is here. Images are linked
if the system allows it, otherwise copied; annotations become palette PNGs of class ids, pixel for pixel, never resized.
"""
import argparse
import collections
import concurrent.futures
import functools
import glob
import os
import shutil

from fcn8s.data.classes import read_classes
from fcn8s.data.photos import list_files, photo_size
from fcn8s.utils.cli import path_argument
from fcn8s.utils.errors import DataError, UserError, some_of
from fcn8s.utils.files import atomic_folder
from fcn8s.utils.progress import progress
from fcn8s.visualize import palette, save_ids
from read_data import read_dataset

Pair = collections.namedtuple('Pair', 'stem image annotation')  # name in the layout; paths of the two source files
PARTIAL = 'give --partial to continue without the missing ones'


def parser(description, data_dir, source):
    """An ArgumentParser with the flags of every prepare.py that reads a source."""
    flags = argparse.ArgumentParser(description=description)
    flags.add_argument('--source', type=path_argument, default=source,
                       help='the folder with the extracted files (default: %(default)s)')
    flags.add_argument('--data_dir', type=path_argument, default=data_dir,
                       help='where the data set goes (default: %(default)s)')
    flags.add_argument('--partial', action='store_true', help='accept an incomplete source')
    return flags


def is_prepared(data_dir, counts):
    """Whether data_dir already holds a data set; prints how many of `counts`, {split: pairs of the whole set}, it has.

    Raises UserError if it holds something else.
    """
    if not os.path.isdir(data_dir) or not os.listdir(data_dir):
        return False
    try:
        for split, count in counts.items():
            print(_count_line(split, len(read_dataset(data_dir, split).records), count))
    except DataError as error:
        raise UserError(f'{error}\n{data_dir} exists and was not changed. Move it away and run again.') from error
    print(f'{data_dir} exists and was not changed')
    return True


def find_root(source, forms, advice):
    """Returns `source`, or a folder directly in it, that has all folders of one of `forms`, tuples of relative paths.

    Raises UserError with what was expected, what was found, and `advice`.
    """
    if not os.path.isdir(source):
        raise UserError(f'{source}: there is no such folder. {advice}')
    for root in [source] + sorted(glob.glob(os.path.join(glob.escape(source), '*'))):
        if any(all(os.path.isdir(os.path.join(root, folder)) for folder in form) for form in forms):
            return root
    expected = ', or '.join(' and '.join(form) for form in forms)
    held = ', '.join(sorted(os.listdir(source))[:10]) or 'nothing'
    raise UserError(f'{source} holds {held}; expected the folders {expected}, in it or in one of its folders. {advice}')


def files_by_stem(folder, suffix):
    """{name without suffix: path} of the files in `folder` whose names end in `suffix`, in upper or lower case.

    Raises UserError for a link, which could lead anywhere, and for a name with unprintable characters.
    """
    paths = list_files(folder, (suffix.lower(),))
    for path in paths:
        if not os.path.basename(path).isprintable():
            raise UserError(f'{path!r}: the name holds line breaks or other unprintable characters. Rename the file.')
        if os.path.islink(path) or not os.path.isfile(path):
            raise UserError(f'{path} is a link or a device, not a file. Put the file itself there.')
    return {os.path.basename(path)[:-len(suffix)]: path for path in paths}


def pair_files(images, annotations, partial=False):
    """Pairs, sorted by stem, of two {stem: path}. Raises UserError for files without a partner, unless partial."""
    alone = [(images if stem in images else annotations)[stem] for stem in sorted(images.keys() ^ annotations.keys())]
    if alone and not partial:
        raise UserError(f'{len(alone)} files have no partner (image without annotation, or the reverse): '
                        f'{some_of(alone, 3)}. Extract the archives again, or {PARTIAL}.')
    return [Pair(stem, images[stem], annotations[stem]) for stem in sorted(images.keys() & annotations.keys())]


def check_counts(splits, counts, partial=False):
    """Compares {split: Pairs} to counts, {split: pairs of the whole set}, and prints both.

    Raises UserError if they differ, unless partial, and always if a split is empty.
    """
    lines = [_count_line(split, len(splits[split]), count) for split, count in counts.items()]
    print('\n'.join(lines))
    if not all(splits.values()) or any(len(splits[split]) != counts[split] for split in counts) and not partial:
        advice = f'Extract the archives again, or {PARTIAL}' if all(splits.values()) else 'Extract the archives again'
        raise UserError(f'the source is not the whole data set ({"; ".join(lines)}). {advice}.')


def write_layout(data_dir, splits, classes_csv, read_ids):
    """Writes splits, {split: Pairs}, and a copy of classes_csv to data_dir, all or nothing.

    read_ids: path of an annotation of the source -> uint8 [H, W] of class ids; it runs in threads. Raises UserError if
    an image and its annotation differ in size, if read_ids refuses a file, or if data_dir cannot be written.
    """
    _note_unfinished(data_dir)
    colours = palette(read_classes(classes_csv))
    ways = collections.Counter()
    try:
        with atomic_folder(data_dir) as new, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for split, pairs in splits.items():
                for kind in ('images', 'annotations'):
                    os.makedirs(os.path.join(new, kind, split))
                write = functools.partial(_write_pair, new, split, read_ids, colours)
                ways.update(progress(pool.map(write, pairs), total=len(pairs), desc=split, unit='pair'))
            shutil.copyfile(classes_csv, os.path.join(new, 'classes.csv'))
    except OSError as error:
        raise UserError(f'{data_dir} cannot be written: {error}.') from error
    print(f'{data_dir}: ' + ', '.join(f'{count} images as {way}' for way, count in sorted(ways.items())))


def _write_pair(data_dir, split, read_ids, colours, pair):
    """Returns how the image got there."""
    ids = read_ids(pair.annotation)
    size = photo_size(pair.image)
    if size != ids.shape:
        raise UserError(f'{pair.image} has {size[0]} x {size[1]} pixels (height x width), but its annotation '
                        f'{pair.annotation} has {ids.shape[0]} x {ids.shape[1]}. Get both files again.')
    save_ids(os.path.join(data_dir, 'annotations', split, pair.stem + '.png'), ids, colours)
    extension = os.path.splitext(pair.image)[1]
    return link_or_copy(os.path.abspath(pair.image), os.path.join(data_dir, 'images', split, pair.stem + extension))


def link_or_copy(source, target):
    """Links or copies a file; returns in words which."""
    ways = ((os.link, 'hard links'), (os.symlink, 'links to the source, which must stay where it is'))
    for link, way in ways:
        try:
            link(source, target)
            return way
        except OSError:  # another disk, or a system that does not allow it
            continue
    shutil.copyfile(source, target)
    return 'copies'


def _count_line(split, found, expected):
    return f'{split}: {found} pairs' + (f', the whole set has {expected}' if found != expected else ', complete')


def _note_unfinished(data_dir):
    for folder in glob.glob(glob.escape(os.path.realpath(data_dir)) + '.unfinished-*'):
        print(f'note: {folder} is from a run that was stopped or is still running; delete it if none is running')
