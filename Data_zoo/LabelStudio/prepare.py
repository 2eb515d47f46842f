"""Converts Label Studio's exports to the layout of this project.

    python Data_zoo/LabelStudio/prepare.py EXPORT my_data --photos=DIR

EXPORT is the JSON file, of the form JSON or JSON-MIN, or a folder that holds it; DIR holds the photos.

Brush masks, polygons, rectangles and ellipses are filled; later regions cover earlier ones. Of several annotations of a
photo the one marked as ground truth counts, else the first that was not cancelled; photos without any are left out. The
export has no list of labels: classes are numbered by name. Photos are found by name, with or without the eight letters
that an upload puts in front.

The export "Brush labels to PNG" names tasks rather than photos: put the JSON, or the CSV, of the project beside it.
With the JSON the PNGs are not needed; with the CSV they are read, smaller ones covering larger ones.
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
from Data_zoo.export_command import convert_export
from Data_zoo.export_items import read_json
from Data_zoo.export_photos import files_in
from Data_zoo.LabelStudio import brush, pictures
from Data_zoo.LabelStudio.names import photo_name
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

GEOMETRIES = ('rle', 'points', 'radiusX', 'width')  # what a region with an area has
MIN_KEYS = ('id', 'annotator', 'annotation_id', 'created_at', 'updated_at', 'lead_time')


def read(path, export, options):
    """Fills an Export from the JSON files of a folder, or else from its PNGs and CSV."""
    names, count, several, without = set(), len(export.items), 0, 0
    tasks = [(file, task) for file in ([path] if os.path.isfile(path) else files_in(path, '.json'))
             for task in _tasks(file, export)]
    if not tasks:
        pictures.read(path, export)
        return
    for file, task in tasks:
        with export.reading(file):
            annotations = [a for a in _annotations(task) if not a.get('was_cancelled')]
            if not annotations:
                without += 1
                continue
            several += len(annotations) > 1
            annotations.sort(key=lambda annotation: not annotation.get('ground_truth'))
            regions = _regions(annotations[0]['result'], export)
            names.update(str(name) for name, _ in regions)
            export.add(photo_name(task, export.photos), functools.partial(_draw, regions), _size(regions))
    export.classes = [(name, None) for name in sorted(names)]
    if several:
        export.notes.append(f'{several} photos have several annotations: the one marked as ground truth is taken, else '
                            'the first')
    if without:
        export.notes.append(f'{without} photos are not annotated and are left out')
    if len(export.items) == count and without:
        raise UserError(f'{path}: none of its {without} tasks is annotated.')


def _tasks(file, export):
    """The tasks in a JSON file; [] for another tool's."""
    with export.reading(file):
        content = read_json(file)
        if isinstance(content, list) and all(isinstance(task, dict) for task in content):
            return [task for task in content if 'annotations' in task or 'annotation_id' in task]
    return []


def _annotations(task):
    """The annotations of a task of the form JSON; of JSON-MIN, one made of its lists of regions."""
    if 'annotations' in task:
        return task['annotations']
    regions = [value for key, value in task.items() if key not in MIN_KEYS and isinstance(value, list)]
    return [{'result': [{**value, 'value': value} for values in regions for value in values
                        if isinstance(value, dict)]}]


def _regions(results, export):
    """[(class name, result)] of regions with an area. A name may come from another result with the region's id."""
    labels, regions = {}, {}
    for result in results:
        label = _label(result.get('value', {}))
        if label:
            labels.setdefault(_key(result), label)
    for result in results:
        value, key = result.get('value', {}), _key(result)
        if 'keypointlabels' in value:
            export.left_out['points'] += 1
        elif any(name in value for name in GEOMETRIES):  # others are choices or texts
            regions.setdefault(key, (labels.get(key), result))
    export.left_out += collections.Counter({'regions without a label': sum(not name for name, _ in regions.values())})
    return [(name, result) for name, result in regions.values() if name]


def _key(result):
    return result.get('id', id(result))  # JSON-MIN has none


def _label(value):
    found = [labels[0] for key, labels in sorted(value.items()) if key.endswith('labels') and labels]
    return found[0] if found else None


def _size(regions):
    sizes = {(result['original_height'], result['original_width']) for _, result in regions}
    if len(sizes) > 1:
        raise ValueError(f'regions of several sizes of one photo: {sorted(sizes)}')
    return sizes.pop() if sizes else None


def _draw(regions, height, width, id_of):
    drawn = (shapes.Shape(name, _patch(result, height, width)) for name, result in regions)
    return shapes.draw(drawn, height, width, id_of)


def _patch(result, height, width):
    if result.get('image_rotation'):
        raise ValueError(f'the photo was turned by {result["image_rotation"]} degrees in the tool')
    value, scale = result['value'], np.array([width, height]) / 100  # the tool's numbers are percentages
    if 'rle' in value:
        return shapes.crop(brush.decode(value['rle'], height, width))
    if 'points' in value:
        return shapes.outline([np.reshape(value['points'], (-1, 2)) * scale], height, width)
    corner, angle = (value['x'], value['y']) * scale, value.get('rotation', 0)
    if 'radiusX' in value:
        return shapes.ellipse(corner, (value['radiusX'], value['radiusY']) * scale, height, width, angle)
    other = corner + (value['width'], value['height']) * scale
    return shapes.outline([shapes.rectangle(*corner, *other, angle, corner)], height, width)


if __name__ == '__main__':
    run(lambda argv: convert_export('Label Studio', read, __doc__, argv[1:]))
