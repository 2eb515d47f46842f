"""Recognizes folders that are not in the project's layout: exports of annotation tools, and photos with masks.

Nothing is read but names and the beginnings and ends of a few files.
"""
import collections
import os
import re
import shlex

from fcn8s.data.mask_folders import has_masks, lone_masks
from fcn8s.utils.errors import some_of
from fcn8s.utils.walk import walk

MOST_FILES, MOST_FOLDERS = 300, 2000  # looked at: files of each ending in a folder, folders
PART = 1 << 18  # bytes of a file's beginning, and of its end
SPLITS = ('training', 'validation')
ARCHIVES = ('.zip', '.tar', '.tar.gz', '.tgz', '.rar', '.7z')
# {a folder that it has: a data set that has a converter}
DATA_SETS = {'leftImg8bit': 'Cityscapes', 'trainannot': 'CamVid', 'LabeledApproved_full': 'CamVid',
             'gt_image_2': 'KITTI_road'}
BRUSH_PNG = re.compile(r'task-\d+-annotation-\d+-by-.*\.png$')
LABEL_LINE = re.compile(r'\d+( -?[\d.]+(e-?\d+)?){4,}\s*$')


class Recognized(collections.namedtuple('Recognized', 'path what script advice')):
    """what: the form and the files that show it; script: the converter's path, or None; advice: what else to do, or ''.

    str() is what a user should read.
    """

    def __str__(self):
        command = f'Convert it: {self.command}' if self.script else ''
        return '\n'.join(filter(None, [f'{self.path} holds {self.what}.', command, self.advice]))

    @property
    def command(self):
        """The command line that converts the folder; '' if nothing does."""
        path = shlex.quote(self.path)
        if not self.script:
            return ''
        if self.script == 'Data_zoo/colour_masks.py':
            return f'python {self.script} {path} classes.csv my_data/annotations/training'
        return f'python {self.script} {path} my_data'


def recognize(path):
    """The Recognized form of a folder or file; None for the project's own layout, and for what is not known."""
    if _is_known(path):
        return None
    files = _files(path)
    if files == [path] and path.lower().endswith(ARCHIVES):
        return Recognized(path, 'an archive', None, 'Extract it and give the folder.')
    for find in (_data_set, _supervisely, _voc, _cvat, _json, _brush_pngs, _yolo, _pictures):
        found = find(path, files)
        if found:
            return Recognized(path, *found)
    return None


def _is_known(path):
    """Whether a folder, or one in it, has the project's layout, or is the full ADE20K."""
    _, inner, _ = next(os.walk(path), (path, [], []))
    folders = [path] + [os.path.join(path, name) for name in inner]
    names = [(kind, split) for kind in ('images', 'annotations') for split in SPLITS] + [('images', 'ADE')]
    return any(os.path.isdir(os.path.join(folder, *name)) for folder in folders for name in names)


def _files(path):
    """Paths of files by folder: of each ending the first ones, so that a large folder hides no other."""
    if os.path.isfile(path):
        return [path]
    found = []
    for number, (where, names) in enumerate(walk(path)):
        counts = collections.Counter()
        for name in names:
            ending = os.path.splitext(name)[1].lower()
            counts[ending] += 1
            if counts[ending] <= MOST_FILES:
                found.append(os.path.join(where, name))
        if number == MOST_FOLDERS:
            break
    return found


def _ending(files, *endings):
    return [file for file in files if file.lower().endswith(endings)]


def _parts(file):
    """The beginning and the end of a file as text; '' if it cannot be read."""
    try:
        with open(file, 'rb') as stream:
            data = stream.read(PART)
            stream.seek(max(os.fstat(stream.fileno()).st_size - PART, len(data)))
            return (data + stream.read(PART)).decode('utf-8', 'replace')
    except OSError:
        return ''


def _named(files):
    return some_of(sorted({os.path.basename(file) for file in files}), 3)


def _tool(what, name, advice=''):
    return what, f'Data_zoo/{name}/prepare.py', advice


