"""Counts the labels of a data set and warns if a run would learn nothing, or the wrong thing."""
import collections
import contextlib
import time

import numpy as np

from fcn8s.data.annotations import examine_annotation
from fcn8s.data.records import evenly_spaced
from fcn8s.data.turns import Turns, examine_turn
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.threads import ordered_map

NAMED = 5             # classes in a warning
SAMPLE, SECONDS = 200, 1.  # annotations of a sample at most, and how long it may take
ENOUGH = 50           # annotations: a smaller sample does not show which classes never occur
OTHER_ORDER = (
    'Labels would be learned under wrong names. Bring the lines of classes.csv into the order of the palette, or turn '
    'the colours of the masks into ids: python Data_zoo/colour_masks.py MASKS classes.csv IDS')


class Tally:
    """Counts over annotations: `pixels` and `images`, int64 [256], of each id; `annotations`."""

    def __init__(self):
        self.pixels, self.images, self.annotations = np.zeros(256, np.int64), np.zeros(256, np.int64), 0
        self.transparent = collections.Counter()  # by id: in how many annotations
        self._palettes = {}  # by its bytes: (palette, ids that occur, paths)

    def add(self, annotation, counts, path):
        """annotation: an Annotation, whose ids are not needed; counts: count_ids of them."""
        self.annotations += 1
        self.pixels += counts
        self.images += counts > 0
        self.transparent.update(annotation.transparent)
        if annotation.palette is not None:
            _, seen, paths = self._palettes.setdefault(annotation.palette.tobytes(), (annotation.palette, set(), []))
            seen.update(np.flatnonzero(counts).tolist())
            paths.append(path)

    def warnings(self, classes, ignored, of=None):
        """Warnings about labels that teach little or nothing; of: the number of all annotations, if this is a sample.

        classes: tuple of ClassInfo; ignored: ids that do not count.
        """
        counted = [i for i in np.flatnonzero(self.images).tolist() if i not in ignored]
        if not self.annotations or any(i >= len(classes) for i in counted):  # ids without a class are a separate error
            return []
        few = of is not None and of > self.annotations
        where = f'in a sample of {self.annotations} of {of} annotations' if few else 'in all annotations'
        learned = [c for c in classes if c.index not in ignored]
        found = [c for c in learned if self.images[c.index]]
        if not counted:
            return [f'{where} every pixel is ignored: there is nothing to learn.']
        if len(found) == 1 and len(learned) > 1:
            return [f'{where} the only class is {found[0].index} {found[0].name}: a net that predicts it everywhere '
                    'scores 1.000 and has learned nothing. Are the other classes missing from the masks?']
        missing = [c for c in learned if not self.images[c.index]]
        if len(missing) > len(found) > 0 and (not few or self.annotations >= ENOUGH):
            names = some_of((f'{c.index} {c.name}' for c in missing), NAMED)
            return [f'{where} {len(missing)} of {len(learned)} classes never occur: {names}. Does classes.csv belong '
                    'to these masks?']
        return []

    def notes(self):
        """[] or [which ids are transparent in their files]."""
        ids = ', '.join(f'{i} (in {count} annotations)' for i, count in sorted(self.transparent.items()))
        return [f'transparent ids, read like any others: {ids}'] if ids else []

    def palette_problems(self, classes):
        """(path, problem) for each annotation whose palette has the colours of the classes in another order."""
        if all(c.name == f'class {c.index}' for c in classes):  # generic names of a folder without classes.csv
            return []
        return [(path, f'{path}: {problem}') for palette, seen, paths in self._palettes.values()
                for problem in _other_order(palette, sorted(seen), classes) for path in paths]


def count_ids(ids):
    """Pixels of each id: int64 [256]."""
    return np.bincount(ids.ravel(), minlength=256)


def sample_labels(records, threads=2, seconds=SECONDS):
    """(Tally, Turns) of some records, evenly spaced, as many as `seconds` allow; skips unreadable ones."""
    tally, turns, end = Tally(), Turns(), time.monotonic() + seconds
    chosen = evenly_spaced(records, SAMPLE)
    order = np.random.RandomState(0).permutation(len(chosen))  # so that those read in time are evenly spaced too
    with contextlib.closing(ordered_map(_read, [chosen[i] for i in order], threads, 2 * threads)) as found:
        for record, annotation, counts, turn in filter(None, found):
            tally.add(annotation, counts, record.annotation)
            if turn:
                turns.add(record.image, *turn)
            if time.monotonic() > end:
                break
    return tally, turns


def print_label_warnings(records, classes, ignored, threads=2):
    """Prints what looks wrong in the labels of a sample of records."""
    tally, turns = sample_labels(records, threads)
    problems = [problem for _, problem in tally.palette_problems(classes)[:1]]
    for warning in tally.warnings(classes, ignored, len(records)) + problems + turns.warnings():
        print(f'warning: {warning}')


def _read(record):
    """(Record, Annotation without its ids, count_ids, examine_turn); None for an unreadable file."""
    try:
        annotation = examine_annotation(record.annotation)
        turn = examine_turn(record.image, annotation)
    except UserError:
        return None
    return record, annotation._replace(ids=None), count_ids(annotation.ids), turn


def _other_order(palette, seen, classes):
    """[] or [what is in which order], where most ids that occur have the colour of another class."""
    of_colour = {c.colour: c for c in reversed(classes)}
    shown = {i: tuple(palette[i].tolist()) for i in seen if i < min(len(classes), len(palette))}
    other = {i: colour for i, colour in shown.items() if colour != classes[i].colour}
    moved = {i: of_colour[colour] for i, colour in other.items() if colour in of_colour}
    if len(set(shown.values())) < len(shown) or not moved or 2 * len(moved) < len(other):
        return []
    pairs = [f'index {i} has {_text(shown[i])}, which is {c.index} {c.name} there, where {i} {classes[i].name} is '
             f'{_text(classes[i].colour)}' for i, c in list(moved.items())[:NAMED]]
    return ['the palette has the colours of classes.csv in another order: ' + '; '.join(pairs) + f'. {OTHER_ORDER}']


def _text(colour):
    return ','.join(map(str, colour))
