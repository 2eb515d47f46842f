"""Which photo belongs to which annotation: both have one name, but for the folder and the ending."""
import collections
import os
import unicodedata

SHOWN = 5
TWIN = 'file'  # kind of those whose name occurs twice; else it is 'image' or 'annotation'


class Unpaired(collections.namedtuple('Unpaired', 'paths kind why')):
    """Files that belong to no pair for one reason; as text, how many and which."""

    def __str__(self):
        more = f' and {len(self.paths) - SHOWN} more' if len(self.paths) > SHOWN else ''
        return (f'{len(self.paths)} {self.kind}{"s" if len(self.paths) > 1 else ""} with {self.why}: '
                f'{", ".join(self.paths[:SHOWN])}{more}')


def pair_by_stem(images, annotations, image_dir, annotation_dir):
    """Paths of images and of annotations -> (list of (image, annotation) sorted by stem, list of Unpaired).

    Composed and decomposed Unicode, as Linux and macOS write names, count as the same stem. Where one of the two occurs
    twice, none of the stem's files is paired, for nobody knows which is meant. The folders are for the messages alone.
    """
    images, annotations = _by_stem(images), _by_stem(annotations)
    pairs, unpaired = [], []
    for stem in sorted(images.keys() & annotations.keys()):
        if len(images[stem]) == len(annotations[stem]) == 1:
            pairs.append((images[stem][0], annotations[stem][0]))
        else:
            unpaired.append(Unpaired(images[stem] + annotations[stem], TWIN, 'one name where there should be an image '
                                     'and an annotation; keep one of each, or rename them'))
    unpaired += _alone(images, annotations, 'image', f'no annotation of the same name (.png) in {annotation_dir}')
    unpaired += _alone(annotations, images, 'annotation', f'no image of the same name in {image_dir}')
    return pairs, unpaired


def _by_stem(paths):
    groups = collections.defaultdict(list)
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        groups[unicodedata.normalize('NFC', stem)].append(path)
    return groups


def _alone(group, others, kind, why):
    paths = [path for stem in sorted(group.keys() - others.keys()) for path in group[stem]]
    return [Unpaired(paths, kind, why)] if paths else []
