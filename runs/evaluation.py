"""Predictions over a data set's records, one at a time, each with its confusion matrices."""
import collections
import functools

from batch_reader import in_order, read_single
from files.images import resize_ids
from metrics import confusion_matrix

# single: what batch_reader.read_single returned; ids: uint8 [H, W] at the net's size;
# small: confusion matrix at the net's size (what the per-image scores are measured on);
# full: confusion matrix at the annotation's own size (what the benchmark measures).
Evaluated = collections.namedtuple('Evaluated', 'single ids small full')


def evaluate(records, predict, num_classes, ignore_label=None, num_threads=2):
    """Yields an Evaluated for each record, in order; the next images are read while one is predicted.

    predict: function from a Single (image uint8 [H, W, 3], annotation uint8 [H, W]) to ids uint8 [H, W].
    """
    read = functools.partial(read_single, num_classes=num_classes, ignore_label=ignore_label)
    for single in in_order(read, records, num_threads, ahead=2 * num_threads):
        ids = predict(single)
        full_ids = resize_ids(ids, *single.original.shape)
        yield Evaluated(single, ids, _matrix(single.annotation, ids, num_classes, ignore_label),
                        _matrix(single.original, full_ids, num_classes, ignore_label))


def spread(records, count):
    """`count` records evenly spread over all of them (0 or more than there are: all)."""
    if count <= 0 or count >= len(records):
        return list(records)
    return [records[i * len(records) // count] for i in range(count)]


def _matrix(truth, ids, num_classes, ignore_label):
    if ignore_label is not None and ignore_label < num_classes:
        keep = truth != ignore_label
        truth, ids = truth[keep], ids[keep]
    return confusion_matrix(truth, ids, num_classes)
