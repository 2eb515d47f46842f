"""Converts the JSON files of LabelMe, or of tools that write the same, to the layout of this project.

    python Data_zoo/LabelMe/prepare.py EXPORT my_data     EXPORT holds photo.jpg and photo.json, to any depth

Classes are numbered as in labels.txt, if EXPORT has LabelMe's list of labels, else by name. Later objects cover earlier
ones, as in LabelMe. _background_ becomes 0, __ignore__ 255. Polygons, rectangles, circles and masks are filled; lines
and points have no area and are left out. A photo that is missing is taken out of its JSON file, if it is in there.
"""
import base64
import functools
import math
import os
import sys

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

import numpy as np

from Data_zoo import shapes
from Data_zoo.export_command import convert_export
from Data_zoo.export_items import read_json
from Data_zoo.export_photos import files_in
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

WITHOUT_AREA = ('point', 'points', 'line', 'linestrip')


def read(path, export, options):
    """Fills an Export from a LabelMe file, or from all in a folder."""
    names, found = set(), False
    for file in [path] if os.path.isfile(path) else files_in(path, '.json'):
        with export.reading(file):
            content = read_json(file)
            if not isinstance(content, dict) or 'shapes' not in content:
                continue  # another tool's file beside
            found = True
            data = content.pop('imageData', None)  # the photo itself, as the tool showed it
            objects = []
            for shape in content['shapes']:
                if shape.get('shape_type') in WITHOUT_AREA:
                    export.left_out[shape['shape_type'] + 's'] += 1
                else:
                    objects.append(shape)
            names.update(str(shape['label']) for shape in objects)
            size = (content.get('imageHeight'), content.get('imageWidth'))
            photo = content.get('imagePath') or os.path.splitext(os.path.basename(file))[0]
            folder = os.path.basename(os.path.dirname(os.path.abspath(file)))
            name = os.path.join(folder, photo) if os.sep not in photo and '\\' not in photo else photo
            size, draw = size if None not in size else None, functools.partial(_draw, objects)
            if data and not export.photos.holds(name):
                export.add_with_photo(name, base64.b64decode(data), draw, size)
            else:
                export.add(name, draw, size)
    if not found and not export.problems:
        raise UserError(f'{path}: no JSON file of LabelMe (with "shapes" and "imagePath") is in it.')
    listed = _listed(path)
    export.classes = [(name, None) for name in listed + sorted(names.difference(listed))]


def _listed(path):
    """The names in labels.txt, one per line, which LabelMe takes with --labels."""
    path = os.path.join(path if os.path.isdir(path) else os.path.dirname(path), 'labels.txt')
    if not os.path.isfile(path):
        return []
    with open(path, encoding='utf-8-sig') as file:
        return list(dict.fromkeys(line.strip() for line in file if line.strip()))


def _draw(objects, height, width, id_of):
    drawn = (shapes.Shape(shape['label'], _patch(shape, height, width)) for shape in objects)
    return shapes.draw(drawn, height, width, id_of)


def _patch(shape, height, width):
    kind, points = shape.get('shape_type') or 'polygon', shape['points']
    if kind == 'mask':
        left, top = np.asarray(points[0], float).astype(int).tolist()
        return shapes.Patch(top, left, shapes.png_mask(base64.b64decode(shape['mask'])))
    if kind == 'circle':
        (x, y), (edge_x, edge_y) = points
        radius = math.hypot(edge_x - x, edge_y - y)
        return shapes.ellipse((x, y), (radius, radius), height, width)
    if kind == 'rectangle' and len(points) == 2:
        return shapes.outline([shapes.rectangle(*points[0], *points[1])], height, width)
    if kind in ('polygon', 'rectangle', 'oriented_rectangle', 'rotation'):
        return shapes.outline([points], height, width)
    raise ValueError(f'a shape of the unknown type {kind}')


if __name__ == '__main__':
    run(lambda argv: convert_export('LabelMe', read, __doc__, argv[1:]))
