"""Which pictures of a folder are masks and which are their photos, by the names of files and folders."""
import collections
import os
import re
import unicodedata

import numpy as np

from fcn8s.data.photos import PHOTO_EXTENSIONS, read_photo
from fcn8s.utils.errors import UserError

MASK_FOLDERS = {'mask', 'masks', 'annotation', 'annotations', 'label', 'labels', 'gt', 'groundtruth', 'ground_truth',
                'seg', 'segmentation', 'segmentations', 'labelids', 'masks_png', 'target', 'targets'}
PHOTO_FOLDERS = {'image', 'images', 'img', 'imgs', 'photo', 'photos', 'jpegimages', 'rgb', 'input', 'inputs'}
# Endings that programs and data sets add to a photo's name for its mask.
ENDINGS = re.compile(r'(?<=[^ ._-])[ ._-]+(masks?|labels?|labelids|seg|segmentation|gt|groundtruth|annotations?|ids|'
                     r'colou?r|l)$', re.IGNORECASE)
JPEG = ('.jpg', '.jpeg', '.jpe', '.jfif', '.jif')
FEW_COLOURS, SAMPLE = 256, 3  # of a mask; pictures that are opened


def mask_pairs(root, files):
    """({photo path: mask path}, masks without a photo, photos without a mask), of the pictures among files below root.

    A picture is a mask if one of its folders has a name of MASK_FOLDERS, if its name is that of a photo with one of
    ENDINGS, or if it is no JPEG and a JPEG has its name. Photo and mask agree in name and in all other folders. Raises
    UserError for a photo with several masks.
    """
    groups = collections.defaultdict(list)
    masks = collections.defaultdict(list)
    for path in files:
        if path.lower().endswith(PHOTO_EXTENSIONS):
            folders, stem = _key(root, path)
            is_mask = any(part.lower() in MASK_FOLDERS for part in _folders(root, path))
            (masks if is_mask else groups)[folders, stem].append(path)
    for key in [key for key in groups if ENDINGS.search(key[1])]:
        if (key[0], ENDINGS.sub('', key[1])) in groups:
            masks[key] += groups.pop(key)
    for key, paths in groups.items():
        others = [path for path in paths if not path.lower().endswith(JPEG)]
        if len(paths) == 2 and len(others) == 1 and key not in masks:
            masks[key] += others
            paths.remove(others[0])
    pairs, alone = {}, []
    for key, paths in masks.items():
        photos = groups.get(key) or groups.get((key[0], ENDINGS.sub('', key[1])), [])
        if len(photos) == 1:
            for path in paths:
                first = pairs.setdefault(photos[0], path)
                if first != path:
                    raise UserError(f'{photos[0]} has several masks: {first}, {path}. Move all but one away.')
        else:
            alone += paths
    return pairs, sorted(alone), sorted(path for paths in groups.values() for path in paths if path not in pairs)


def has_masks(root, files):
    """Whether any photo among the files has a mask."""
    try:
        return bool(mask_pairs(root, files)[0])
    except UserError:
        return True


def lone_masks(files):
    """The files that seem to be masks of colours, without photos; [] if any picture is a JPEG or has many colours."""
    pictures = [path for path in files if path.lower().endswith(PHOTO_EXTENSIONS)]
    if any(path.lower().endswith(JPEG) for path in pictures):
        return []
    return pictures if pictures and all(map(_has_few_colours, pictures[:SAMPLE])) else []


def _has_few_colours(path):
    try:
        pixels = read_photo(path).reshape(-1, 3).astype(np.int32)
    except UserError:
        return False
    return len(np.unique(pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2])) <= FEW_COLOURS


def _folders(root, path):
    return os.path.relpath(path, root).split(os.sep)[:-1]


def _key(root, path):
    """(folders that do not say what is in them, name without ending) of a picture."""
    folders = tuple(part for part in _folders(root, path) if part.lower() not in MASK_FOLDERS | PHOTO_FOLDERS)
    return folders, unicodedata.normalize('NFC', os.path.splitext(os.path.basename(path))[0])
