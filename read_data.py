"""A data folder -> Dataset: which image belongs to which annotation, and what the ids mean.

    python read_data.py DIR                    checks a data folder and prints what it holds
    python read_data.py DIR --num_classes=2    the same for a folder without classes.csv
"""
import argparse
import collections
import csv
import io
import os

if __name__ == '__main__':
    from files.script import start
    start()

import numpy as np

from files.data_layout import explain
from files.errors import UserError
from files.home import path_argument
from files.images import list_files, list_photos
from files.pairs import ANNOTATION_EXTENSIONS, TWIN, pair_by_stem
from files.script import run
from files.text_files import SMALL, read_bounded
from files.visible_masks import advice

CLASSES_EXAMPLE = """\
    index,name,red,green,blue
    0,background,0,0,0
    1,cat,220,60,20"""
MAX_CLASSES = 256  # ids are uint8

ClassInfo = collections.namedtuple('ClassInfo', 'index name colour')  # colour: (red, green, blue), 0..255
Record = collections.namedtuple('Record', 'image annotation')  # two paths
Dataset = collections.namedtuple('Dataset', 'records classes')  # tuples of Record and of ClassInfo


class DataError(UserError):
    """A data folder, or a file of one, that cannot be used as it is."""


def read_dataset(data_dir, split, num_classes=None, bad=None):
    """The Dataset of `split` ('training' or 'validation'): records sorted by stem, and the classes.

    Lists folders only; no image is opened. num_classes stands in for a missing classes.csv. Raises DataError, which
    shows the layout expected and what was found, or names the files that have no partner; but with `bad`, a dict, those
    are left out and gathered there as {file: why}.
    """
    records, unpaired = pair_up(data_dir, split)
    if unpaired and (bad is None or not records):
        raise DataError('\n'.join(map(str, unpaired)))
    for paths, _, why in unpaired:
        bad.update((path, f'{path}: {why}') for path in paths)
    return Dataset(records, find_classes(data_dir, num_classes))


def pair_up(data_dir, split):
    """(tuple of Records sorted by stem, list of Unpaired: files without a partner and stems that occur twice).

    Raises DataError where there is no pair at all.
    """
    image_dir, annotation_dir = (os.path.join(data_dir, kind, split) for kind in ('images', 'annotations'))
    if not (os.path.isdir(image_dir) and os.path.isdir(annotation_dir)):
        raise DataError(explain(data_dir, split))
    pairs, unpaired = pair_by_stem(list_photos(image_dir), list_files(annotation_dir, ANNOTATION_EXTENSIONS),
                                   image_dir, annotation_dir)
    if not pairs and not any(problem.kind == TWIN for problem in unpaired):
        raise DataError(explain(data_dir, split))
    return tuple(Record(*pair) for pair in pairs), unpaired


def find_classes(data_dir, num_classes=None, of_net=False):
    """Tuple of ClassInfo from classes.csv in data_dir or else in its parent; without one, generic_classes(num_classes).

    of_net: whether num_classes is what a trained net knows, and no flag. Raises DataError where num_classes contradicts
    the file, and where there is neither.
    """
    parent = os.path.dirname(os.path.abspath(data_dir))
    for path in (os.path.join(data_dir, 'classes.csv'), os.path.join(parent, 'classes.csv')):
        if os.path.exists(path):
            classes = read_classes(path)
            if num_classes not in (None, len(classes)):
                other = (f'the net knows {num_classes} classes. Give the data set that it was trained on' if of_net else
                         f'--num_classes is {num_classes}. Leave the flag out')
                raise DataError(f'{path} lists {len(classes)} classes, but {other}, or correct the file.')
            return classes
    if num_classes is None:
        raise DataError(f'{data_dir} has no classes.csv, nor has its parent folder. Give --num_classes, or write '
                        f'{os.path.join(data_dir, "classes.csv")} like this:\n{CLASSES_EXAMPLE}')
    return generic_classes(num_classes)


