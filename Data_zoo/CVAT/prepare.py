"""Converts CVAT's own XML, exported as "CVAT for images 1.1", to the layout of this project.

    python Data_zoo/CVAT/prepare.py EXPORT my_data     EXPORT holds annotations.xml, and the photos if they were saved;
                                                       otherwise give --photos=DIR

Polygons, masks, boxes and ellipses are filled; those of a higher z_order cover the others, and later ones the earlier.
Lines, points and cuboids have no area and are left out. Names and colours of the labels are kept, as are the subsets
Train and Validation. (CVAT's export "Segmentation mask 1.1" has VOC's form: Data_zoo/VOC/prepare.py.)
"""
import functools
import os
import sys
import xml.etree.ElementTree as ET

if __name__ == '__main__':
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # the project
    from fcn8s.utils.script import start
    start()

from Data_zoo import shapes
from Data_zoo.export_classes import hex_colour
from Data_zoo.export_command import convert_export
from Data_zoo.export_photos import files_in
from Data_zoo.export_splits import split_named
from fcn8s.utils.errors import UserError
from fcn8s.utils.script import run

WITHOUT_AREA = ('polyline', 'points', 'cuboid', 'skeleton', 'tag')
WITH_AREA = ('polygon', 'mask', 'box', 'ellipse')


def read(path, export, options):
    """Fills an Export from an XML file, or from all of CVAT in a folder."""
    found = False
    for file in [path] if os.path.isfile(path) else files_in(path, '.xml'):
        with export.reading(file):
            root = read_xml(file)
            if root.tag != 'annotations':
                continue  # another program's file
            if root.find('track') is not None:
                raise UserError(f'{file} is "CVAT for video". Export the task again as "CVAT for images 1.1".')
            found = True
            export.classes += [(label.findtext('name'), hex_colour(label.findtext('color')))
                               for label in root.iterfind('meta//labels/label')
                               if label.findtext('type') not in WITHOUT_AREA and label.find('parent') is None]
            for image in root.iterfind('image'):
                _add_image(image, export)
    if not found and not export.problems:
        raise UserError(f'{path}: no XML file of CVAT (with <annotations>) is in it.')


def read_xml(path):
    """The root of an XML file in UTF-8. Raises UserError naming it, and for entities, which can grow without bound."""
    try:
        with open(path, encoding='utf-8-sig') as file:
            text = file.read()
        if '<!DOCTYPE' in text or '<!ENTITY' in text:
            raise UserError(f'{path} declares entities (<!DOCTYPE), which CVAT never does. It is not read.')
        return ET.fromstring(text)
    except (OSError, ValueError, ET.ParseError, RecursionError) as error:
        raise UserError(f'{path} cannot be read as XML in UTF-8: {error}. Export it again.') from error


def _add_image(image, export):
    objects = []
    for element in image:
        if element.tag in WITHOUT_AREA and element.tag != 'tag':  # a tag is about the whole photo
            export.left_out[element.tag + 's' * (element.tag != 'points')] += 1
        elif element.tag in WITH_AREA:
            objects.append(dict(element.attrib, kind=element.tag))
    objects.sort(key=lambda attributes: int(attributes.get('z_order', 0)))
    known = {name for name, _ in export.classes}
    export.classes += [(attributes['label'], None) for attributes in objects if attributes['label'] not in known]
    subset = image.attrib.get('subset', '')  # also a folder of the photos
    export.add(os.path.join(subset, image.attrib['name']), functools.partial(_draw, objects),
               (image.attrib['height'], image.attrib['width']), split_named(subset))


def _draw(objects, height, width, id_of):
    drawn = (shapes.Shape(attributes['label'], _patch(attributes, height, width)) for attributes in objects)
    return shapes.draw(drawn, height, width, id_of)


def _patch(attributes, height, width):
    def numbers(*names):
        return [float(attributes[name]) for name in names]

    if attributes['kind'] == 'polygon':
        ring = [[float(value) for value in point.split(',')] for point in attributes['points'].split(';')]
        return shapes.outline([ring], height, width)
    angle = float(attributes.get('rotation', 0))
    if attributes['kind'] == 'box':
        return shapes.outline([shapes.rectangle(*numbers('xtl', 'ytl', 'xbr', 'ybr'), angle)], height, width)
    if attributes['kind'] == 'ellipse':
        return shapes.ellipse(numbers('cx', 'cy'), numbers('rx', 'ry'), height, width, angle)
    left, top, columns, rows = map(int, numbers('left', 'top', 'width', 'height'))
    counts = [int(count) for count in attributes['rle'].split(',')]
    rest = rows * columns - sum(counts)
    if rest > 0:  # CVAT leaves out what is outside at the end
        counts += [0] * (len(counts) % 2) + [rest]
    return shapes.Patch(top, left, shapes.runs(counts, rows, columns))


if __name__ == '__main__':
    run(lambda argv: convert_export('CVAT', read, __doc__, argv[1:]))
