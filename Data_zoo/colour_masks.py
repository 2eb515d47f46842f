"""Colour masks, in which each class is a colour, to annotations of class ids.

    python Data_zoo/colour_masks.py MASKS_DIR classes.csv OUT_DIR

The colours are those of classes.csv (index,name,red,green,blue). OUT_DIR, such as DIR/annotations/training, must not
hold anything yet; it appears when all masks are converted. A colour that no class has is an error that lists it.
"""
import argparse
import collections
import os
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # the project, from any folder
    from files.script import start
    start()

from files.archive import whole_folder
from files.errors import UserError
from files.images import list_photos, read_photo
from files.labels import match_colours
from files.progress import progress
from files.script import run
from read_data import read_classes
from visualize import palette, save_ids

MANY_COLOURS = 1000  # so many unknown ones are reported at once: these are no masks
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

    def report(self):
        """A line for each of the commonest, with pixels and files."""
        lines = [self._line(colour, pixels) for colour, pixels in self._pixels.most_common(SHOWN_COLOURS)]
        return '\n'.join(lines + ['    ...'] * (len(self) > SHOWN_COLOURS))

    def _line(self, colour, pixels):
        paths = self._paths[colour]
        more = ', ...' if len(paths) > SHOWN_FILES else ''
        return (f'    {",".join(map(str, colour))}: {pixels} pixels in {len(paths)} files: '
                f'{", ".join(os.path.basename(path) for path in paths[:SHOWN_FILES])}{more}')


def convert(masks_dir, classes_csv, out_dir, tolerance=0):
    """Writes the masks of masks_dir to out_dir as palette PNGs of class ids, all or nothing; returns how many.

    tolerance: a colour also counts as the nearest class's that differs from it by at most that much in each channel.
    Raises UserError for unknown colours, classes of one colour, JPEG masks without a tolerance, two masks of one stem,
    and an out_dir that holds something.
    """
    classes, masks = read_classes(classes_csv), _masks_by_stem(masks_dir)
    _refuse_twins(classes, classes_csv)
    unknown = UnknownColours()
    try:
        with whole_folder(out_dir) as new:
            for stem, path in progress(sorted(masks.items()), unit='mask'):
                _convert(path, os.path.join(new, stem + '.png'), classes, tolerance, unknown)
                if len(unknown) > MANY_COLOURS:
                    break
            if unknown:
                raise UserError(_explain(unknown, masks_dir, classes_csv))
    except OSError as error:
        raise UserError(f'{out_dir} cannot be written: {error}.') from error
    return len(masks)


def _convert(path, target, classes, tolerance, unknown):
    rgb = read_photo(path)
    if not tolerance:
        _refuse_jpeg(path)
    ids, unknown_here = match_colours(rgb, [c.colour for c in classes], tolerance)
    unknown.add(unknown_here, path)
    save_ids(target, ids, palette(classes))


def _explain(unknown, masks_dir, classes_csv):
    number = f'more than {MANY_COLOURS}' if len(unknown) > MANY_COLOURS else len(unknown)
    return (f'{masks_dir} holds {number} colours (red,green,blue) that no class of {classes_csv} has:\n'
            f'{unknown.report()}\nAdd them there, or correct the masks, or take colours that are off by N with '
            '--tolerance=N. Nothing was written.')


def _refuse_twins(classes, classes_csv):
    by_colour = {}
    for c in classes:
        first = by_colour.setdefault(c.colour, c)
        if first is not c:
            raise UserError(f'{classes_csv}: {first.index} {first.name} and {c.index} {c.name} have the same colour '
                            f'{",".join(map(str, c.colour))}, so no mask can tell them apart. Change one of them.')


def _masks_by_stem(folder):
    masks = {}
    for path in list_photos(folder):
        stem = os.path.splitext(os.path.basename(path))[0]
        if stem in masks:
            raise UserError(f'{masks[stem]} and {path} would both become {stem}.png. Rename one of them.')
        masks[stem] = path
    if not masks:
        raise UserError(f'{folder} holds no masks (PNG, BMP, TIFF, ...). Give the folder in which they lie.')
    return masks


def _refuse_jpeg(path):
    with open(path, 'rb') as file:
        if file.read(3) == b'\xff\xd8\xff':  # whatever its name says
            raise UserError(f'{path}: a mask stored as JPEG, whose compression changes colours. Save the masks as PNG '
                            'where they come from, or give a --tolerance, such as 40, and look at what comes out.')


def _tolerance(text):
    value = int(text)
    if not 0 <= value <= 255:
        raise ValueError
    return value


def main(argv=None):
    parser = argparse.ArgumentParser(description='Convert colour masks to annotations of class ids.')
    parser.add_argument('masks_dir', help='folder of the masks')
    parser.add_argument('classes_csv', help='index,name,red,green,blue of each class')
    parser.add_argument('out_dir', help='new folder for the annotations')
    parser.add_argument('--tolerance', type=_tolerance, default=0, metavar='N', help='0 to 255: take a colour for the '
                        'nearest class colour that differs by at most N in red, in green and in blue (default: 0)')
    args = parser.parse_args(argv)
    count = convert(args.masks_dir, args.classes_csv, args.out_dir, args.tolerance)
    print(f'{count} annotations in {args.out_dir}')


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
