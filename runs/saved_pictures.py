"""The pictures that a test writes beside its scores: logs_dir/test/<kind>/<the photo's stem>.png."""
import os

from files.errors import UserError
from files.images import read_photo, resize_ids
from visualize import colour_image, overlay, palette, save_ids, save_picture, side_by_side

KINDS = ('colour', 'overlay', 'side_by_side', 'submission')


def parse_kinds(text):
    """List of KINDS from 'colour,overlay'; '' means none. Raises UserError for a kind that there is not."""
    kinds = [word.strip() for word in text.split(',')] if text else []
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UserError(f'--save={text}: there is no {", ".join(map(repr, unknown))}. There are: {", ".join(KINDS)}; '
                        'several with commas between.')
    return kinds


def check_names(records):
    """Raises UserError for two photos whose pictures would be one file, such as training/a.jpg and validation/a.jpg."""
    first = {}
    for record in records:
        other = first.setdefault(_stem(record), record)
        if other.image != record.image:
            raise UserError(f'{other.image} and {record.image} have the same name, so their pictures would '
                            'replace each other. Leave one of them out of the list, or save no pictures.')


def save_pictures(test_dir, kinds, result, classes):
    """Writes an Evaluated as each of `kinds`; 'good' looks like side_by_side, and 'submission' is save_submission's.

    colour, a palette image whose pixel values are the ids, and overlay have the photo's own size; side_by_side, photo |
    prediction | truth, shows them as the net saw the photo.
    """
    colours, single = palette(classes), result.single
    for kind in kinds:
        path = _path(os.path.join(test_dir, kind), single)
        if kind == 'colour':
            save_ids(path, resize_ids(result.ids, *single.original.shape), colours)
        elif kind == 'overlay':
            ids = resize_ids(result.ids, *single.original.shape)
            save_picture(path, overlay(read_photo(single.record.image), ids, colours))
        elif kind in ('side_by_side', 'good'):
            pictures = (single.image, colour_image(result.ids, colours), colour_image(single.annotation, colours))
            save_picture(path, side_by_side(pictures, titles=('photo', 'prediction', 'truth')))


def save_submission(folder, single, ids):
    """Writes the benchmark's file of a Single: a grey PNG of ids from 1 on, at the photo's own size.

    ids: uint8 [H, W] at the net's size, without class 0.
    Source: "Submission format" in README.md of github.com/CSAILVision/sceneparsing.
    """
    save_picture(_path(folder, single), resize_ids(ids, *single.original.shape))


def _path(folder, single):
    return os.path.join(folder, _stem(single.record) + '.png')


def _stem(record):
    return os.path.splitext(os.path.basename(record.image))[0]
