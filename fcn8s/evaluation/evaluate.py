"""Predictions over a data set's records, each with its confusion matrices."""
import collections
import functools

from batch_reader import read_single
from fcn8s.data.photos import pixels_of, resize_ids
from fcn8s.evaluation.metrics import confusion_matrix
from fcn8s.utils.errors import UserError
from fcn8s.utils.threads import in_order

# single: what batch_reader.read_single returned; ids: uint8 [H, W] at the net's size;
# small: confusion matrix at the net's size (what the per-image scores are measured on);
# full: confusion matrix at the annotation's own size (what the benchmark measures).
Evaluated = collections.namedtuple('Evaluated', 'single ids small full')


def one_by_one(singles):
    """Each in a list of its own."""
    return ([single] for single in singles)


def evaluate(records, predict, num_classes, ignore_label=None, num_threads=2, bad=None, batches=one_by_one,
             max_side=None):
    """Yields an Evaluated for each record, in order; the next images are read while one is predicted.

    ignore_label: None, or an id whose pixels are in no confusion matrix; but those of 0 always are.
    predict: function from a list of Singles of one size (image uint8 [H, W, 3], annotation uint8 [H, W]) to the list of
      their ids, uint8 [H, W].
    batches: function from all Singles to such lists of them, in their order.
    bad: None, or a dict that gathers {photo: why it cannot be used} of the records that are left out. Raises UserError
    for such a record without it, and where all are such.
    max_side: photos with a longer side are predicted scaled down to it; None never does.
    """
    read = functools.partial(_read, num_classes=num_classes, ignore_label=ignore_label, bad=bad, max_side=max_side)
    singles = filter(None, in_order(read, records, num_threads, 2 * num_threads,
                                    lambda record: pixels_of(record.image)))
    used = 0
    for batch in batches(singles):
        used += len(batch)
        for single, ids in zip(batch, predict(batch)):
            full_ids = resize_ids(ids, *single.original.shape)
            yield Evaluated(single, ids, _matrix(single.annotation, ids, num_classes, ignore_label),
                            _matrix(single.original, full_ids, num_classes, ignore_label))
    if records and not used:
        raise UserError(f'none of the {len(records)} photos can be used. The last: {bad[records[-1].image]}')


def _read(record, num_classes, ignore_label, bad, max_side):
    """A Single; or None, the reason put into `bad`."""
    try:
        return read_single(record, num_classes, ignore_label, max_side)
    except UserError as error:
        if bad is None:
            raise
        bad[record.image] = str(error)
        return None


def spread(records, count):
    """`count` records evenly spread over all of them (0 or more than there are: all)."""
    if count <= 0 or count >= len(records):
        return list(records)
    return [records[i * len(records) // count] for i in range(count)]


def _matrix(truth, ids, num_classes, ignore_label):
    # 0 stays: what is predicted there counts in the per-image unions, and each definition has its own rule for it
    if ignore_label and ignore_label < num_classes:
        keep = truth != ignore_label
        truth, ids = truth[keep], ids[keep]
    return confusion_matrix(truth, ids, num_classes)
