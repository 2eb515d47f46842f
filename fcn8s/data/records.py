"""Records: a photo and its annotation, read and checked together."""
import collections

from fcn8s.data.annotations import check_ids, read_annotation
from fcn8s.data.photos import load_photo, read_photo
from fcn8s.data.turns import explain_turn
from fcn8s.utils.errors import DataError, UserError, grouped, kind_of

Record = collections.namedtuple('Record', 'image annotation')  # two paths
# records: tuple of Record; classes: tuple of ClassInfo; ignore_label: None, or the id of pixels excluded from loss and
# scores; bad: None, which makes an unusable record an error, or a BadPhotos that collects them
Dataset = collections.namedtuple('Dataset', 'records classes ignore_label bad', defaults=(None, None))
SHOWN = 50  # kinds, at the end


class BadPhotos(dict):
    """{photo or file without a partner: why it cannot be used}, also filled by reader threads."""

    def __init__(self):
        super().__init__()
        self._reported = 0
        self._first = {}  # by kind of problem: the file that had it first

    def new_messages(self):
        """A line for each file that came since the last call; the reason in full for the first file that has it."""
        items = list(self.items())  # in one step, for threads may be adding
        new_messages, self._reported = items[self._reported:], len(items)
        return [self._news(path, why) for path, why in new_messages]

    def summary(self):
        """All files as lines, one for each kind of problem; none if no file was left out."""
        lines = grouped(list(self.items()))
        more = [f'... and {len(lines) - SHOWN} more, named above'] if len(lines) > SHOWN else []
        return [f'{len(self)} files were left out:'] + lines[:SHOWN] + more if lines else []

    def _news(self, path, why):
        first = self._first.setdefault(kind_of(why, path), path)
        return f'left out: {why}' if first == path else f'left out: {path}, as {first}'


def evenly_spaced(records, count):
    """`count` of the records, evenly spaced; all if count is 0 or exceeds their number."""
    if count <= 0 or count >= len(records):
        return list(records)
    return [records[i * len(records) // count] for i in range(count)]


def read_or_skip(read, record, dataset):
    """read(record, dataset); None if the record is unusable and dataset.bad collects such records.

    A record already in dataset.bad is not read again. Without dataset.bad the UserError of `read` is raised.
    """
    if dataset.bad is not None and record.image in dataset.bad:
        return None
    try:
        return read(record, dataset)
    except UserError as error:
        if dataset.bad is None:
            raise
        dataset.bad[record.image] = str(error)
        return None


def none_usable(dataset):
    """The DataError for a Dataset whose records are all in dataset.bad."""
    return DataError(f'none of the {len(dataset.records)} photos with their annotations can be used. The first: '
                     f'{dataset.bad[dataset.records[0].image]}')


def read_pair(record, dataset):
    """A Record of a Dataset -> (photo uint8 [H, W, 3], ids uint8 [H, W]), checked.

    Raises ImageError for an unreadable file; DataError for ids out of range, and for different sizes.
    """
    photo, ids = read_photo(record.image), read_annotation(record.annotation)
    _check_pair(photo.shape[:2], ids, record, dataset)
    return photo, ids


def load_pair(record, dataset):
    """Like read_pair, but the photo is a Pillow image, which resize_photo takes as well."""
    photo, ids = load_photo(record.image), read_annotation(record.annotation)
    _check_pair(photo.size[::-1], ids, record, dataset)
    return photo, ids


def _check_pair(photo_size, ids, record, dataset):
    check_sizes(photo_size, ids.shape, record)
    check_ids(ids, len(dataset.classes), dataset.ignore_label, record.annotation)


def check_sizes(size, other, record):
    """Raises DataError, naming both files, if (height, width) of photo and annotation differ."""
    if size != other:
        raise DataError(f'{record.image} is {size[0]} x {size[1]} pixels (height x width), but its annotation '
                        f'{record.annotation} is {other[0]} x {other[1]}; they must be the same.'
                        + (explain_turn(record.image) if size == other[::-1] else ''))
