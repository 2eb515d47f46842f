"""The health of a data folder: every file opened, every problem listed, the classes counted."""
import collections
import os

import numpy as np

from batch_reader import check_sizes, in_order
from files.data_layout import explain_unread
from files.errors import UserError
from files.images import load_photo, read_annotation
from files.progress import progress
from read_data import MAX_CLASSES, check_ids, find_classes, pair_up

SPLITS = ('training', 'validation')
NAME_WIDTH = 30
SHOWN = 50  # problems of single files listed per split; a wrong --num_classes gives one for every file

# size: (height, width) of the photo, None if unreadable; counts: pixels of each id, int64 [256]
Pair = collections.namedtuple('Pair', 'size counts problems')
# pixels, images: of each id, int64 [256]: in how many pixels and in how many annotations it occurs
Split = collections.namedtuple('Split', 'pairs sizes pixels images')


def report(data_dir, num_classes=None, ignore_label=None):
    """Prints what data_dir holds and what is wrong with it; returns 1 if anything is, else 0."""
    if not os.path.isdir(data_dir):
        print(f'{data_dir}: no such folder')
        return 1
    problems = []
    classes = _tried(problems, find_classes, data_dir, num_classes) or ()
    splits = {name: _examine_split(problems, data_dir, name, len(classes) or MAX_CLASSES, ignore_label)
              for name in SPLITS}
    for name, split in splits.items():
        _print_split(name, split, classes)
    _print_classes(classes, splits, ignore_label)
    for number, problem in enumerate(problems, 1):
        print(f'{number}. {problem}')
    print(f'{len(problems)} problem{"s" if len(problems) > 1 else ""} found' if problems else 'no problems found')
    return 1 if problems else 0


def _examine_split(problems, data_dir, name, num_classes, ignore_label):
    """The Split, its problems appended to `problems`."""
    records, unpaired = _tried(problems, pair_up, data_dir, name) or ((), [])
    problems += map(str, unpaired)
    unread = explain_unread(data_dir, name)
    problems += [unread] if unread else []
    split = Split(len(records), collections.Counter(), np.zeros(256, np.int64), np.zeros(256, np.int64))
    found = []
    threads = min(8, os.cpu_count() or 1)
    pairs = in_order(lambda record: _examine(record, num_classes, ignore_label), records, threads, 4 * threads)
    for pair in progress(pairs, total=len(records), desc=name, unit='pair'):
        found += pair.problems
        split.sizes.update([pair.size] if pair.size else [])
        split.pixels[:] += pair.counts
        split.images[:] += pair.counts > 0
    problems += found[:SHOWN] + ([f'... and {len(found) - SHOWN} more in {name}'] if len(found) > SHOWN else [])
    return split


def _examine(record, num_classes, ignore_label):
    problems = []
    photo = _tried(problems, load_photo, record.image)
    size = None if photo is None else photo.size[::-1]
    ids = _tried(problems, read_annotation, record.annotation)
    if ids is None:
        return Pair(size, np.zeros(256, np.int64), problems)
    if size is not None:
        _tried(problems, check_sizes, size, ids.shape, record)
    _tried(problems, check_ids, ids, num_classes, ignore_label, record.annotation)
    return Pair(size, np.bincount(ids.ravel(), minlength=256), problems)


def _tried(problems, function, *arguments):
    """What the function returns; or None, its UserError appended to `problems`."""
    try:
        return function(*arguments)
    except UserError as error:
        problems.append(str(error))
        return None


def _print_split(name, split, classes):
    print(f'{name}: {split.pairs} pairs')
    if split.sizes:
        heights, widths = zip(*split.sizes)
        (height, width), count = split.sizes.most_common(1)[0]
        print(f'    heights {min(heights)} to {max(heights)}, widths {min(widths)} to {max(widths)}; '
              f'most often {height} x {width} (height x width), {count} times')
    if split.images.any():
        seen = np.flatnonzero(split.images)
        missing = [f'{c.index} {c.name}' for c in classes if not split.images[c.index]]
        print(f'    ids {seen[0]} to {seen[-1]}; classes never seen: {", ".join(missing) or "none"}')


def _print_classes(classes, splits, ignore_label):
    """A table of all ids that are classes or occur: their share of the pixels not ignored, and in how many images."""
    names = {c.index: c.name for c in classes}
    ids = sorted(set(names).union(*(np.flatnonzero(split.images).tolist() for split in splits.values())))
    if not ids:
        return
    counted = np.arange(256) != ignore_label
    print(f'{"id":>3}  {"class":<{NAME_WIDTH}}' + ''.join(f'{name + " pixels":>20}{"images":>8}' for name in splits))
    for i in ids:
        name = names.get(i, '(no class)') if counted[i] else '(ignored)'
        cells = ''.join(f'{_share(split, counted, i):>20}{split.images[i]:>8}' for split in splits.values())
        print(f'{i:>3}  {name[:NAME_WIDTH]:<{NAME_WIDTH}}{cells}')


def _share(split, counted, i):
    total = split.pixels[counted].sum()
    return f'{split.pixels[i] / total:.3%}' if total and counted[i] else '-'
