"""Brings photos and masks that are not split, or in folders of other names, into the layout of this project.

    python Data_zoo/Folder/prepare.py EXPORT my_data

EXPORT holds images/ and masks/ (or annotations/, labels/, gt/), or x.jpg beside x_mask.png or x.png; to any depth.
Masks hold class ids, in one channel or as a palette, or the colours of classes.csv, which is EXPORT/classes.csv or
given by --classes. Without it, ids have the names of Roboflow's _classes.csv, or are class 1, class 2, ..., and
black-and-white masks give the classes others and object; their greys from 128 on are white. 255 beside other ids is
ignored. Folders named train and val make the split.
"""
import functools
import os
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

from Data_zoo.export_command import convert_export
from Data_zoo.export_photos import files_in, stem_of
from Data_zoo.export_splits import split_of_folders
from Data_zoo.Folder.values import ids_reader, values_of
from fcn8s.data.mask_folders import ENDINGS, mask_pairs
from fcn8s.data.photos import PHOTO_EXTENSIONS
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.utils.threads import ordered_map


def read(path, export, options):
    """Fills an Export from a folder of photos and masks."""
    pairs = _pairs(path, export, options)
    inner = os.path.join(path, 'classes.csv')
    options.classes = options.classes or (inner if os.path.isfile(inner) else None)
    values = progress(ordered_map(values_of, pairs.values(), os.cpu_count() or 1, 16), total=len(pairs), unit='mask')
    read_ids = ids_reader(path, list(zip(pairs.values(), values)), export, options.classes)
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


if __name__ == '__main__':
    run(lambda argv: convert_export('the folder', read, __doc__, argv[1:]))
