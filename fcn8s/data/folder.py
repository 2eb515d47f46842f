"""The layout of a data folder: which photo belongs to which annotation."""
import collections
import itertools
import os
import unicodedata

from fcn8s.data.annotations import ONLY_LOSSY
from fcn8s.data.photos import list_files, list_photos
from fcn8s.data.recognize import recognize
from fcn8s.data.records import Record
from fcn8s.utils.errors import DataError, some_of

ANNOTATION_EXTENSIONS = ('.png', '.tif', '.tiff', '.bmp')  # formats that keep ids exactly
LOSSY = {  # {format: (endings, why it cannot hold ids, further advice)}
    'JPEG': (('.jpg', '.jpeg', '.jpe', '.jfif', '.jif'), "JPEG's compression changes ids", f'. {ONLY_LOSSY}'),
    'WebP': (('.webp',), "WebP's compression may change ids", f'. {ONLY_LOSSY}'),
    'GIF': (('.gif',), 'programs that write GIF renumber its colours', '.')}
TWIN = 'file'  # kind of those whose name occurs twice; else it is 'image', 'annotation' or, of another format, 'mask'


class Unpaired(collections.namedtuple('Unpaired', 'paths kind why')):
    """Files without a partner and the reason; str() gives their number and names."""

    def __str__(self):
        plural = 's' if len(self.paths) > 1 else ''
        return f'{len(self.paths)} {self.kind}{plural} with {self.why}: {some_of(self.paths)}'


def pair_by_stem(images, annotations, image_dir, annotation_dir):
    """Paths of images and of annotations -> (list of (image, annotation) sorted by stem, list of Unpaired).

    Composed and decomposed Unicode, as Linux and macOS write names, count as the same stem. If a stem occurs twice
    among images or annotations, none of its files is paired, since either could be meant. An image whose annotation has
    an unsupported ending is reported with that file. The folders only appear in messages.
    """
    images, annotations = _by_stem(images), _by_stem(annotations)
    pairs, unpaired = [], []
    for stem in sorted(images.keys() & annotations.keys()):
        if len(images[stem]) == len(annotations[stem]) == 1:
            pairs.append((images[stem][0], annotations[stem][0]))
        else:
            unpaired.append(Unpaired(images[stem] + annotations[stem], TWIN, 'one name where there should be an '
                                     'image and an annotation; keep one of each, or rename them'))
    alone = {stem: paths for stem, paths in images.items() if stem not in annotations}
    unread = _unread(annotation_dir, alone)
    unpaired += _unread_kinds(unread)
    alone = {stem: paths for stem, paths in alone.items() if stem not in unread}
    unpaired += _alone(alone, {}, 'image', f'no annotation of the same name (.png) in {annotation_dir}')
    unpaired += _alone(annotations, images, 'annotation', f'no image of the same name in {image_dir}')
    return pairs, unpaired


def _unread(folder, stems):
    """{stem: paths of the files of `folder`, all with endings that are not read}, for those of `stems`."""
    if not stems or not os.path.isdir(folder):
        return {}
    groups = _by_stem(list_files(folder, ('',)))
    return {stem: group for stem, group in groups.items() if stem in stems}


def _unread_kinds(unread):
    """An Unpaired for each ending of the files of _unread."""
    kinds = collections.defaultdict(list)
    for stem in sorted(unread):
        for path in unread[stem]:
            kinds[os.path.splitext(path)[1].lower()].append(path)
    expected = f'an annotation ends in .png (or {" ".join(ANNOTATION_EXTENSIONS[1:])})'
    return [Unpaired(paths, 'mask', f'the ending {ending or "(none)"} where {expected}: {_why(ending)}; save the ids '
                     'as PNG where they come from') for ending, paths in sorted(kinds.items())]


def _why(ending):
    reasons = [why for endings, why, _ in LOSSY.values() if ending in endings]
    return reasons[0] if reasons else 'it must be an image of one channel'


def _by_stem(paths):
    groups = collections.defaultdict(list)
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        groups[unicodedata.normalize('NFC', stem)].append(path)
    return groups


def _alone(group, others, kind, why):
    paths = [path for stem in sorted(group.keys() - others.keys()) for path in group[stem]]
    return [Unpaired(paths, kind, why)] if paths else []


LAYOUT = """\
    DIR/classes.csv                      index,name,red,green,blue (it may also stand beside DIR)
    DIR/images/training/NAME.jpg         photos; likewise validation/
    DIR/annotations/training/NAME.png    class ids, one channel, of the photo of the same name; likewise validation/"""
