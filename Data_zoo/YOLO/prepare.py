"""Converts YOLO's segmentation labels, text files of polygons, to the layout of this project.

    python Data_zoo/YOLO/prepare.py EXPORT my_data     EXPORT holds data.yaml (or classes.txt), images/ and labels/, in
                                                       folders train and val or not

Each line of labels/NAME.txt is a class number and the x and y of the outline's points, as shares of width and height.
Smaller objects cover larger ones, as in Ultralytics' training. Lines of five numbers are boxes and are left out. A
photo without a text file has no objects. Photos that EXIF turns are taken as labelled upright. The split is that of
the folders' names.
"""
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
from Data_zoo.export_photos import files_in, stem_of
from Data_zoo.export_splits import split_of_folders
from Data_zoo.extras import optional
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import SMALL, read_bounded
from fcn8s.utils.script import run

LISTS = ('classes.txt', 'obj.names', 'predefined_classes.txt')  # of class names, one per line
BOX = 5  # numbers in a line
FAR = 2  # shares beyond this are pixels


def read(path, export, options):
    """Fills an Export from a folder of YOLO's form."""
    root = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    names = _class_names(root)
    export.classes = [(name, None) for name in names.values()]
    labels = {os.path.splitext(os.path.relpath(file, root))[0]: file for file in files_in(root, '.txt')
              if _is_label(file)}
    if not labels:
        raise UserError(f'{root} holds no labels (.txt). Give the folder that holds images/ and labels/.')
    left = dict(labels)
    for photo in export.photos.paths():
        folder = options.photos or root
        where = os.path.splitext(os.path.relpath(photo, folder))[0]
        name = next((name for name in (_beside(where), where, os.path.join('labels', where)) if name in left), None)
        with export.reading(labels.get(name, photo)):
            objects = _read_objects(left.pop(name), names, export) if name else []
            export.add(os.path.relpath(photo, folder), functools.partial(_draw, objects), split=split_of_folders(where))
    export.missing += sorted(name for name in left if 'labels' in name.split(os.sep) or len(left) == len(labels))


def _is_label(file):
    """Whether a text file may hold polygons: not a list of names or photos, nor a text to read."""
    name = os.path.basename(file).lower()
    return name not in LISTS and not name.startswith(('readme', 'notes')) and (
        'labels' in file.split(os.sep) or stem_of(file) not in ('train', 'val', 'valid', 'test'))


def _beside(photo):
    """images/train/a -> labels/train/a: the last folder of that name counts, as in Ultralytics."""
    parts = photo.split(os.sep)
    at = [number for number, part in enumerate(parts[:-1]) if part == 'images']
    return os.path.join(*parts[:at[-1]], 'labels', *parts[at[-1] + 1:]) if at else photo


def _class_names(root):
    """{number: name} of a .yaml file with names, or of a text file of LISTS."""
    files = files_in(root, '.yaml') + files_in(root, '.yml')
    for file in files:
        names = _yaml_names(file)
        if names:
            return names
    for file in [file for name in LISTS for file in files_in(root, name)]:
        lines = read_bounded(file, SMALL).decode('utf-8-sig', 'replace').splitlines()
        return dict(enumerate(line.strip() for line in lines if line.strip()))
    raise UserError(f'{root} names no classes: it holds no data.yaml with names, and no classes.txt with one name per '
                    'line. Put one of them there.')


def _yaml_names(file):
    yaml = optional('yaml', "YOLO's data.yaml (or write the names into classes.txt, one per line, and move it away)")
    try:
        content = yaml.safe_load(read_bounded(file, SMALL).decode('utf-8-sig'))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f'{file} cannot be read as YAML in UTF-8: {error}.') from error
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, dict) and all(isinstance(number, int) for number in names):
        return {number: str(names[number]) for number in sorted(names)}
    return dict(enumerate(map(str, names))) if isinstance(names, list) else None


def _read_objects(file, names, export):
    """[(class name, [n, 2] of shares of width and height)] of a text file."""
    objects = []
    with open(file, encoding='utf-8-sig') as lines:
        for number, line in enumerate(lines, 1):
            numbers = [float(word) for word in line.split()]
            if not numbers:
                continue
            if numbers[0] not in names:
                raise UserError(f'{file}, line {number}: the class {numbers[0]:g} has no name; the names are for 0 to '
                                f'{max(names)}.')
            if len(numbers) == BOX:
                export.left_out['boxes'] += 1
                continue
            points = np.reshape(numbers[1:], (-1, 2))
            if not np.isfinite(points).all() or np.abs(points).max(initial=0) > FAR:
                raise UserError(f'{file}, line {number}: expected shares of width and height, 0 to 1, found '
                                f'{np.abs(points).max():g}.')
            objects.append((names[int(numbers[0])], points))
    return objects


def _draw(objects, height, width, id_of):
    drawn = (shapes.Shape(name, shapes.outline([points * (width, height)], height, width)) for name, points in objects)
    return shapes.draw_smaller_on_top(drawn, height, width, id_of)


if __name__ == '__main__':
    run(lambda argv: convert_export('YOLO', read, __doc__, argv[1:]))
