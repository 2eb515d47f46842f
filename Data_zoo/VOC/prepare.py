"""Converts PASCAL VOC's folders, as VOC, CVAT (Segmentation mask) and labelme2voc write them, to this project's layout.

    python Data_zoo/VOC/prepare.py EXPORT my_data     EXPORT, or a folder in it, holds SegmentationClass/, JPEGImages/
                                                      and, if there are any, labelmap.txt and ImageSets/Segmentation/

With a labelmap.txt the colours of the masks count; else their palette indices, named by class_names.txt or, without it,
as VOC names its 20 classes. The border of VOC's objects, 255 or the colour 224,224,192, becomes 255, ignored. The lists
train.txt and val.txt in ImageSets/Segmentation are kept.
"""
import functools
import os
import re
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

import numpy as np

from Data_zoo.export_classes import IGNORE, IGNORE_LABEL
from Data_zoo.export_command import convert_export
from Data_zoo.export_photos import Photos, files_in
from Data_zoo.export_splits import split_named
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import generic_classes
from fcn8s.data.labels import map_ids, match_colours, read_mask, refuse_unknown
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.files import SMALL, read_bounded
from fcn8s.utils.script import run
from fcn8s.utils.walk import walk

MASKS = ('SegmentationClass', 'SegmentationClassPNG')
LABEL = re.compile(r'([^:]+):(\d+,\d+,\d+)?(:.*)?$')
BORDER = (224, 224, 192)
VOC_CLASSES = ('background', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow',
               'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train',
               'tvmonitor')


def read(path, export, options):
    """Fills an Export from a folder of VOC's form."""
    root, masks = _find_root(path)
    if not options.photos:
        images = os.path.join(root, 'JPEGImages')
        export.photos = Photos([images if os.path.isdir(images) else root], MASKS + ('SegmentationObject',))
    export.classes, read_ids = _classes(root)
    splits, listed = _splits(root)
    found = {os.path.splitext(os.path.relpath(file, masks))[0].replace(os.sep, '/'): file
             for file in files_in(masks, '.png')}
    for name, file in found.items():
        export.add(name, functools.partial(read_ids, file), split=splits.get(name))
    without = sorted(listed - found.keys())
    if without:
        export.notes.append(f'{len(without)} photos of ImageSets have no mask and are left out: {some_of(without, 3)}')
    if not found:
        raise UserError(f'{masks} holds no masks (.png). Export the annotations again, as segmentation masks.')


def _find_root(path):
    for where, _ in walk(path):
        for name in MASKS:
            if os.path.isdir(os.path.join(where, name)):
                return where, os.path.join(where, name)
    raise UserError(f'{path} holds no folder {" or ".join(MASKS)}. Give the folder that does.')


def _classes(root):
    """(classes as (name, colour or None), function(path, height, width, id_of) -> (ids, None))."""
    labels, names = (os.path.join(root, name) for name in ('labelmap.txt', 'class_names.txt'))
    if os.path.isfile(labels):
        classes = list(_labelmap(labels))
        return classes, functools.partial(_read_colours, classes)
    names = _lines(names) if os.path.isfile(names) else VOC_CLASSES
    return [(name, None) for name in names], functools.partial(_read_indices, [n for n in names if n != IGNORE])


def _lines(path):
    try:
        lines = read_bounded(path, SMALL).decode('utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{path} cannot be read as UTF-8: {error}.') from error
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


def _labelmap(path):
    """Yields (name, colour) of lines such as cat:220,60,20:: ; one without a colour has that of its number in VOC."""
    for number, (line, c) in enumerate(zip(_lines(path), generic_classes(256))):
        found = LABEL.match(line)
        colour = found and found.group(2) and tuple(map(int, found.group(2).split(','))) or c.colour
        if not found or max(colour) > 255:
            raise UserError(f'{path}, class {number}: expected name:red,green,blue:: , found {line!r}.')
        yield found.group(1), colour


def _read_colours(classes, path, height, width, id_of):
    colours = [colour for _, colour in classes] + [BORDER]
    index, unknown = match_colours(read_mask(path).rgb, colours)
    refuse_unknown(unknown, path)
    return np.array([id_of(name) for name, _ in classes] + [IGNORE_LABEL], np.uint8)[index], None


def _read_indices(names, path, height, width, id_of):
    table = {number: id_of(name) for number, name in enumerate(names)}
    return map_ids(read_annotation(path), {**table, IGNORE_LABEL: IGNORE_LABEL}, path), None


def _splits(root):
    """({name: split}, set of all names) of the lists in ImageSets/Segmentation."""
    folder = os.path.join(root, 'ImageSets', 'Segmentation')
    splits, listed = {}, set()
    for file in files_in(folder, '.txt'):
        split = split_named(os.path.splitext(os.path.basename(file))[0])
        names = _lines(file)
        listed.update(names)
        if split:
            splits.update(dict.fromkeys(names, split))
    return splits, listed


if __name__ == '__main__':
    run(lambda argv: convert_export('VOC', read, __doc__, argv[1:]))
