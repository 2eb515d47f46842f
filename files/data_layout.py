"""The layout of a data folder in words: what is expected, what was found instead, and what to do."""
import itertools
import os

from files.annotations import ONLY_LOSSY
from files.images import list_files, list_photos

LAYOUT = """\
    DIR/classes.csv                      index,name,red,green,blue (it may also stand beside DIR)
    DIR/images/training/NAME.jpg         photos; likewise validation/
    DIR/annotations/training/NAME.png    class ids, one channel, of the photo of the same name; likewise validation/"""
LOSSY = {  # formats of masks: endings, and why they are not read
    'JPEG': (('.jpg', '.jpeg', '.jpe', '.jfif'), f'its compression changes ids. {ONLY_LOSSY}'),
    'WebP': (('.webp',), f'its compression may change ids. {ONLY_LOSSY}'),
    'GIF': (('.gif',), 'programs that write it renumber its colours.')}
OTHER_NAMES = {'training': ('train', 'Train'), 'validation': ('val', 'valid', 'Val')}


def explain(data_dir, split):
    """A text for a data_dir without `split` pairs: the layout expected, what was found and, if known, the fix."""
    folders = [data_dir] + [os.path.join(data_dir, kind, *part) for part in ((), (split,))
                            for kind in ('images', 'annotations')]
    lines = [f'{data_dir}: found no {split} image with an annotation of the same name. Expected:', LAYOUT, 'Found:']
    lines += [f'    {folder}: {_contents(folder)}' for folder in folders]
    return '\n'.join(lines + [f'Fix: {fix}' for fix in _fixes(data_dir, split)])


def explain_unread(data_dir, split):
    """A text for the photos in subfolders of a split's images, which are not read; '' where there are none."""
    images = os.path.join(data_dir, 'images', split)
    unread = [path for folder in _subfolders(images) for where, _, _ in os.walk(folder) for path in list_photos(where)]
    if not unread:
        return ''
    return (f'{len(unread)} photos in subfolders of {images}, such as {unread[0]}, are not read: photos stand in '
            f'{images} itself, and their annotations likewise. Move them there, or name them in a file for --list.')


def _contents(folder, shown=6):
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith('.'))
    except OSError as error:
        return error.strerror
    listed = [name + '/' * os.path.isdir(os.path.join(folder, name)) for name in names[:shown]]
    more = f', ... ({len(names)} in all)' if len(names) > shown else ''
    return ', '.join(listed) + more or 'empty'


def _fixes(data_dir, split):
    images = os.path.join(data_dir, 'images')
    if _is_full_ade20k(images):
        return ['this looks like the full ADE20K, with *_seg.png beside its photos. Take the scene parsing benchmark, '
                + 'ADEChallengeData2016.zip (see Data_zoo/MIT_SceneParsing).']
    fixes = [f'give {folder} instead of {data_dir}.' for folder in _subfolders(data_dir)
             if os.path.isdir(os.path.join(folder, 'images'))]
    for kind, name in itertools.product(('images', 'annotations'), OTHER_NAMES.get(split, ())):
        if os.path.isdir(os.path.join(data_dir, kind, name)):
            fixes.append(f'rename {os.path.join(data_dir, kind, name)} to {split}.')
    if os.path.isdir(images) and list_photos(images):
        fixes.append(f'move the photos from {images} into {os.path.join(images, "training")} and '
                     f'{os.path.join(images, "validation")}, and the annotations likewise.')
    return fixes + _masks_to_save_anew(os.path.join(data_dir, 'annotations', split))


def _masks_to_save_anew(folder):
    """[] or [the fix] for each format of the files of `folder` that does not keep ids."""
    if not os.path.isdir(folder):
        return []
    return [f'save the {len(paths)} {name} files of {folder}, such as {os.path.basename(paths[0])}, as PNG where they '
            f'come from: {why}'
            for name, (endings, why) in LOSSY.items() for paths in [list_files(folder, endings)] if paths]


def _subfolders(folder):
    _, names, _ = next(os.walk(folder), (folder, [], []))
    return [os.path.join(folder, name) for name in sorted(names) if not name.startswith('.')]


def _is_full_ade20k(images):
    first_folders = itertools.islice(os.walk(images), 30)  # enough to reach a scene's folder in either of its releases
    return any(name.endswith('_seg.png') for _, _, names in first_folders for name in names)
