"""Marks annotations that are drawn on the pixels of their photos as they are stored, so that both turn upright alike.

    python Data_zoo/upright.py DIR           those whose size shows it
    python Data_zoo/upright.py DIR --all     also those whose size cannot show it

A camera held upright or upside down stores turned pixels and an EXIF orientation that says so. Photos are read upright;
masks drawn by a program that ignores this tag are not. Each such annotation, a PNG, gets the EXIF orientation of its
photo: nothing else in the file changes, and a second run finds nothing left to do.
"""
import argparse
import os
import struct
import sys
import zlib

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # the project, from any folder
    from fcn8s.utils.script import start
    start()

import numpy as np

from fcn8s.data.annotations import examine_annotation, read_annotation
from fcn8s.data.folder import pair_up
from fcn8s.data.photos import ORIENTATION, photo_orientation, photo_size, turned
from fcn8s.data.turns import STORED, UNSURE, placement
from fcn8s.utils.cli import path_argument
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.utils.threads import ordered_map

SPLITS = ('training', 'validation')
HEADER = 33  # bytes of a PNG's signature and of its first chunk, IHDR


def mark(data_dir, unsure_too=False):
    """Marks the annotations of data_dir; returns how many, and how many stay because their sizes cannot tell.

    unsure_too: whether to mark those as well. Raises UserError as pair_up does, and for a file that cannot be read or
    marked: before any is changed, and a run that was stopped can be repeated.
    """
    splits = [split for split in SPLITS if os.path.isdir(os.path.join(data_dir, 'images', split))] or SPLITS
    records = [record for split in splits for record in pair_up(data_dir, split)[0]]
    turns = ordered_map(_examine, records, os.cpu_count() or 1, 16)
    turns = list(progress(turns, total=len(records), unit='pair'))
    unsure = sum(where == UNSURE for _, where in turns)
    todo = [(record.annotation, orientation) for record, (orientation, where) in zip(records, turns)
            if where == STORED or where == UNSURE and unsure_too]
    for path, orientation in todo:
        _marked(path, orientation)
    for path, orientation in todo:
        _mark(path, orientation)
    return len(todo), 0 if unsure_too else unsure


def _examine(record):
    """(EXIF orientation of the photo, what placement says or None)."""
    orientation = photo_orientation(record.image)
    if orientation == 1:
        return orientation, None
    return orientation, placement(orientation, photo_size(record.image), examine_annotation(record.annotation))


def _mark(path, orientation):
    expected = turned(read_annotation(path), orientation)
    with atomic_file(path) as new:
        with open(new, 'wb') as file:
            file.write(_marked(path, orientation))
        if not np.array_equal(read_annotation(new), expected):
            raise UserError(f'{path}: once marked, the file would not turn as its photo does. It is left as it is.')


def _marked(path, orientation):
    """The bytes of a PNG with a chunk eXIf (PNG 1.5 extensions) that holds the orientation alone."""
    with open(path, 'rb') as file:
        content = file.read()
    if content[:8] != b'\x89PNG\r\n\x1a\n':
        raise UserError(f'{path} is no PNG, so that no EXIF orientation can be added. Save the annotations as PNG.')
    if b'eXIf' in content:
        raise UserError(f'{path} has EXIF data already, without an orientation. Save the annotation without it.')
    exif = struct.pack('<2sHIHHHIHHI', b'II', 42, 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)  # a TIFF of one tag
    chunk = struct.pack('>I', len(exif)) + b'eXIf' + exif + struct.pack('>I', zlib.crc32(b'eXIf' + exif))
    return content[:HEADER] + chunk + content[HEADER:]


def main(argv=None):
    parser = argparse.ArgumentParser(description='Mark annotations that are drawn on the stored pixels of photos that '
                                     'EXIF turns, so that they turn as their photos do.')
    parser.add_argument('data_dir', type=path_argument, help='the folder with images/ and annotations/')
    parser.add_argument('--all', action='store_true', help='also where the size cannot tell: of photos that are turned '
                        'upside down, mirrored or square. python read_data.py DIR says how these look')
    args = parser.parse_args(argv)
    marked, unsure = mark(args.data_dir, args.all)
    print(f'{marked} annotations marked: they turn as their photos do')
    if unsure:
        print(f'{unsure} annotations left as they are: their photos are turned upside down, mirrored or square, so '
              'that sizes cannot tell. Look at one beside its photo; if it is not upright, give --all')


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
