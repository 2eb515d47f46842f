"""Counts pixels by colour and by file, for the errors and notes of colour_masks.py."""
import collections
import os

from fcn8s.utils.errors import some_of

SHOWN_COLOURS, SHOWN_FILES = 20, 3


class UnknownColours:
    """Colours that no class has, with their pixels and files."""

    def __init__(self):
        self._pixels = collections.Counter()
        self._paths = collections.defaultdict(list)

    def add(self, pixels, path):
        """Adds pixels, a Counter {(red, green, blue): pixels}, of the mask at path."""
        self._pixels.update(pixels)
        for colour in pixels:
            self._paths[colour].append(path)

    def __len__(self):
        return len(self._pixels)

    def report(self, shown=SHOWN_COLOURS):
        """One line for each of the most common ones, with pixels and files."""
        lines = [self._line(colour, pixels) for colour, pixels in self._pixels.most_common(shown)]
        return '\n'.join(lines + ['    ...'] * (len(self) > shown))

    def _line(self, colour, pixels):
        paths = self._paths[colour]
        return f'    {",".join(map(str, colour))}: {pixels} pixels in {len(paths)} files: {first_names(paths)}'

    def all_grey(self):
        """Whether all are greys, as in black-and-white masks."""
        return all(max(colour) == min(colour) for colour in self._pixels)


class FilePixels:
    """Counts the files that have pixels of some kind, and these pixels; str() tells how many files and which."""

    def __init__(self):
        self._paths, self.pixels = [], 0

    def add(self, path, pixels):
        if pixels:
            self._paths.append(path)
            self.pixels += int(pixels)

    def __len__(self):
        return len(self._paths)

    def __str__(self):
        return f'{len(self)} mask{"s" * (len(self) > 1)} ({first_names(self._paths)})'


def first_names(paths):
    """'a.png, b.png, c.png and 4 more'."""
    return some_of(map(os.path.basename, paths), SHOWN_FILES)
