"""Predicts the records of a data set and counts two confusion matrices for each."""
import collections
import functools

from batch_reader import STRIDE, read_eval_example
from fcn8s.data.photos import pixels_of, resize_ids
from fcn8s.data.records import none_usable, read_or_skip
from fcn8s.evaluation.metrics import confusion_matrix
from fcn8s.utils.threads import ordered_map

# example: an EvalExample; ids: uint8 [H, W] at the net's size;
# small: confusion matrix at the net's size, for the per-image scores;
# full: confusion matrix at the annotation's own size, for the other definitions
Evaluated = collections.namedtuple('Evaluated', 'example ids small full')


def one_by_one(examples):
    """Batches of one."""
    return ([example] for example in examples)


def evaluate(dataset, predict, num_threads=2, batches=one_by_one, max_side=None, multiple=STRIDE):
    """Yields an Evaluated for each usable record of a Dataset, in order, and reads ahead meanwhile.

    The matrices leave out pixels of dataset.ignore_label, unless it is 0: each definition treats 0 by its own rule.
    predict: function from a list of EvalExamples of one size (image uint8 [H, W, 3], annotation uint8 [H, W]) to the
      list of their ids, uint8 [H, W].
    batches: function from an iterable of EvalExamples to an iterable of such lists, in the same order.
    max_side: None, or the longest side in pixels at which photos are predicted; larger ones are scaled down.
    multiple: of which the sides are then rounded up.
    Raises UserError for an unusable record without dataset.bad, and if all records are unusable.
    """
    num_classes, ignore_label = len(dataset.classes), dataset.ignore_label
    read = functools.partial(read_eval_example, max_side=max_side, multiple=multiple)
    read = functools.partial(read_or_skip, read, dataset=dataset)
    examples = filter(None, ordered_map(read, dataset.records, num_threads, 2 * num_threads,
                                    lambda record: pixels_of(record.image)))
    used = 0
    for batch in batches(examples):
        used += len(batch)
        for example, ids in zip(batch, predict(batch)):
            full_ids = resize_ids(ids, *example.original.shape)
            yield Evaluated(example, ids, _matrix(example.annotation, ids, num_classes, ignore_label),
                            _matrix(example.original, full_ids, num_classes, ignore_label))
    if dataset.records and not used:
        raise none_usable(dataset)


def _matrix(truth, ids, num_classes, ignore_label):
    # pixels of 0 stay: per-image unions count the predictions there
    if ignore_label and ignore_label < num_classes:
        keep = truth != ignore_label
        truth, ids = truth[keep], ids[keep]
    return confusion_matrix(truth, ids, num_classes)
