"""Brings photos and masks that are not split, or in folders of other names, into the layout of this project.

    python Data_zoo/Folder/prepare.py EXPORT my_data

EXPORT holds images/ and masks/ (or annotations/, labels/, gt/), or x.jpg beside x_mask.png or x.png; to any depth.
Masks hold class ids, in one channel or as a palette, or the colours of classes.csv, which is EXPORT/classes.csv or
given by --classes. Without it, ids are named class 1, class 2, ..., and black-and-white masks give the classes others
and object; their greys from 128 on are white. 255 beside other ids is ignored. Folders named train and val make the
split.
"""
import collections
import functools
import os
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

import numpy as np

from Data_zoo.export_classes import IGNORE_LABEL
from Data_zoo.export_command import convert_export
from Data_zoo.export_photos import files_in, stem_of
from Data_zoo.export_splits import split_of_folders
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes
from fcn8s.data.labels import advice, match_colours, read_mask, refuse_unknown
from fcn8s.data.mask_folders import ENDINGS, mask_pairs
from fcn8s.data.photos import PHOTO_EXTENSIONS
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.utils.threads import ordered_map

GREY = 8  # the channels of greys differ by at most this, as in JPEGs
HALF = 128
SHOWN, MANY = 20, 1000  # colours
Values = collections.namedtuple('Values', 'ids greys colours')  # of a mask: pixels by id, or by grey, or by colour


def read(path, export, options):
    """Fills an Export from a folder of photos and masks."""
    pairs = _pairs(path, export, options)
    csv = os.path.join(path, 'classes.csv')
    options.classes = options.classes or (csv if os.path.isfile(csv) else None)
    values = progress(ordered_map(_values, pairs.values(), os.cpu_count() or 1, 16), total=len(pairs), unit='mask')
    read_ids = _reader(list(zip(pairs.values(), values)), export, options.classes)
    for photo, mask in pairs.items():
        root = options.photos or path
        export.add(os.path.relpath(photo, root), functools.partial(read_ids, mask),
                   split=split_of_folders(os.path.relpath(mask, path)))


def _pairs(path, export, options):
    """{photo: mask}; files without a partner are noted in the Export."""
    files = [file for ending in PHOTO_EXTENSIONS for file in files_in(path, ending)]
    if options.photos:
        pairs = {}
        for mask in sorted(files):
            name = os.path.join(os.path.dirname(mask), stem_of(mask))
            names = [name for name in (name, ENDINGS.sub('', name)) if export.photos.holds(name)]
            if names:
                pairs[export.photos.find(names[0])] = mask
            else:
                export.missing.append(os.path.relpath(mask, path))
    else:
        pairs, alone, photos = mask_pairs(path, files)
        export.missing += [os.path.relpath(mask, path) for mask in alone]
        if photos:
            export.notes.append(f'{len(photos)} photos have no mask and are left out: '
                                + some_of(map(os.path.basename, photos), 3))
    if not pairs:
        raise UserError(f'{path}: no photo with a mask was found. Expected images/x.jpg and masks/x.png, or x.jpg and '
                        'x_mask.png.')
    return dict(sorted(pairs.items()))


def _values(path):
    """The Values of a mask; one of them is not None."""
    try:
        return Values(np.bincount(read_annotation(path).ravel(), minlength=256), None, None)
    except UserError:  # colours, or a JPEG
        rgb = read_mask(path).rgb
    if (rgb.max(axis=2) - rgb.min(axis=2)).max(initial=0) <= GREY:
        return Values(None, np.bincount(rgb[:, :, 1].ravel(), minlength=256), None)
    _, unknown = match_colours(rgb, [(0, 0, 0)])
    return Values(None, None, unknown)


