"""The pictures that a test writes beside its scores: logs_dir/test/<kind>/<the photo's stem>.png."""
import os

from fcn8s.data.photos import read_photo, resize_ids
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.visualize import colour_image, overlay, palette, save_ids, save_picture, side_by_side

KINDS = ('colour', 'overlay', 'side_by_side', 'submission')


def parse_kinds(text):
    """Parses 'colour,overlay' into a list of KINDS; '' gives []. Raises UsageError for an unknown kind."""
    kinds = [word.strip() for word in text.split(',')] if text else []
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UsageError(f'--save={text}: unknown kind {", ".join(map(repr, unknown))}. Choose from '
                         f'{", ".join(KINDS)}, separated by commas.')
    return kinds


class Pictures:
    """The pictures of one test, in the folders test_dir/<kind>/."""

    def __init__(self, test_dir, kinds, records, classes):
        """kinds: any of KINDS, and 'good': side_by_side pictures of good predictions only.

        Raises UserError if two photos share a name, or if a submission's folder holds files of other photos.
        """
        self._test_dir, self._classes, self._colours = test_dir, classes, palette(classes)
        self._written = {kind: set() for kind in kinds}
        for folder in [test_dir] + [self._folder(kind) for kind in KINDS + ('good',)]:
            remove_abandoned_files(folder)
        if kinds:
            _check_names(records)
        if 'submission' in kinds:
            self._check_submission({_file_name(record) for record in records})

    def save(self, result, good):
        """Writes an Evaluated as every kind except submission, and as 'good' only if `good` is true.

        colour (a palette image whose pixel values are the ids) and overlay have the photo's own size; side_by_side
        (photo | prediction | truth) has the net's.
        """
        example = result.example
        for kind in self._written:
            if kind == 'colour':
                save_ids(self._path(kind, example), resize_ids(result.ids, *example.original.shape), self._colours)
            elif kind == 'overlay':
                ids = resize_ids(result.ids, *example.original.shape)
                save_picture(self._path(kind, example), overlay(read_photo(example.record.image), ids, self._colours))
            elif kind == 'side_by_side' or kind == 'good' and good:
                pictures = (example.image, colour_image(result.ids, self._colours),
                            colour_image(example.annotation, self._colours))
                save_picture(self._path(kind, example), side_by_side(pictures, titles=('photo', 'prediction', 'truth')))

    def submit(self, example, ids):
        """Writes the benchmark's file for an EvalExample: a grey PNG of ids from 1 on, at the photo's own size.

        ids: uint8 [H, W] at the net's size, without class 0.
        Source: "Submission format" in README.md of github.com/CSAILVision/sceneparsing.
        """
        save_picture(self._path('submission', example), resize_ids(ids, *example.original.shape))

    def notes(self):
        """One line for each folder with files that this test did not write."""
        found = ((self._folder(kind), self._others(kind, names)) for kind, names in self._written.items())
        return [f'note: {len(others)} of the files in {folder}, such as {others[0]}, were not written by this test'
                for folder, others in found if others]

    def _check_submission(self, names):
        others = self._others('submission', names)
        if others:
            raise UserError(f'{self._folder("submission")} holds {len(others)} files that belong to no photo of '
                            f'this test, such as {others[0]}. They would be submitted too: move them away.')

    def _others(self, kind, names):
        """The files in a kind's folder, except hidden ones and those in `names`."""
        folder = self._folder(kind)
        found = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        return [name for name in found if name not in names and not name.startswith('.')]

    def _folder(self, kind):
        return os.path.join(self._test_dir, kind)

    def _path(self, kind, example):
        name = _file_name(example.record)
        self._written[kind].add(name)
        return os.path.join(self._folder(kind), name)


def _check_names(records):
    """Raises UserError if two photos would share a picture file, such as training/a.jpg and validation/a.jpg."""
    first = {}
    for record in records:
        other = first.setdefault(_file_name(record), record)
        if other.image != record.image:
            raise UserError(f'{other.image} and {record.image} have the same name, so their pictures would '
                            'replace each other. Leave one of them out of the list, or save no pictures.')


def _file_name(record):
    return os.path.splitext(os.path.basename(record.image))[0] + '.png'