OTHER_NAMES = {'training': ('train', 'Train'), 'validation': ('val', 'valid', 'Val')}


def explain(data_dir, split):
    """Explains a data_dir without `split` pairs: the expected layout, what was found and, if known, the fix."""
    folders = [data_dir] + [os.path.join(data_dir, kind, *part) for part in ((), (split,))
                            for kind in ('images', 'annotations')]
    lines = [f'{data_dir}: found no {split} image with an annotation of the same name. Expected:', LAYOUT, 'Found:']
    lines += [f'    {folder}: {_contents(folder)}' for folder in folders]
    return '\n'.join(lines + [f'Fix: {fix}' for fix in _fixes(data_dir, split)])


def explain_unread(data_dir, split):
    """A note about photos in subfolders of a split's images, which are not read; '' if there are none."""
    images = os.path.join(data_dir, 'images', split)
    unread = [path for folder in _subfolders(images) for where, _, _ in os.walk(folder) for path in list_photos(where)]
    if not unread:
        return ''
    return (f'{len(unread)} photos in subfolders of {images}, such as {unread[0]}, are not read: photos belong '
            f'in {images} itself, and annotations likewise. Move them there, or name them in a file for --list.')


def _contents(folder, shown=6):
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith('.'))
    except OSError as error:
        return error.strerror
    listed = [name + '/' * os.path.isdir(os.path.join(folder, name)) for name in names[:shown]]
    return some_of(listed + names[shown:], shown) or 'empty'


def _fixes(data_dir, split):
    images = os.path.join(data_dir, 'images')
    if _is_full_ade20k(images):
        return ['this looks like the full ADE20K, with *_seg.png beside its photos. Take the scene parsing benchmark, '
                + 'ADEChallengeData2016.zip (see Data_zoo/MIT_SceneParsing).']
    recognized = recognize(data_dir)
    if recognized:
        return [str(recognized)]
    fixes = [f'give {folder} instead of {data_dir}.' for folder in _subfolders(data_dir)
             if os.path.isdir(os.path.join(folder, 'images'))]
    for kind, name in itertools.product(('images', 'annotations'), OTHER_NAMES.get(split, ())):
        if os.path.isdir(os.path.join(data_dir, kind, name)):
            fixes.append(f'rename {os.path.join(data_dir, kind, name)} to {split}.')
    fixes += _masks_to_save_anew(os.path.join(data_dir, 'annotations', split))
    no_masks = not os.path.isdir(os.path.join(data_dir, 'annotations'))
    if no_masks and (os.path.isdir(images) or os.path.isdir(data_dir) and list_photos(data_dir)):
        fixes = ['there are no masks. Label photos with a tool such as LabelMe, CVAT or Label Studio, and give the '
                 'folder that it exports to python read_data.py: it prints the command that converts it.']
    return fixes


def _masks_to_save_anew(folder):
    """[] or [the fix] for each format of the files of `folder` that does not keep ids."""
    if not os.path.isdir(folder):
        return []
    return [f'save the {len(paths)} {name} files of {folder}, such as {os.path.basename(paths[0])}, as PNG where they '
            f'come from: {why}{advice}'
            for name, (endings, why, advice) in LOSSY.items() for paths in [list_files(folder, endings)] if paths]


def _subfolders(folder):
    _, names, _ = next(os.walk(folder), (folder, [], []))
    return [os.path.join(folder, name) for name in sorted(names) if not name.startswith('.')]


def _is_full_ade20k(images):
    first_folders = itertools.islice(os.walk(images), 30)  # enough to reach a scene's folder in either release
    return any(name.endswith('_seg.png') for _, _, names in first_folders for name in names)


def pair_up(data_dir, split):
    """(tuple of Records sorted by stem, list of Unpaired: files without a partner and stems that occur twice).

    Raises DataError if there is no pair at all.
    """
    image_dir, annotation_dir = (os.path.join(data_dir, kind, split) for kind in ('images', 'annotations'))
    if not (os.path.isdir(image_dir) and os.path.isdir(annotation_dir)):
        raise DataError(explain(data_dir, split))
    pairs, unpaired = pair_by_stem(list_photos(image_dir), list_files(annotation_dir, ANNOTATION_EXTENSIONS),
                                   image_dir, annotation_dir)
    if not pairs and not any(problem.kind == TWIN for problem in unpaired):
        raise DataError(explain(data_dir, split))
    return tuple(Record(*pair) for pair in pairs), unpaired
