"""Converts a project that Supervisely exported as JSON to the layout of this project.

    python Data_zoo/Supervisely/prepare.py EXPORT my_data     EXPORT holds meta.json and, for each data set,
                                                              DATASET/ann/photo.jpg.json and DATASET/img/photo.jpg

Bitmaps, polygons with their holes, and rectangles are filled; later objects cover earlier ones, as in Supervisely.
Points of polygons are whole pixels, which belong to the object, as in its own rendering. Lines and points have no area
and are left out. Tags or data sets that are named train and val make the split.
"""
import base64
import functools
import os
import sys
import zlib

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

from Data_zoo import shapes
from Data_zoo.export_classes import hex_colour
from Data_zoo.export_command import convert_export
from Data_zoo.export_items import read_json
from Data_zoo.export_photos import files_in
from Data_zoo.export_splits import split_named
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

WITH_AREA = ('bitmap', 'polygon', 'rectangle')
LARGEST = 2**28  # bytes of an unpacked PNG


def read(path, export, options):
    """Fills an Export from a folder of Supervisely's form."""
    metas = files_in(path, 'meta.json') if os.path.isdir(path) else []
    if not metas:
        raise UserError(f'{path} holds no meta.json. Give the folder that does.')
    for meta in metas:
        with export.reading(meta):
            export.classes += [(c['title'], hex_colour(c.get('color'))) for c in read_json(meta)['classes']]
    for file in files_in(path, '.json'):
        folder, kind = os.path.split(os.path.dirname(file))
        if kind == 'ann':
            with export.reading(file):
                _add_photo(file, os.path.basename(folder), export)


def _add_photo(file, dataset, export):
    content = read_json(file)
    objects = []
    for found in content['objects']:
        kind = found.get('geometryType') or ('bitmap' if found.get('bitmap') else 'polygon')
        if kind in WITH_AREA:
            objects.append((found['classTitle'], kind, found['bitmap' if kind == 'bitmap' else 'points']))
        else:
            export.left_out[f'{kind}s'] += 1
    tags = {split_named(tag['name']) for tag in content.get('tags', [])} - {None}
    size = content['size']
    export.add(os.path.join(dataset, 'img', os.path.basename(file)[:-len('.json')]), functools.partial(_draw, objects),
               (size['height'], size['width']), tags.pop() if len(tags) == 1 else split_named(dataset))


def _draw(objects, height, width, id_of):
    drawn = (shapes.Shape(name, _patch(kind, geometry, height, width)) for name, kind, geometry in objects)
    return shapes.draw(drawn, height, width, id_of)


def _patch(kind, geometry, height, width):
    if kind == 'bitmap':
        left, top = map(int, geometry['origin'])
        unpack = zlib.decompressobj()
        data = unpack.decompress(base64.b64decode(geometry['data']), LARGEST)
        if unpack.unconsumed_tail:
            raise ValueError(f'a bitmap of more than {LARGEST} bytes')
        return shapes.Patch(top, left, shapes.png_mask(data))
    exterior = geometry['exterior']
    if kind == 'rectangle':
        (left, right), (top, bottom) = map(sorted, zip(*exterior))
        return shapes.outline([shapes.rectangle(left, top, right + 1, bottom + 1)], height, width)
    return shapes.pixel_outline([exterior] + geometry.get('interior', []), height, width)


if __name__ == '__main__':
    run(lambda argv: convert_export('Supervisely', read, __doc__, argv[1:]))