def _reader(masks, export, classes_csv):
    """function(mask, height, width, id_of) -> (ids, None), from [(mask, its Values)]; fills the classes."""
    coloured = [(path, found.colours) for path, found in masks if found.colours is not None]
    counts = sum((found.ids if found.ids is not None else found.greys for _, found in masks
                  if found.colours is None), np.zeros(256, np.int64))
    if classes_csv:
        return _reader_of_classes(read_classes(classes_csv), counts, bool(coloured), export)
    if coloured:
        raise UserError(_explain_colours(coloured))
    if _is_black_and_white(counts):
        export.classes = [('others', None), ('object', None)]
        return _halves(counts, export)
    for path, found in masks:
        if found.greys is not None:
            raise UserError(f'{path} is a JPEG, which changes ids, and holds more than black and white. '
                            'Save the masks as PNG where they come from.')
        ids = read_annotation(path)
        visible = advice(ids, ids > 0)
        if visible and found.ids[SHOWN:IGNORE_LABEL].any():
            raise UserError(f'{path} {visible}')
    present = np.flatnonzero(counts[:IGNORE_LABEL])
    export.classes = [('others', None)] + [(f'class {i}', None) for i in range(1, present.max(initial=1) + 1)]
    export.notes.append('the masks hold class ids without names: write names into a classes.csv, and give it by '
                        '--classes')
    return functools.partial(_read_ids, len(export.classes))


def _reader_of_classes(classes, counts, coloured, export):
    colours = [c.colour for c in classes]
    outside = [value for value in np.flatnonzero(counts[:IGNORE_LABEL]) if value >= len(classes)]
    if coloured or outside and {(value,) * 3 for value in np.flatnonzero(counts).tolist()} <= set(colours):
        return functools.partial(_read_colours, colours)
    if len(classes) == 2 and _is_black_and_white(counts):
        return _halves(counts, export)
    return functools.partial(_read_ids, len(classes))


def _is_black_and_white(counts):
    """Whether pixels by grey, [256], are black and white, or nearly so with soft edges between."""
    if not counts[HALF:].any():
        return False
    between = counts[1:255].sum()
    return not between or counts[240:255].any() and counts[16:240].sum() < .1 * counts.sum() and (counts > 0).sum() > 16


def _halves(counts, export):
    between = counts[1:255].sum()
    if between:
        export.notes.append(f'{between} pixels ({between / counts.sum():.2%}) are neither black nor white: greys below '
                            f'{HALF} became class 0, the others class 1')
    return _read_halves


def _read_halves(path, height, width, id_of):
    return (read_mask(path).rgb[:, :, 1] >= HALF).astype(np.uint8), None


def _read_colours(colours, path, height, width, id_of):
    ids, unknown = match_colours(read_mask(path).rgb, colours)
    refuse_unknown(unknown, path)
    return ids, None


def _read_ids(num_classes, path, height, width, id_of):
    ids = read_annotation(path)
    wrong = (ids >= num_classes) & (ids != IGNORE_LABEL)
    if wrong.any():
        raise UserError(f'the mask {path} holds the ids {some_of(np.unique(ids[wrong]).tolist())}, but there are '
                        f'{num_classes} classes.')
    return ids, None


def _explain_colours(coloured):
    pixels = collections.Counter()
    for path, found in coloured:
        if len(found) > MANY:
            raise UserError(f'{path} holds more than {MANY} colours: it is a photo, or its colours were blended. Masks '
                            'with soft edges: python Data_zoo/colour_masks.py MASKS classes.csv IDS --nearest')
        pixels.update(found)
    lines = [f'    {index},NAME,{",".join(map(str, colour))}        {count} pixels'
             for index, (colour, count) in enumerate(pixels.most_common(SHOWN), 1)]
    return '\n'.join([f'{len(coloured)} masks hold colours, such as {coloured[0][0]}. Which class has which colour? '
                      'Write a classes.csv such as this, with your names, and give it by --classes=classes.csv:',
                      '    index,name,red,green,blue', '    0,others,0,0,0', *lines]
                     + ['    ...'] * (len(pixels) > SHOWN))


if __name__ == '__main__':
    run(lambda argv: convert_export('the folder', read, __doc__, argv[1:]))
