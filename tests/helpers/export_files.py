"""Exports of annotation tools for the tests, and what their conversion wrote."""
import json
import os

import numpy as np
from PIL import Image
from turned_photos import exif

from Data_zoo.export_command import convert_export
from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import read_classes

SQUARE = [[2, 1], [6, 1], [6, 4], [2, 4]]  # 12 pixels


def photo(path, height=8, width=10, orientation=None):
    """A photo of noise at path, height x width as it is stored; returns the path."""
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    pixels = np.random.RandomState(height * width).randint(0, 256, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(str(path), **({'exif': exif(orientation)} if orientation else {}))
    return str(path)


def write_json(path, content):
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    with open(str(path), 'w', encoding='utf-8') as file:
        json.dump(content, file, ensure_ascii=False)
    return str(path)


def convert(tool, export, data_dir, *arguments):
    """Runs the prepare module `tool` as from the command line; returns data_dir."""
    convert_export('the tool', tool.read, '', [str(export), str(data_dir), *arguments],
                   getattr(tool, 'ARGUMENTS', None))
    return str(data_dir)


def annotations(data_dir):
    """{name: path} of all annotations written."""
    return {os.path.splitext(name)[0]: os.path.join(where, name)
            for where, _, names in os.walk(os.path.join(data_dir, 'annotations')) for name in names}


def ids(data_dir, name):
    """uint8 [H, W] of the annotation with that name, in either split."""
    return read_annotation(annotations(data_dir)[name])


def counts(data_dir, name):
    """{id: pixels} of one annotation."""
    found, number = np.unique(ids(data_dir, name), return_counts=True)
    return dict(zip(found.tolist(), number.tolist()))


def split_of(data_dir, name):
    return os.path.basename(os.path.dirname(annotations(data_dir)[name]))


def class_names(data_dir):
    return [c.name for c in read_classes(os.path.join(data_dir, 'classes.csv'))]


def class_colours(data_dir):
    return [c.colour for c in read_classes(os.path.join(data_dir, 'classes.csv'))]


def shape(label, points, kind='polygon', **more):
    """An object as LabelMe 5 writes it."""
    return {'label': label, 'points': points, 'group_id': None, 'description': '', 'shape_type': kind, 'flags': {},
            'mask': None, **more}


def annotate(folder, name, *shapes, size=(8, 10), **photo_options):
    """Writes photo NAME.jpg and NAME.json as LabelMe 5 writes it."""
    photo(folder / (name + '.jpg'), *size, **photo_options)
    write_json(folder / (name + '.json'), {
        'version': '5.5.0', 'flags': {}, 'shapes': list(shapes), 'imagePath': name + '.jpg', 'imageData': None,
        'imageHeight': size[0], 'imageWidth': size[1]})
