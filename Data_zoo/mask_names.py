"""Finds the masks in a folder, and the names of their photos: an annotation must have its photo's name."""
import collections
import os
import re
import unicodedata

import numpy as np

from Data_zoo.mask_account import first_names
from fcn8s.data.mask_folders import ENDINGS
from fcn8s.data.photos import list_files, list_photos, read_photo
from fcn8s.utils.errors import UserError

PHOTO_COLOURS = 1000  # a picture beside a mask is its photo if it has more colours
SAMPLE = 10**6  # pixels in which they are counted
SEPARATORS = re.compile(r'[ ._-]+(?=[^\W\d_])')  # an ending begins with one and a letter: a_2 is not a mask of a

Masks = collections.namedtuple('Masks', 'paths notes')  # {name without ending: path}, and notes for the user


def find_masks(folder, out_dir, suffix=None):
    """Returns the Masks of a folder. suffix: what follows a photo's name in its mask's; None: detect and note it.

    Detection compares the photos' names, if out_dir is DIR/annotations/SPLIT and DIR/images/SPLIT exists or photos are
    beside the masks; otherwise all masks must end in one of ENDINGS. Raises UserError if two files could be the mask of
    one photo, and if no mask is found.
    """
    paths, beside = list_photos(folder), set()
    if suffix is None:
        photos = _photo_stems(out_dir)
        suffix, beside = _suffix_beside(paths)
        suffix = suffix or _suffix_of_photos(paths, photos) or _common_ending(paths, photos)
    masks = [path for path in paths if path not in beside and _stem(path) != suffix and _stem(path).endswith(suffix)]
    beside = set(paths).difference(masks)
    by_name = collections.defaultdict(list)
    for path in masks:
        by_name[_nfc(_name(path, suffix))].append(path)
    for name, group in by_name.items():
        if len(group) > 1:
            beside.update(_photos_among(group, name))
    if not by_name:
        ending = f' with names that end in {suffix}' if suffix else ''
        raise UserError(f'{folder} holds no masks (PNG, BMP, TIFF, ...){ending}. Give the folder that holds them.')
    found = {_name(path, suffix): path for path in masks if path not in beside}
    return Masks(found, _notes(folder, found, suffix, sorted(beside)))


def is_jpeg(path):
    """Whether a file holds a JPEG, whatever its name; False if it is no regular file."""
    if not os.path.isfile(path):
        return False
    with open(path, 'rb') as file:
        return file.read(3) == b'\xff\xd8\xff'


def _stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def _name(path, suffix):
    stem = _stem(path)
    return stem[:len(stem) - len(suffix)]


def _nfc(text):
    return unicodedata.normalize('NFC', text)


def _photo_stems(out_dir):
    """The stems of DIR/images/SPLIT if out_dir is DIR/annotations/SPLIT."""
    above, split = os.path.split(os.path.abspath(out_dir))
    images = os.path.join(os.path.dirname(above), 'images', split)
    is_layout = os.path.basename(above) == 'annotations' and os.path.isdir(images)
    return {_nfc(_stem(path)) for path in list_photos(images)} if is_layout else set()


def _additions(paths, photos):
    """{path: what its stem adds to the longest matching photo stem} of the paths with a match."""
    additions = {}
    for path in paths:
        starts = [match.start() for match in SEPARATORS.finditer(_stem(path)) if match.start()]
        found = [start for start in starts if _nfc(_stem(path)[:start]) in photos]
        if found:
            additions[path] = _stem(path)[max(found):]
    return additions


def _suffix_beside(paths):
    """(suffix, set of photo paths) if photos are beside masks of other names; otherwise ('', an empty set)."""
    by_stem = collections.defaultdict(list)
    for path in paths:
        by_stem[_nfc(_stem(path))].append(path)
    photos, additions = set(), {}
    for path, addition in _additions(paths, by_stem).items():
        owners = by_stem[_nfc(_stem(path)[:-len(addition)])]
        if not is_jpeg(path) and all(owner in photos or _is_photo(owner) for owner in owners):
            photos.update(owners)
            additions[path] = addition
    suffixes = sorted(set(additions.values()))
    if len(suffixes) > 1:
        raise UserError(f'{", ".join(map(os.path.basename, additions))}: names of photos with {" and ".join(suffixes)} '
                        f'added. Say which are the masks, such as --suffix={suffixes[0]}')
    others = [path for path in paths if path not in photos and not _stem(path).endswith(''.join(suffixes))]
    if others:
        raise UserError(f'{first_names(others)}: pictures ({len(others)}) beside the masks NAME{suffixes[0]} and their '
                        f'photos, and neither. Move them away, or give --suffix={suffixes[0]}, which leaves them out.')
    return ''.join(suffixes), photos


def _suffix_of_photos(paths, photos):
    suffixes = set(_additions([path for path in paths if _nfc(_stem(path)) not in photos], photos).values())
    suffix = suffixes.pop() if len(suffixes) == 1 else ''
    return suffix if all(_stem(path).endswith(suffix) for path in paths) else ''


def _common_ending(paths, photos):
    matches = [ENDINGS.search(_stem(path)) for path in paths if _nfc(_stem(path)) not in photos]
    endings = {match and match.group() for match in matches}
    return endings.pop() or '' if len(endings) == 1 and len(matches) == len(paths) else ''


def _is_photo(path):
    if is_jpeg(path):
        return True
    pixels = read_photo(path)
    step = -(-pixels.shape[0] * pixels.shape[1] // SAMPLE)
    pixels = pixels.reshape(-1, 3)[::step].astype(np.int32)
    return len(np.unique(pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2])) > PHOTO_COLOURS


def _photos_among(group, name):
    """Returns all files of one name except the mask."""
    photos = [path for path in group if _is_photo(path)]
    if len(photos) != len(group) - 1:
        raise UserError(f'{" and ".join(group)} would both become {name}.png. Rename one of them.')
    return photos


def _notes(folder, found, suffix, left_out):
    notes = []
    if suffix:
        path = min(found.values())
        notes.append(f'masks are the files named NAME{suffix}: {os.path.basename(path)} becomes '
                     f'{_name(path, suffix)}.png; another --suffix changes that, --suffix= keeps whole names')
    if left_out:
        notes.append(f'left out, not masks ({len(left_out)}): {first_names(left_out)}')
    others = sorted(set(list_files(folder, ('',))) - set(found.values()) - set(left_out))
    if others:
        notes.append(f'left out, not readable as pictures ({len(others)}): {first_names(others)}')
    return ['note: ' + note for note in notes]