def read_classes(path):
    """classes.csv -> tuple of ClassInfo. Columns index,name,red,green,blue; further ones are ignored; UTF-8.

    The indices are 0, 1, 2, ... in order, 2 to 256 of them. Raises DataError naming file and line.
    """
    rows = _csv_rows(path)
    line, header = next(rows, (1, []))
    if [name.strip().lower() for name in header[:5]] != ['index', 'name', 'red', 'green', 'blue']:
        raise DataError(f'{path}, line {line}: the first line must be index,name,red,green,blue with commas between, '
                        f'found {",".join(header)!r}. An example:\n{CLASSES_EXAMPLE}')
    classes = tuple(_class_info(row, index, f'{path}, line {line}') for index, (line, row) in enumerate(rows))
    if not 2 <= len(classes) <= MAX_CLASSES:
        fix = '' if classes[1:] else f' The background needs a line of its own. An example:\n{CLASSES_EXAMPLE}'
        raise DataError(f'{path}: number of classes {len(classes)}, expected 2 to {MAX_CLASSES}.{fix}')
    return classes


def generic_classes(num_classes):
    """'class 0', 'class 1', ... in the colours of the PASCAL VOC devkit (VOCcode/VOClabelcolormap.m).

    There bit 3j + c of the index is bit 7 - j of channel c. Raises DataError unless num_classes is 1 to 256.
    """
    if not 1 <= num_classes <= MAX_CLASSES:
        raise DataError(f'--num_classes is {num_classes}, expected 1 to {MAX_CLASSES}.')
    return tuple(ClassInfo(index, f'class {index}', tuple(
        sum((index >> (3 * j + channel) & 1) << (7 - j) for j in range(8)) for channel in range(3)))
        for index in range(num_classes))


def check_ids(ids, num_classes, ignore_label, path):
    """Raises DataError, naming `path`, where uint8 `ids` hold a value that is neither in [0, num_classes) nor ignored.

    ignore_label: None, or a value that is accepted although it names no class.
    """
    wrong = ids >= num_classes
    if ignore_label is not None:
        wrong &= ids != ignore_label
    if wrong.any():
        visible = advice(ids, wrong)
        if visible:
            raise DataError(f'{path} {visible}')
        found = np.unique(ids[wrong]).tolist()
        more = f' and {len(found) - 5} more' if len(found) > 5 else ''
        raise DataError(f'{path} holds the ids {", ".join(map(str, found[:5]))}{more}; with {num_classes} classes '
                        f'they must be 0 to {num_classes - 1}. If they are classes, raise --num_classes; if they mean '
                        f'"no class", give --ignore_label={found[-1]}; or else correct the annotation.')


def _csv_rows(path):
    """Yields (line number, cells) of each line that is not blank."""
    try:
        data = read_bounded(path, SMALL)
        reader = csv.reader(io.StringIO(data.decode('utf-8-sig'), newline=''))
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        raise DataError(f'{path}, line {line}: not UTF-8. Save the file as UTF-8.') from error
    except csv.Error as error:
        raise DataError(f'{path}, line {reader.line_num}: {error}.') from error
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}.') from error


def _class_info(row, index, where):
    try:
        found, *colour = (int(row[column]) for column in (0, 2, 3, 4))
    except (ValueError, IndexError) as error:
        raise DataError(f'{where}: expected index,name,red,green,blue with whole numbers, found '
                        f'{",".join(row)!r}.') from error
    name = row[1].strip()
    if found != index:
        raise DataError(f'{where}: the index is {found}, expected {index}: the indices are 0, 1, 2, ... in order.')
    if not name:
        raise DataError(f'{where}: the name is empty.')
    if not all(0 <= value <= 255 for value in colour):
        raise DataError(f'{where}: the colour {",".join(map(str, colour))} is not within 0 to 255.')
    return ClassInfo(index, name, tuple(colour))


def main():
    """Prints the health of a data folder; returns 1 if it has problems."""
    parser = argparse.ArgumentParser(description='Checks a data folder: pairs, sizes, ids, class frequencies.')
    parser.add_argument('data_dir', type=path_argument, help='the folder with images/ and annotations/')
    parser.add_argument('--num_classes', type=int, help='number of classes, where there is no classes.csv')
    parser.add_argument('--ignore_label', type=int, help='an id that may occur although it names no class, such as 255')
    args = parser.parse_args()
    from runs.data_health import report
    return report(args.data_dir, args.num_classes, args.ignore_label)


if __name__ == '__main__':
    run(lambda argv: main())
