"""How many pixels of what, and in which files: the counts from which colour_masks.py makes its errors and notes."""
import collections
import os

SHOWN_COLOURS, SHOWN_FILES = 20, 3


class UnknownColours:
    """The colours that no class has: how many pixels of them, and in which files."""

    def __init__(self):
        self._pixels = collections.Counter()
        self._paths = collections.defaultdict(list)

    def add(self, pixels, path):
        """pixels: Counter {(red, green, blue): pixels} of the mask at path."""
        self._pixels.update(pixels)
        for colour in pixels:
            self._paths[colour].append(path)

    def __len__(self):
        return len(self._pixels)

    def report(self, shown=SHOWN_COLOURS):
        """A line for each of the commonest, with pixels and files."""
        lines = [self._line(colour, pixels) for colour, pixels in self._pixels.most_common(shown)]
        return '\n'.join(lines + ['    ...'] * (len(self) > shown))

    def _line(self, colour, pixels):
        paths = self._paths[colour]
        return f'    {",".join(map(str, colour))}: {pixels} pixels in {len(paths)} files: {first_names(paths)}'

    def all_grey(self):
        """Whether they are what black-and-white masks hold."""
        return all(max(colour) == min(colour) for colour in self._pixels)


class FilePixels:
    """How many pixels of some kind each file has; as text, how many files and which."""

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
    """'a.png, b.png, c.png, ...': the first few."""
    return ', '.join(os.path.basename(path) for path in paths[:SHOWN_FILES]) + ', ...' * (len(paths) > SHOWN_FILES)
