"""Class lists: classes.csv, or generic names and colours."""
import collections
import csv
import io
import os

from fcn8s.utils.errors import DataError
from fcn8s.utils.files import SMALL, read_bounded

CLASSES_EXAMPLE = """\
    index,name,red,green,blue
    0,background,0,0,0
    1,cat,220,60,20"""
MAX_CLASSES = 256  # ids are uint8
ClassInfo = collections.namedtuple('ClassInfo', 'index name colour')  # colour: (red, green, blue), 0..255


def find_classes(data_dir, num_classes=None, of_net=False):
    """Tuple of ClassInfo from classes.csv in data_dir or else in its parent; without one, generic_classes(num_classes).

    of_net: whether num_classes comes from a trained net rather than a flag. Raises DataError if num_classes contradicts
    the file, or if neither exists.
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
