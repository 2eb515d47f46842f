"""Which photo belongs to which annotation: both have one name, but for the folder and the ending."""
import collections
import os
import unicodedata

from files.images import list_files

ANNOTATION_EXTENSIONS = ('.png', '.tif', '.tiff', '.bmp')  # formats that keep ids as they are
SHOWN = 5
JPEG_EXTENSIONS = ('.jpg', '.jpeg', '.jpe', '.jfif', '.jif')
TWIN = 'file'  # kind of those whose name occurs twice; else it is 'image', 'annotation' or, of another format, 'mask'


class Unpaired(collections.namedtuple('Unpaired', 'paths kind why')):
    """Files that belong to no pair for one reason; as text, how many and which."""

    def __str__(self):
        more = f' and {len(self.paths) - SHOWN} more' if len(self.paths) > SHOWN else ''
        return (f'{len(self.paths)} {self.kind}{"s" if len(self.paths) > 1 else ""} with {self.why}: '
                f'{", ".join(self.paths[:SHOWN])}{more}')


def pair_by_stem(images, annotations, image_dir, annotation_dir):
    """Paths of images and of annotations -> (list of (image, annotation) sorted by stem, list of Unpaired).

    Composed and decomposed Unicode, as Linux and macOS write names, count as the same stem. Where one of the two occurs
    twice, none of the stem's files is paired, for nobody knows which is meant. An image whose annotation has an ending
    that is not read is reported with that file. The folders are for the messages alone.
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
    if ending == '.gif':
        return 'programs that write GIF renumber its colours'
    return "JPEG's compression changes ids" if ending in JPEG_EXTENSIONS else 'it must be an image of one channel'


def _by_stem(paths):
    groups = collections.defaultdict(list)
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        groups[unicodedata.normalize('NFC', stem)].append(path)
    return groups


def _alone(group, others, kind, why):
    paths = [path for stem in sorted(group.keys() - others.keys()) for path in group[stem]]
    return [Unpaired(paths, kind, why)] if paths else []
