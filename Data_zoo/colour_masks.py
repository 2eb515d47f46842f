"""Converts colour masks, in which each class has a colour, to annotations of class ids.

    python Data_zoo/colour_masks.py MASKS_DIR classes.csv OUT_DIR
    python Data_zoo/colour_masks.py MASKS_DIR classes.csv OUT_DIR --threshold=128     black-and-white masks, two classes

The colours are those of classes.csv (index,name,red,green,blue). OUT_DIR, such as DIR/annotations/training, must be
empty or absent; it is written only if all masks can be converted. A colour that no class has is an error, unless an
option covers it.
"""
import argparse
import os
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # the project, from any folder
    from fcn8s.utils.script import start
    start()

from Data_zoo.mask_account import first_names
from Data_zoo.mask_ids import MaskReader, Rules
from Data_zoo.mask_names import find_masks, is_jpeg
from fcn8s.data.classes import read_classes
from fcn8s.utils.cli import path_argument
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.files import atomic_folder
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.visualize import palette, save_ids

MANY_COLOURS = 1000  # with more unknown ones the files are not masks, and the rest is not read
WHITE_CLASS = ('give a copy of classes.csv in which the class that is white in the masks has the colour 255,255,255, '
               'and --nearest if edges are soft')


def convert(masks_dir, classes_csv, out_dir, rules=None, transparent=None, suffix=None):
    """Writes the masks of masks_dir to out_dir as palette PNGs of class ids, all or none; returns their number.

    rules: Rules; transparent: the class of transparent pixels, a name or an index; suffix: see find_masks. Prints what
    was rounded, guessed or left out. Raises UserError for anything the rules do not cover, classes of the same colour,
    JPEG masks without rounding, two masks of one name, and an out_dir that is not empty.
    """
    classes, rules = read_classes(classes_csv), rules or Rules()
    if transparent is not None:
        rules = rules._replace(transparent=_class_id(transparent, classes, classes_csv))
    _check_classes(classes, classes_csv, rules)
    masks = find_masks(masks_dir, out_dir, suffix)
    _refuse_jpegs(sorted(masks.paths.values()), rules)
    reader = MaskReader(classes, rules)
    try:
        with atomic_folder(out_dir) as new:
            for stem, path in progress(sorted(masks.paths.items()), unit='mask'):
                save_ids(os.path.join(new, stem + '.png'), reader.read(path), palette(classes))
                if len(reader.unknown) > MANY_COLOURS:
                    break
            problems = reader.problems()
            if reader.unknown:
                problems.append(_explain(reader.unknown, masks_dir, classes, classes_csv))
            if problems:
                raise UserError('\n'.join(problems + ['Nothing was written.']))
    except OSError as error:
        raise UserError(f'{out_dir} cannot be written: {error}.') from error
    print('\n'.join(masks.notes + reader.notes() + [f'{len(masks.paths)} annotations in {out_dir}']))
    return len(masks.paths)


def _explain(unknown, masks_dir, classes, classes_csv):
    many = len(unknown) > MANY_COLOURS
    number = f'more than {MANY_COLOURS}' if many else len(unknown)
    lines = [f'{masks_dir} holds {number} colours (red,green,blue) that no class of {classes_csv} has:',
             unknown.report(3) if many else unknown.report(), 'What to do:',
             '    if they are colours of classes: write them into classes.csv, or into a copy for this command alone, '
             'since only the ids are written',
             '    if edges are soft, or colours slightly off: --nearest rounds to the class of the nearest colour, '
             '--tolerance=N if no channel is off by more than N; both count what they round',
             '    if some files are photos: move them away']
    if unknown.all_grey():
        fix = (f'--threshold=128 makes dark {classes[0].index} {classes[0].name} and bright {classes[1].index} '
               f'{classes[1].name}' if len(classes) == 2 else WHITE_CLASS)
        lines.insert(3, f'    if the masks are black and white: {fix}')
    return '\n'.join(lines)


def _check_classes(classes, classes_csv, rules):
    if rules.threshold is not None:
        if len(classes) != 2:
            names = some_of(f'{c.index} {c.name}' for c in classes)
            raise UserError(f'--threshold={rules.threshold} makes two classes of dark and bright, but {classes_csv} '
                            f'lists {len(classes)}: {names}. Leave the option out and {WHITE_CLASS}.')
        return
    by_colour = {}
    for c in classes:
        first = by_colour.setdefault(c.colour, c)
        if first is not c:
            raise UserError(f'{classes_csv}: {first.index} {first.name} and {c.index} {c.name} have the same colour '
                            f'{",".join(map(str, c.colour))}, so no mask can tell them apart. Change one of them.')


def _class_id(text, classes, classes_csv):
    found = [c.index for c in classes if text in (str(c.index), c.name)]
    if len(found) != 1:
        number = 'names several' if found else 'is none'
        names = ', '.join(f'{c.index} {c.name}' for c in classes)
        raise UserError(f'--transparent={text} {number} of the classes of {classes_csv}: {names}. Give one of these '
                        'names or indices.')
    return found[0]


def _refuse_jpegs(paths, rules):
    jpegs = [] if rules.nearest or rules.tolerance or rules.threshold else [path for path in paths if is_jpeg(path)]
    if jpegs:
        raise UserError(f'{first_names(jpegs)}: {len(jpegs)} of {len(paths)} masks are JPEGs, whose compression '
                        'changes colours. Export the masks again as PNG, or round the colours with --nearest or a '
                        '--tolerance, such as 40, and look at the results. Move photos away.')


def _between(least, most):
    def parse(text):
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f'expected a whole number from {least} to {most}, found {text!r}')
        return int(text)
    return parse


def main(argv=None):
    parser = argparse.ArgumentParser(description='Convert colour masks to annotations of class ids.')
    parser.add_argument('masks_dir', type=path_argument, help='folder of the masks')
    parser.add_argument('classes_csv', type=path_argument, help='index,name,red,green,blue of each class')
    parser.add_argument('out_dir', type=path_argument, help='new folder for the annotations')
    rounding = parser.add_mutually_exclusive_group()
    rounding.add_argument('--tolerance', type=_between(0, 255), default=0, metavar='N', help='0 to 255: take a colour '
                          'for the nearest class colour that differs by at most N in red, in green and in blue '
                          '(default: 0)')
    rounding.add_argument('--nearest', action='store_true', help='take any colour for the nearest class colour, for '
                          'soft edges')
    rounding.add_argument('--threshold', type=_between(1, 255), metavar='N', help='for black-and-white masks and two '
                          'classes: greys below N become class 0, the others class 1; 128 is the middle')
    alpha = parser.add_mutually_exclusive_group()
    alpha.add_argument('--transparent', metavar='CLASS', help='the class, a name or an index, of transparent pixels')
    alpha.add_argument('--alpha', action='store_true', help='the alpha channel alone is the mask: transparent is '
                       'black, opaque is white; colours are ignored')
    parser.add_argument('--suffix', help='what follows the photo name in the name of its mask, such as _mask; '
                        'other files are left out (default: detected and printed)')
    args = parser.parse_args(argv)
    rules = Rules(args.tolerance, args.nearest, args.threshold, None, args.alpha)
    convert(args.masks_dir, args.classes_csv, args.out_dir, rules, args.transparent, args.suffix)


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
