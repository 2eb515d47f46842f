"""Checks a data folder: opens every file, lists every kind of problem, counts the classes."""
import collections
import os

import numpy as np

from fcn8s.data.annotations import check_ids, examine_annotation
from fcn8s.data.classes import MAX_CLASSES, find_classes
from fcn8s.data.folder import explain_unread, pair_up
from fcn8s.data.label_tally import Tally, count_ids
from fcn8s.data.photos import load_photo, pixels_of
from fcn8s.data.records import check_sizes
from fcn8s.data.turns import Turns, examine_turn
from fcn8s.utils.errors import UserError, grouped
from fcn8s.utils.progress import progress
from fcn8s.utils.threads import ordered_map

SPLITS = ('training', 'validation')
NAME_WIDTH = 30
SHOWN = 50  # problems listed
# size: (height, width) of the photo, None if unreadable; annotation: without its ids, None if unreadable; counts: what
# count_ids gave; turn: what examine_turn gave; problems: sentences
Pair = collections.namedtuple('Pair', 'size annotation counts turn problems')
Split = collections.namedtuple('Split', 'records sizes tally turns')
# classes: tuple of ClassInfo, empty if unknown; splits: {name: Split}; problems: sentences
Findings = collections.namedtuple('Findings', 'classes splits problems ignore_label')


def examine(data_dir, num_classes=None, ignore_label=None):
    """Opens every file of data_dir: the Findings. Raises UserError if there is no such folder."""
    if not os.path.isdir(data_dir):
        raise UserError(f'{data_dir}: no such folder')
    problems, of_files = [], []
    classes = _tried(problems, find_classes, data_dir, num_classes) or ()
    splits = {name: _examine_split(problems, of_files, data_dir, name, len(classes) or MAX_CLASSES, ignore_label)
              for name in SPLITS}
    for split in splits.values():
        of_files += split.tally.palette_problems(classes)
    return Findings(classes, splits, problems + grouped(of_files), ignore_label)


def print_findings(findings):
    """Prints the contents, warnings and problems; returns 1 if there are problems, else 0."""
    classes, splits, problems, ignore_label = findings
    for name, split in splits.items():
        _print_split(name, split, classes)
    _print_classes(classes, splits, ignore_label)
    warnings = [f'{name}: {warning}' for name, split in splits.items()
                for warning in split.tally.warnings(classes, {ignore_label}) + split.turns.warnings()]
    for warning in warnings:
        print(f'warning: {warning}')
    for number, problem in enumerate(problems[:SHOWN], 1):
        print(f'{number}. {problem}')
    if len(problems) > SHOWN:
        print(f'... and {len(problems) - SHOWN} more')
    found = f'{len(problems) or "no"} problem{"" if len(problems) == 1 else "s"} found'
    print(found + (f', {len(warnings)} warning{"s" * (len(warnings) > 1)}' if warnings else ''))
    return 1 if problems else 0


def _examine_split(problems, of_files, data_dir, name, num_classes, ignore_label):
    """The Split; problems of the folder are appended to `problems`, (photo, problem) of its files to `of_files`."""
    records, unpaired = _tried(problems, pair_up, data_dir, name) or ((), [])
    problems += map(str, unpaired)
    unread = explain_unread(data_dir, name)
    problems += [unread] if unread else []
    split = Split(records, collections.Counter(), Tally(), Turns())
    threads = min(8, os.cpu_count() or 1)
    pairs = ordered_map(lambda record: _examine(record, num_classes, ignore_label), records, threads, 4 * threads,
                     lambda record: pixels_of(record.image))
    for record, pair in zip(records, progress(pairs, total=len(records), desc=name, unit='pair')):
        of_files += [(record.image, problem) for problem in pair.problems]
        split.sizes.update([pair.size] if pair.size else [])
        if pair.annotation:
            split.tally.add(pair.annotation, pair.counts, record.annotation)
        if pair.turn:
            split.turns.add(record.image, *pair.turn)
    return split


def _examine(record, num_classes, ignore_label):
    problems = []
    photo = _tried(problems, load_photo, record.image)
    size = None if photo is None else photo.size[::-1]
    annotation = _tried(problems, examine_annotation, record.annotation)
    if annotation is None:
        return Pair(size, None, None, None, problems)
    turn = photo and examine_turn(record.image, annotation, photo)
    if size is not None:
        _tried(problems, check_sizes, size, annotation.ids.shape, record)
    _tried(problems, check_ids, annotation.ids, num_classes, ignore_label, record.annotation)
    return Pair(size, annotation._replace(ids=None), count_ids(annotation.ids), turn, problems)


def _tried(problems, function, *arguments):
    """Returns the function's result, or None after appending its UserError to `problems`."""
    try:
        return function(*arguments)
    except UserError as error:
        problems.append(str(error))
        return None


def _print_split(name, split, classes):
    print(f'{name}: {len(split.records)} pairs')
    if split.sizes:
        heights, widths = zip(*split.sizes)
        (height, width), count = split.sizes.most_common(1)[0]
        print(f'    heights {min(heights)} to {max(heights)}, widths {min(widths)} to {max(widths)}; '
              f'most often {height} x {width} (height x width), {count} times')
    for line in split.turns.lines() + split.tally.notes():
        print(f'    {line}')
    images = split.tally.images
    if images.any():
        seen = np.flatnonzero(images)
        missing = [f'{c.index} {c.name}' for c in classes if not images[c.index]]
        print(f'    ids {seen[0]} to {seen[-1]}; classes never seen: {", ".join(missing) or "none"}')


def _print_classes(classes, splits, ignore_label):
    """A table of all ids that are classes or occur: their share of the pixels not ignored, and in how many images."""
    names = {c.index: c.name for c in classes}
    ids = sorted(set(names).union(*(np.flatnonzero(split.tally.images).tolist() for split in splits.values())))
    if not ids:
        return
    counted = np.arange(256) != ignore_label
    print(f'{"id":>3}  {"class":<{NAME_WIDTH}}' + ''.join(f'{name + " pixels":>20}{"images":>8}' for name in splits))
    for i in ids:
        name = names.get(i, '(no class)') if counted[i] else '(ignored)'
        cells = ''.join(f'{_share(tally, counted, i):>20}{tally.images[i]:>8}' for _, _, tally, _ in splits.values())
        print(f'{i:>3}  {name[:NAME_WIDTH]:<{NAME_WIDTH}}{cells}')


def _share(tally, counted, i):
    total = tally.pixels[counted].sum()
    return f'{tally.pixels[i] / total:.3%}' if total and counted[i] else '-'