def _data_set(path, files):
    folders = {part for file in files for part in os.path.relpath(file, path).split(os.sep)[:-1]}
    for folder, name in DATA_SETS.items():
        if folder in folders:
            return (f'the data set {name} ({folder}/)', None, f'Convert it: python Data_zoo/{name}/prepare.py '
                    f'--source={shlex.quote(path)}')
    return None


def _supervisely(path, files):
    metas = [file for file in files if os.path.basename(file) == 'meta.json']
    annotations = [file for file in _ending(files, '.json') if os.path.basename(os.path.dirname(file)) == 'ann']
    if metas and annotations:
        return _tool(f'a project of Supervisely (meta.json, ann/{_named(annotations)})', 'Supervisely')
    return None


def _voc(path, files):
    folders = {part for file in _ending(files, '.png') for part in os.path.relpath(file, path).split(os.sep)[:-1]}
    for name in ('SegmentationClass', 'SegmentationClassPNG'):
        if name in folders:
            return _tool(f"masks in PASCAL VOC's form ({name}/), as CVAT and LabelMe export them, too", 'VOC')
    boxes = [file for file in _ending(files, '.xml')[:3] if '<bndbox>' in _parts(file)]
    if boxes:
        return (f"boxes in PASCAL VOC's form ({_named(boxes)})", None, 'Boxes do not label pixels: export outlines or '
                'masks, if they were drawn.')
    return None


def _cvat(path, files):
    xml = [file for file in _ending(files, '.xml') if '<annotations' in _parts(file)[:1000]]
    if xml:
        return _tool(f"CVAT's XML ({_named(xml)})", 'CVAT')
    return None


def _json(path, files):
    kinds = collections.defaultdict(list)
    for file in _ending(files, '.json')[:30]:
        kinds[_json_kind(_parts(file))].append(file)
    for kind, what in (('COCO', "COCO's JSON"), ('LabelMe', "LabelMe's JSON"), ('LabelStudio', "Label Studio's JSON")):
        if kinds[kind]:
            return _tool(f'{what} ({_named(kinds[kind])})', kind)
    return None


def _json_kind(text):
    def has(*keys):
        return all(f'"{key}"' in text for key in keys)

    start = text.lstrip('\ufeff \t\r\n')[:1]
    if start == '{' and has('images') and (has('categories') or has('annotations')):
        return 'COCO'
    if start == '{' and has('shapes') and (has('imagePath') or has('imageHeight')):
        return 'LabelMe'
    if start == '[' and (has('annotations', 'result') or has('annotation_id')):
        return 'LabelStudio'
    return None


def _brush_pngs(path, files):
    found = [file for file in files if BRUSH_PNG.match(os.path.basename(file))]
    if found:
        return _tool(f"Label Studio's brush masks ({_named(found)})", 'LabelStudio', 'It needs the JSON or CSV export '
                     'of the project beside them, which names the photos.')
    return None


def _yolo(path, files):
    texts = [file for file in _ending(files, '.txt')
             if os.path.basename(file) not in ('classes.txt', 'train.txt', 'val.txt', 'test.txt')][:200]
    lines = [line for file in texts for line in _parts(file).splitlines()]
    labels = [line for line in lines if LABEL_LINE.match(line)]
    if not labels or len(labels) < len([line for line in lines if line.strip()]) / 2:
        return None
    if all(len(line.split()) == 5 for line in labels):
        return (f"boxes in YOLO's form ({_named(texts)})", None, 'Boxes do not label pixels: export outlines '
                '(segmentation), if they were drawn.')
    return _tool(f"outlines in YOLO's form ({_named(texts)})", 'YOLO')


def _pictures(path, files):
    if has_masks(path, files):
        return _tool('photos and masks, but not in training/ and validation/', 'Folder')
    masks = lone_masks(files)
    if masks:
        return (f'colour masks ({_named(masks)})', 'Data_zoo/colour_masks.py', 'classes.csv has a line for each class: '
                'index,name,red,green,blue. Their photos belong into my_data/images/training.')
    return None
