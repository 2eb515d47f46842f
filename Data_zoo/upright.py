"""Marks annotations drawn on the stored pixels of turned photos, so that both are read upright.

    python Data_zoo/upright.py DIR           annotations whose size shows it
    python Data_zoo/upright.py DIR --all     also those whose size cannot show it

A camera held upright or upside down stores turned pixels and an EXIF orientation. Photos are read upright, but masks
drawn by a program that ignores the orientation are not. Each such annotation, a PNG, gets the EXIF orientation of its
photo; nothing else in the file changes, and a second run finds nothing to do.
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
    """Marks the annotations of data_dir; returns (number marked, number left because their size cannot tell).

    unsure_too: whether to mark those as well. Raises UserError as pair_up does, and for a file that cannot be read or
    marked, before changing any. A run that was stopped can be repeated.
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
    """(EXIF orientation of the photo, the annotation's placement or None for an upright photo)."""
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
            raise UserError(f'{path}: the marked file would not turn like its photo. It was not changed.')


def _marked(path, orientation):
    """Returns the bytes of a PNG with an added eXIf chunk (PNG 1.5 extensions) that holds only the orientation."""
    with open(path, 'rb') as file:
        content = file.read()
    if content[:8] != b'\x89PNG\r\n\x1a\n':
        raise UserError(f'{path} is no PNG, so no EXIF orientation can be added. Save the annotations as PNG.')
    if b'eXIf' in content:
        raise UserError(f'{path} already has EXIF data without an orientation. Save the annotation without it.')
    exif = struct.pack('<2sHIHHHIHHI', b'II', 42, 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)  # a TIFF of one tag
    chunk = struct.pack('>I', len(exif)) + b'eXIf' + exif + struct.pack('>I', zlib.crc32(b'eXIf' + exif))
    return content[:HEADER] + chunk + content[HEADER:]


def main(argv=None):
    parser = argparse.ArgumentParser(description='Mark annotations drawn on the stored pixels of photos that EXIF '
                                     'turns, so that they turn with their photos.')
    parser.add_argument('data_dir', type=path_argument, help='the folder with images/ and annotations/')
    parser.add_argument('--all', action='store_true', help='also those whose size cannot tell: of photos turned upside '
                        'down, mirrored or square. python read_data.py DIR reports these')
    args = parser.parse_args(argv)
    marked, unsure = mark(args.data_dir, args.all)
    print(f'{marked} annotations marked: they turn with their photos')
    if unsure:
        print(f'{unsure} annotations left as they are: their photos are turned upside down, mirrored or square, so '
              'their size cannot tell. Compare one to its photo; if it is not upright, give --all')


if __name__ == '__main__':
    run(lambda argv: main(argv[1:]))
