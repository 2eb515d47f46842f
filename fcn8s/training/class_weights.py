"""--class_weights: how much each class's pixels count in the loss."""
import csv
import functools
import io
import math

import numpy as np

from fcn8s.data.annotations import check_ids, read_annotation
from fcn8s.data.records import read_or_skip
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.files import SMALL, read_bounded
from fcn8s.utils.progress import progress
from fcn8s.utils.threads import ordered_map

EXAMPLE = '    index,weight\n    0,0.5\n    1,2'


def class_weights(choice, dataset, ignored=(), num_threads=2):
    """The weights of the N classes, a list of floats; None if the choice is 'none' or ''.

    choice: 'median_frequency' or the path of a CSV file; dataset: the training split; ignored: ids without a loss.
    Raises UserError as the two functions below do.
    """
    if choice in ('none', ''):
        return None
    if choice == 'median_frequency':
        return median_frequency_weights(dataset, ignored, num_threads)
    return read_class_weights(choice, len(dataset.classes))


def median_frequency_weights(dataset, ignored=(), num_threads=2):
    """Weight of class c = median frequency / frequency of c (Eigen & Fergus, arXiv 1411.4734, section 4.3.2).

    The frequency of c is the number of its pixels divided by the number of all pixels in the images where it occurs;
    ignored pixels are not counted. A class that never occurs has weight 1, which is never used. Reads every annotation,
    with a progress bar. Raises UserError as read_annotation and check_ids do, unless dataset.bad collects such records,
    and if all pixels are ignored.
    """
    num_classes, records = len(dataset.classes), dataset.records
    of_class, of_its_images = np.zeros(num_classes, np.int64), np.zeros(num_classes, np.int64)  # pixels
    count = functools.partial(read_or_skip, functools.partial(_count, ignored=ignored), dataset=dataset)
    counts = ordered_map(count, records, num_threads, ahead=4 * num_threads)
    for counted in filter(lambda counted: counted is not None,
                          progress(counts, total=len(records), desc='class weights', unit='annotation')):
        of_class += counted
        of_its_images += counted.sum() * (counted > 0)
    occurs = of_class > 0
    if not occurs.any():
        raise UserError(f'--class_weights=median_frequency: all pixels of the {len(records)} annotations are '
                        'ignored. Check them: python read_data.py DIR')
    frequencies = of_class[occurs] / of_its_images[occurs]
    weights = np.ones(num_classes)
    weights[occurs] = np.median(frequencies) / frequencies
    return weights.tolist()


def read_class_weights(path, num_classes):
    """Reads a CSV file of index,weight: the weights of the classes 0..N-1, floats. Its rows may be in any order.

    Raises UserError naming file and line, or the missing classes; also if all weights are 0.
    """
    weights = {}
    for line, row in _rows(path):
        index, weight = _parse_row(row, num_classes, f'{path}, line {line}')
        if index in weights:
            raise UserError(f'{path}, line {line}: class {index} already has a weight. Remove one of the two.')
        weights[index] = weight
    missing = [index for index in range(num_classes) if index not in weights]
    if missing:
        raise UserError(f'{path} has no weight for {len(missing)} of {num_classes} classes: {some_of(missing)}. Give '
                        'every class a line, 1 if in doubt.')
    if not any(weights.values()):
        raise UserError(f'{path}: all weights are 0, so nothing would be learned. Give at least one class more than 0.')
    return [weights[index] for index in range(num_classes)]


def _count(record, dataset, ignored):
    """int64 [num_classes]: pixels of each class that are not ignored."""
    num_classes = len(dataset.classes)
    ids = read_annotation(record.annotation)
    check_ids(ids, num_classes, dataset.ignore_label, record.annotation)
    counts = np.bincount(ids.ravel(), minlength=256)
    counts[list(ignored)] = 0
    return counts[:num_classes]


def _rows(path):
    """[(line number, cells)] of the lines below the header, without blank ones."""
    try:
        reader = csv.reader(io.StringIO(read_bounded(path, SMALL).decode('utf-8-sig'), newline=''))
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise UserError(f'--class_weights={path}: expected none, median_frequency or a CSV file; the file cannot be '
                        f'read: {error.strerror}.') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f'{path} is not a CSV file in UTF-8 ({error}). An example:\n{EXAMPLE}') from error
    line, header = rows[0] if rows else (1, [])
    if [name.strip().lower() for name in header] != ['index', 'weight']:
        raise UserError(f'{path}, line {line}: the first line must be index,weight, found {",".join(header)!r}. '
                        f'An example:\n{EXAMPLE}')
    return rows[1:]


def _parse_row(row, num_classes, where):
    try:
        index, weight = row
        index, weight = int(index), float(weight)
    except ValueError as error:
        raise UserError(f'{where}: expected two numbers, index,weight, found {",".join(row)!r}.') from error
    if not 0 <= index < num_classes:
        raise UserError(f'{where}: class {index} does not exist; the classes are 0 to {num_classes - 1}.')
    if not 0 <= weight < math.inf:
        raise UserError(f'{where}: the weight is {weight:g}, expected 0 or more.')
    return index, weight
