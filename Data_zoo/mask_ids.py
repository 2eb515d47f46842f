"""Converts colour masks to class ids by the user's rules, and counts pixels that were rounded or that no rule covers.

Nothing is guessed: a pixel has exactly the colour of a class, or a rule covers it, or it is a problem.
"""
import collections

import numpy as np

from Data_zoo.mask_account import FilePixels, UnknownColours
from fcn8s.data.labels import match_colours, read_mask
from fcn8s.utils.errors import some_of

HALF = 128
FAR = 64  # a colour that differs more than this in one channel is not just a soft edge of its class
SLIGHT = 8  # JPEG changes even areas by at most this, and the channels of greys differ by at most this
SHOWN, COUNTED = 3, 1000  # most common colours named in messages, and counted per mask

# tolerance: the largest difference in a channel that is rounded to a class's colour; nearest: round any difference;
# threshold: the darkest grey of the second of two classes, or None; transparent: the id of transparent pixels, or None;
# alpha: the alpha channel alone is the mask
Rules = collections.namedtuple('Rules', 'tolerance nearest threshold transparent alpha')
Rules.__new__.__defaults__ = (0, False, None, None, False)


class MaskReader:
    """Reads masks as ids by the Rules, and collects what problems() and notes() report."""

    def __init__(self, classes, rules):
        self._classes, self._rules = classes, rules
        self._colours = np.array([c.colour for c in classes], np.uint8)
        self.unknown = UnknownColours()
        self._no_alpha, self._unplaced, self._placed, self._soft, self._hidden = (FilePixels() for _ in range(5))
        self._coloured, self._far, self._rounded, self._doubtful = (FilePixels() for _ in range(4))
        self._rounded_colours, self._far_colours = collections.Counter(), collections.Counter()
        self._pixels = np.zeros(256, np.int64)  # of each id
        self._greys = [255, 0]

    def read(self, path):
        """uint8 [H, W] of class ids; 0 for pixels with a problem."""
        rgb, through, soft, rounded = self._see_through(read_mask(path), path)
        opaque = ~(through | soft)
        if self._rules.threshold is None:
            ids, off = self._by_colour(rgb, opaque, path)
        else:
            ids, off = self._by_grey(rgb, opaque, path)
        ids[through] = self._rules.transparent or 0
        self._rounded.add(path, (rounded | off).sum())
        self._placed.add(path, opaque.any() and through.sum())
        self._pixels += np.bincount(ids.ravel(), minlength=256)
        return ids

    def problems(self):
        """Lists one paragraph for each kind of problem."""
        names = some_of((f'{c.index} {c.name}' for c in self._classes), SHOWN)
        explained = (
            (self._no_alpha, 'no alpha channel, which --alpha reads. Leave the option out.'),
            (self._unplaced, 'transparent pixels of unknown class. Give --transparent=CLASS, a '
             f'name or an index of the classes ({names}); or --alpha '
             'with --threshold=128 if opaque and transparent are the mask, whatever the colours are.'),
            (self._hidden, 'nothing but transparent pixels, but several colours in them: the alpha channel seems '
             'unused. Save these masks without it.'),
            (self._soft, 'half-transparent pixels, as soft edges do. --nearest makes those below half transparent and '
             'counts them, --tolerance=N those within N of transparent or opaque.'),
            (self._coloured, f'pixels of colours, but --threshold={self._rules.threshold} is for black-and-white '
             'masks. Leave the option out: colours are compared to those of classes.csv.'),
            (self._far, f'pixels far (more than {FAR} in a channel) from every class\'s colour in more than half of '
             f'their area, most often {_listed(self._far_colours)}. Move photos away; for masks of other '
             'colours give a copy of classes.csv with their colours: only the ids are written.'))
        problems = [f'{files} {"has" if len(files) == 1 else "have"} {text}' for files, text in explained if files]
        return problems or self._lost_shapes() * (not self.unknown)

    def notes(self):
        """Lists one line for each thing done that is not obvious."""
        lines = []
        if self._rules.threshold is not None:
            dark, bright = (f'{c.index} {c.name}' for c in self._classes)
            lines.append(f'greys below {self._rules.threshold} became {dark}, the others {bright}, whatever the '
                         f'colours in classes.csv; the masks hold greys from {self._greys[0]} to {self._greys[1]}')
        if self._rounded:
            share = self._rounded.pixels / self._pixels.sum()
            lines.append(f'rounded: {self._rounded.pixels} pixels ({share:.2%}) in {self._rounded}'
                         + (f'; most often {_listed(self._rounded_colours)}' if self._rounded_colours else ''))
        if self._doubtful:
            lines.append(f'look at {self._doubtful}: a class occurs in rounded pixels only; a blend of two colours '
                         'may be near a third')
        if self._only_class():
            lines.append(f'every pixel became {self._only_class()}: a net learns nothing from such annotations')
        return ['note: ' + line for line in lines]

    def _only_class(self):
        seen = np.flatnonzero(self._pixels)
        return f'{seen[0]} {self._classes[seen[0]].name}' if len(seen) == 1 else ''

    def _lost_shapes(self):
        """[a paragraph] if all pixels became one class although the masks show more; otherwise []."""
        if self._placed:
            seen = f'{self._placed} {"has" if len(self._placed) == 1 else "have"} opaque and transparent pixels'
            fix = '--alpha with --threshold=128 takes these for the mask, whatever the colours are'
        elif self._greys[0] < self._greys[1]:
            seen = f'the masks hold greys from {self._greys[0]} to {self._greys[1]}'
            fix = 'give a --threshold between; or, if these are class ids, the masks are annotations already'
        else:
            return []
        return [f'every pixel would become {self._only_class()}, but {seen}: {fix}.'] if self._only_class() else []

    def _see_through(self, mask, path):
        """(rgb uint8 [H, W, 3], and bool [H, W] each: transparent, half-transparent, rounded to either)."""
        nowhere = np.zeros(mask.rgb.shape[:2], bool)
        if self._rules.alpha:
            self._no_alpha.add(path, mask.alpha is None and nowhere.size)
            return mask.rgb if mask.alpha is None else np.dstack([mask.alpha] * 3), nowhere, nowhere, nowhere.copy()
        if mask.alpha is None or mask.alpha.min(initial=255) == 255:
            return mask.rgb, nowhere, nowhere, nowhere.copy()
        if self._rules.transparent is None:
            through = mask.alpha < 255
            self._unplaced.add(path, through.sum())
            return mask.rgb, through, nowhere, nowhere.copy()
        if not mask.alpha.any() and (mask.rgb != mask.rgb[0, 0]).any():
            self._hidden.add(path, nowhere.size)
        if self._rules.nearest or self._rules.threshold is not None:
            through, soft = mask.alpha < (self._rules.threshold or HALF), nowhere
        else:
            limit = min(self._rules.tolerance, HALF - 1)
            through = mask.alpha <= limit
            soft = ~through & (mask.alpha < 255 - limit)
        self._soft.add(path, soft.sum())
        return mask.rgb, through, soft, (mask.alpha > 0) & (mask.alpha < 255) & ~soft

    def _by_colour(self, rgb, opaque, path):
        """(ids uint8 [H, W], bool [H, W]: opaque pixels that were rounded)."""
        tolerance = 255 if self._rules.nearest else self._rules.tolerance
        rgb = np.where(opaque[:, :, np.newaxis], rgb, self._colours[0])
        ids, unknown = match_colours(rgb, list(map(tuple, self._colours.tolist())), tolerance)
        self.unknown.add(unknown, path)
        apart = np.abs(rgb.astype(np.int16) - self._colours[ids]).max(axis=2, initial=0)
        off = (apart > 0) & (apart <= tolerance)
        self._rounded_colours.update(self._commonest(rgb, ids, off))
        self._doubtful.add(path, np.isin(ids, np.setdiff1d(ids[off], ids[apart <= SLIGHT])).sum())
        far = off & (apart > FAR)
        if self._rules.nearest and far.sum() > opaque.sum() / 2:
            self._far.add(path, far.sum())
            self._far_colours.update(self._commonest(rgb, ids, far))
        return ids, off

    def _by_grey(self, rgb, opaque, path):
        """(ids uint8 [H, W] of 0 and 1, bool [H, W]: opaque pixels that were neither black nor white)."""
        self._coloured.add(path, (opaque & (rgb.max(axis=2) - rgb.min(axis=2) > SLIGHT)).sum())
        grey = rgb[:, :, 1]
        if opaque.any():
            self._greys = [min(self._greys[0], grey[opaque].min()), max(self._greys[1], grey[opaque].max())]
        return (grey >= self._rules.threshold).astype(np.uint8), opaque & (grey > 0) & (grey < 255)

    def _commonest(self, rgb, ids, where):
        """{'240,240,240 -> 1 cat': pixels} of the most common colours in the bool [H, W] `where`."""
        rgb, ids = rgb[where].astype(np.int64), ids[where]
        found, counts = np.unique(rgb[:, 0] << 24 | rgb[:, 1] << 16 | rgb[:, 2] << 8 | ids, return_counts=True)
        top = np.argsort(-counts, kind='stable')[:COUNTED]
        return {f'{code >> 24},{code >> 16 & 255},{code >> 8 & 255} -> {code & 255} {self._classes[code & 255].name}':
                count for code, count in zip(found[top].tolist(), counts[top].tolist())}


def _listed(counter):
    return ', '.join(f'{what} ({pixels} pixels)' for what, pixels in counter.most_common(SHOWN))
