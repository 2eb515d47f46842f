"""Converts COCO's JSON, as COCO publishes it and most tools export it, to the layout of this project.

    python Data_zoo/COCO/prepare.py EXPORT my_data

EXPORT holds photos and JSON files such as annotations/instances_*.json or train/_annotations.coco.json, to any depth.

Polygons, whose parts are joined, and RLE masks are filled. COCO does not order overlapping objects: smaller ones, by
pixels, cover larger ones. Crowds (iscrowd) lie below all objects and become 255, ignored; --crowd=class makes them
objects like any other. Boxes without a mask are left out. The split is that of the files' or folders' names.
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

from Data_zoo import shapes
from Data_zoo.export_classes import IGNORE, hex_colour
from Data_zoo.export_command import convert_export
from Data_zoo.export_items import read_json
from Data_zoo.export_photos import files_in
from Data_zoo.export_splits import split_named
from Data_zoo.extras import optional
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

ARGUMENTS = {'--crowd': dict(choices=('ignore', 'class'), default='ignore', help='what objects with iscrowd=1 become: '
                             'ignored pixels (255), or objects of their class (default: %(default)s)')}


def read(path, export, options):
    """Fills an Export from a COCO file, or from all in a folder."""
    contents = {}
    for file in _json_files(path):
        with export.reading(file):
            content = read_json(file)
            if isinstance(content, dict) and {'images', 'annotations', 'categories'} <= content.keys():
                contents[file] = content
    if not contents:
        raise UserError('\n'.join([problem for _, problem in export.problems] + [
            f'{path}: no JSON file of COCO (with "images", "annotations" and "categories") is in it.']))
    crowds = 0
    for file, content in contents.items():
        with export.reading(file):
            crowds += _read_file(file, content, export, options.crowd == 'class')
    if crowds:
        export.notes.append(f'{crowds} objects are crowds (iscrowd=1) and become 255, ignored. Some tools mark every '
                            'brush mask so: --crowd=class keeps them')


def _json_files(path):
    """The files to read: of several, those that are named instances as in COCO itself, if there are any."""
    files = [path] if os.path.isfile(path) else files_in(path, '.json')
    return [file for file in files if os.path.basename(file).startswith('instances')] or files


def _read_file(file, content, export, keep_crowds):
    """Adds the photos of one file; returns the number of crowds."""
    used = {annotation['category_id'] for annotation in content['annotations']}
    parents = {category.get('supercategory') for category in content['categories']}
    names = {}
    for category in content['categories']:
        names[category['id']] = category['name']
        if category['id'] in used or category['name'] not in parents:  # Roboflow lists its project as a category
            export.classes.append((category['name'], _colour(category.get('color'))))
    objects, crowds = collections.defaultdict(list), 0
    for annotation in content['annotations']:
        if 'segments_info' in annotation:
            raise UserError(f"{file} is COCO's panoptic form. Take the file instances_*.json.")
        if not annotation.get('segmentation'):
            export.left_out['boxes without a mask'] += 1
            continue
        is_crowd = bool(annotation.get('iscrowd')) and not keep_crowds
        crowds += is_crowd
        name = IGNORE if is_crowd else names[annotation['category_id']]
        objects[annotation['image_id']].append((name, annotation['segmentation']))
    folder = os.path.basename(os.path.dirname(os.path.abspath(file)))
    split = split_named(os.path.splitext(os.path.basename(file))[0]) or split_named(folder)
    for image in content['images']:
        size = (image['height'], image['width']) if image.get('height') and image.get('width') else None
        name = image['file_name']
        export.add(os.path.join(folder, name) if split_named(folder) else name,
                   functools.partial(_draw, objects[image['id']]), size, split)
    return crowds


def _colour(colour):
    """(red, green, blue) of '#ff8000' or [255, 128, 0]; None otherwise."""
    if isinstance(colour, list) and len(colour) == 3 and all(isinstance(v, int) and 0 <= v < 256 for v in colour):
        return tuple(colour)
    return hex_colour(colour)


def _draw(objects, height, width, id_of):
    drawn = (shapes.Shape(name, _patch(segmentation, height, width)) for name, segmentation in objects)
    return shapes.draw_smaller_on_top(drawn, height, width, id_of, IGNORE)


def _patch(segmentation, height, width):
    if isinstance(segmentation, list):
        parts = (shapes.outline([np.reshape(part, (-1, 2))], height, width) for part in segmentation)
        return shapes.union(parts, height, width)
    if list(segmentation['size']) != [height, width]:
        raise ValueError(f'an RLE mask of {segmentation["size"]} (height, width) for a photo of {height} x {width}')
    counts = segmentation['counts']
    if isinstance(counts, list):
        return shapes.crop(shapes.runs(counts, height, width, by_columns=True))
    mask = optional('pycocotools.mask', "COCO's compressed RLE masks")
    return shapes.crop(mask.decode({'size': [height, width], 'counts': counts.encode('ascii')}) > 0)


if __name__ == '__main__':
    run(lambda argv: convert_export('COCO', read, __doc__, argv[1:], ARGUMENTS))
