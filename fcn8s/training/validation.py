"""Validation within a training run: the net scored on photos that it does not learn from."""
import collections
import contextlib
import math

import numpy as np

from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.metrics import all_class_scores, only_class, scene_parsing_scores
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from FCN_model import ignored_labels

# loss: nats, the mean over the photos that have a pixel that counts, nan if none has; pixel_accuracy, mean_iu: 0..1;
# photos: how many have such a pixel; empty: how many have none
Scored = collections.namedtuple('Scored', 'loss pixel_accuracy mean_iu photos empty')


def explain_empty(scored):
    """One line about the photos of a Scored that have no pixel that counts."""
    if scored.photos:
        return (f'note: {scored.empty} of {scored.photos + scored.empty} validation photos have no pixel that counts; '
                'the loss is the mean over the others')
    return (f'warning: none of the {scored.empty} validation photos has a pixel that counts, so there is no loss and '
            'no best checkpoint. Every pixel is ignored (--ignore_label, or class 0 where the net does not score it) '
            'or has --class_weights of 0.')


class Validation:
    """The validation photos of a run, to be scored again and again."""

    def __init__(self, session, graph, records, options, bad):
        """graph: a TrainingGraph; options: FCN_train's flags; bad: as for evaluate."""
        self._session, self._graph, self._records = session, graph, records
        self._options, self._bad = options, bad
        self.caution = ''  # what to add to the scores of the last score(), so that they mislead nobody

    def score(self, is_stopped, see):
        """Scored; or None as soon as is_stopped(). Calls see(number, Evaluated) for each photo.

        Raises UserError as evaluate does, and where memory runs out.
        """
        options, losses, empty, total = self._options, [], 0, 0

        def predict(singles):
            nonlocal empty
            ids, loss, weight = self._predict(*singles)
            if weight > 0:
                losses.append(loss)
            else:
                empty += 1
            return [ids]

        results = evaluate(self._records, predict, options.num_classes, options.ignore_label, options.read_threads,
                           self._bad, max_side=options.validation_max_side)
        with contextlib.closing(results):
            for number, result in enumerate(results):
                total = total + result.full
                see(number, result)
                if is_stopped():
                    return None
        self.caution = _caution(only_class(total, ignored_labels(options.net, options.ignore_label)))
        accuracy, mean_iu = self._accuracy_and_mean_iu(total)
        return Scored(float(np.mean(losses)) if losses else math.nan, accuracy, mean_iu, len(losses), empty)

    def _accuracy_and_mean_iu(self, matrix):
        """Of the classes that are learned, as training's accuracy is; by the benchmark's rule where 0 is ignored."""
        if 0 in ignored_labels(self._options.net, self._options.ignore_label):
            scores = scene_parsing_scores(matrix)
            return scores.pixel_accuracy, scores.mean_iou_present
        return tuple(all_class_scores(matrix))

    def _predict(self, single):
        """(ids uint8 [H, W], loss in nats, summed weight of the pixels that count) of a Single."""
        feed = {self._graph.images: single.image[np.newaxis], self._graph.annotations: single.annotation[np.newaxis]}
        try:
            ids, loss, weight = self._session.run(self._graph.validate, feed)
        except (tf.errors.ResourceExhaustedError, MemoryError):
            height, width = single.annotation.shape
            raise UserError(f'memory ran out on the validation photo {single.record.image}, which the net sees at '
                            f'{width}x{height} pixels. Give --validation_max_side={max(height, width) // 2} or less, '
                            'and such photos pass the net scaled down.')
        return ids[0], loss, weight


def _caution(only):
    """'', or what to say where the truth holds the class `only`, not None, alone."""
    return '' if only is None else f'; but these hold class {only} alone, and predicting it everywhere scores 1.000'
