"""Label Studio's export "Brush labels to PNG": a black-and-white picture for each label of a task."""
import collections
import csv
import functools
import os
import re

from Data_zoo import shapes
from Data_zoo.export_photos import files_in, stem_of
from Data_zoo.LabelStudio.names import photo_name
from fcn8s.data.labels import read_mask
from fcn8s.utils.errors import UserError

# task, annotation, who made it, name of the tag, label, number
NAME = re.compile(r'task-(\d+)-annotation-(\d+)-by-([^-]*)-([^-]+)-(.+)-(\d+)$')


def read(path, export):
    """Fills an Export from a folder of PNGs and a CSV. Raises UserError if there are no PNGs, or no CSV."""
    tasks = collections.defaultdict(list)
    for file in files_in(path, '.png') if os.path.isdir(path) else []:
        match = NAME.match(stem_of(file))
        if match:
            task, annotation, _, _, label, number = match.groups()
            tasks[int(task)].append((int(annotation), int(number), label, file))
    if not tasks:
        raise UserError(f'{path} holds no JSON export of Label Studio (a list of tasks with "annotations").')
    photos = _photos(path, export)
    if not photos:
        raise UserError(f'{path} holds PNGs such as {os.path.basename(file)}, which name tasks rather than photos. '
                        'Export the project as JSON (or CSV), too, and put that file there: it names the photos.')
    export.photos.leave_out(file for found in tasks.values() for *_, file in found)
    several = 0
    for task, found in sorted(tasks.items()):
        first = min(annotation for annotation, *_ in found)
        several += any(annotation != first for annotation, *_ in found)
        masks = [(label, file) for annotation, _, label, file in sorted(found) if annotation == first]
        export.classes += [(label, None) for label, _ in masks]
        export.add(photos.get(task, f'the photo of task {task}'), functools.partial(_draw, masks))
    export.classes = [(name, None) for name in sorted({name for name, _ in export.classes})]
    if several:
        export.notes.append(f'{several} photos have several annotations: the first is taken')


def _photos(path, export):
    """{task: photo} of the CSV files with a column id."""
    photos = {}
    for name in files_in(path, '.csv'):
        with export.reading(name), open(name, encoding='utf-8-sig', newline='') as file:
            for row in csv.DictReader(file):
                if row.get('id'):
                    photos[int(row['id'])] = photo_name(row, export.photos)
    return photos


def _draw(masks, height, width, id_of):
    drawn = (shapes.Shape(label, _patch(file, height, width)) for label, file in masks)
    return shapes.draw_smaller_on_top(drawn, height, width, id_of)


def _patch(file, height, width):
    mask = read_mask(file).rgb.max(axis=2) > 0
    if mask.shape != (height, width):
        raise ValueError(f'{file} has {mask.shape[0]} x {mask.shape[1]} pixels for a photo of {height} x {width}')
    return shapes.crop(mask)
