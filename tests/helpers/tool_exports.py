"""A small export of every annotation tool: two photos with an object each, in a folder that is made."""
import numpy as np
from export_files import SQUARE, annotate, photo, shape, write_json

from fcn8s.visualize import save_ids

IDS = np.array([[0, 1], [1, 1]], np.uint8)


def labelme(root):
    for name in 'ab':
        annotate(root, name, shape('cat', SQUARE))


def coco(root):
    images = [{'id': i, 'file_name': f'{i}.jpg', 'height': 8, 'width': 10} for i in (1, 2)]
    objects = [{'image_id': i, 'category_id': 1, 'segmentation': [sum(SQUARE, [])]} for i in (1, 2)]
    write_json(root / 'result.json', {'images': images, 'annotations': objects,
                                      'categories': [{'id': 1, 'name': 'cat'}]})
    for i in (1, 2):
        photo(root / 'images' / f'{i}.jpg')


def voc(root):
    (root / 'SegmentationClass').mkdir(parents=True)
    (root / 'labelmap.txt').write_text('background:0,0,0::\ncat:128,0,0::\n')
    for name in 'ab':
        photo(root / 'JPEGImages' / (name + '.jpg'), 2, 2)
        save_ids(str(root / 'SegmentationClass' / (name + '.png')), IDS, np.array([[0, 0, 0], [128, 0, 0]], np.uint8))


def cvat(root):
    for name in 'ab':
        photo(root / 'images' / (name + '.jpg'))
    polygon = '<polygon label="cat" points="2,1;6,1;6,4;2,4" z_order="0"/>'
    (root / 'annotations.xml').write_text('<?xml version="1.0"?><annotations>' + ''.join(
        f'<image name="{name}.jpg" width="10" height="8">{polygon}</image>' for name in 'ab') + '</annotations>')


def yolo(root):
    (root / 'labels' / 'train').mkdir(parents=True)
    (root / 'classes.txt').write_text('cat\n')
    for name in 'ab':
        photo(root / 'images' / 'train' / (name + '.jpg'))
        (root / 'labels' / 'train' / (name + '.txt')).write_text('0 0.2 0.2 0.6 0.2 0.6 0.6\n')


def label_studio(root):
    value = {'points': SQUARE, 'polygonlabels': ['cat'], 'closed': True}
    result = [{'original_width': 10, 'original_height': 8, 'value': value, 'type': 'polygonlabels', 'id': 'x'}]
    write_json(root / 'project.json', [{'id': i, 'data': {'image': f'{i}.jpg'}, 'annotations': [{'result': result}]}
                                       for i in (1, 2)])
    for i in (1, 2):
        photo(root / f'{i}.jpg')


def supervisely(root):
    write_json(root / 'meta.json', {'classes': [{'title': 'cat', 'color': '#FF0000'}], 'tags': []})
    for name in 'ab':
        photo(root / 'ds' / 'img' / (name + '.jpg'))
        points = {'exterior': SQUARE, 'interior': []}
        write_json(root / 'ds' / 'ann' / (name + '.jpg.json'), {'size': {'height': 8, 'width': 10}, 'objects': [
            {'classTitle': 'cat', 'geometryType': 'polygon', 'points': points}]})


def folder(root):
    (root / 'masks').mkdir(parents=True)
    for name in 'ab':
        photo(root / 'images' / (name + '.jpg'), 2, 2)
        save_ids(str(root / 'masks' / (name + '.png')), IDS, np.zeros((2, 3), np.uint8))


def beside(root):
    for name in 'ab':
        photo(root / (name + '.jpg'), 2, 2)
        save_ids(str(root / (name + '_mask.png')), IDS, np.zeros((2, 3), np.uint8))


TOOLS = {labelme: 'LabelMe', coco: 'COCO', voc: 'VOC', cvat: 'CVAT', yolo: 'YOLO', label_studio: 'LabelStudio',
         supervisely: 'Supervisely', folder: 'Folder', beside: 'Folder'}
