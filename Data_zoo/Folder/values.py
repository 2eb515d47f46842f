"""What the values of masks mean: class ids, black and white, or colours of classes."""
import collections
import csv
import functools

import numpy as np

from Data_zoo.export_classes import IGNORE_LABEL
from Data_zoo.export_photos import files_in
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes
from fcn8s.data.labels import advice, map_ids, match_colours, read_mask, refuse_unknown
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.files import SMALL, read_bounded

GREY = 8  # the channels of greys differ by at most this, as in JPEGs
HALF = 128
SHOWN, MANY = 20, 1000  # colours
Values = collections.namedtuple('Values', 'ids greys colours')  # of a mask: pixels by id, or by grey, or by colour


def values_of(path):
    """The Values of a mask; one of them is not None."""
    try:
        return Values(np.bincount(read_annotation(path).ravel(), minlength=256), None, None)
    except UserError:  # colours, or a JPEG
        rgb = read_mask(path).rgb
    if (rgb.max(axis=2) - rgb.min(axis=2)).max(initial=0) <= GREY:
        return Values(None, np.bincount(rgb[:, :, 1].ravel(), minlength=256), None)
    _, unknown = match_colours(rgb, [(0, 0, 0)])
    return Values(None, None, unknown)


def ids_reader(folder, masks, export, classes_csv):
    """function(mask, height, width, id_of) -> (ids, None), from [(mask, its Values)]; fills the classes."""
    coloured = [(path, found.colours) for path, found in masks if found.colours is not None]
    counts = sum((found.ids if found.ids is not None else found.greys for _, found in masks
                  if found.colours is None), np.zeros(256, np.int64))
    if classes_csv:
        return _reader_of_classes(read_classes(classes_csv), counts, bool(coloured), export)
    names = {} if coloured else _listed_names(folder)
    if names:
        export.classes = [(name, None) for name in names.values()]
        return functools.partial(_read_named, names)
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


def _listed_names(folder):
    """{id: name} of the _classes.csv that Roboflow exports with masks: Pixel Value, Class; {} without one."""
    for path in files_in(folder, '_classes.csv')[:1]:
        try:
            rows = list(csv.reader(read_bounded(path, SMALL).decode('utf-8-sig').splitlines()))[1:]
            return {int(row[0]): row[1] for row in rows if row}
        except (OSError, ValueError, IndexError, csv.Error) as error:
            raise UserError(f'{path}: expected lines such as 1,cat below a heading ({error}).') from error
    return {}


def _read_named(names, path, height, width, id_of):
    table = {number: id_of(name) for number, name in names.items()}
    return map_ids(read_annotation(path), {IGNORE_LABEL: IGNORE_LABEL, **table}, path), None


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
