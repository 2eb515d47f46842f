"""Validation during training: scores on photos that are not trained on."""
import collections
import contextlib
import math

import numpy as np

from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.metrics import all_class_scores, only_class, scene_parsing_scores
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.visualize import colour_image, palette, side_by_side

PICTURES = 4  # photos of each validation that TensorBoard shows

# loss: nats, the mean over the photos with a pixel that counts, nan if there is none; pixel_accuracy, mean_iu: 0..1;
# photos, empty: how many photos have such a pixel, and how many have none; only_class: see metrics.only_class
Scored = collections.namedtuple('Scored', 'loss pixel_accuracy mean_iu photos empty only_class')


class Validation:
    """Scores the current weights of a run on its validation photos."""

    def __init__(self, session, graph, dataset, ignored, max_side, num_threads, team):
        """graph: a TrainingGraph; dataset: the validation split; ignored: labels that the net does not learn.

        team: the Team of workers who share the photos.

        max_side: longer side to which larger photos are scaled down; num_threads: threads that decode photos.
        """
        self._session, self._graph, self._ignored, self._team = session, graph, ignored, team
        self._dataset = dataset._replace(records=team.share_of(dataset.records))
        self._max_side, self._num_threads, self._colours = max_side, num_threads, palette(dataset.classes)

    def score(self, step, stop, log):
        """Returns a Scored, or None if the StopSignal `stop` arrives; logs a few pictures to a TrainingLog.

        Raises UserError as evaluate does, and if memory runs out.
        """
        losses, empty, total = [], 0, np.zeros([len(self._dataset.classes)] * 2, np.int64)

        def predict(examples):
            nonlocal empty
            ids, loss, weight = self._predict(*examples)
            if weight > 0:
                losses.append(loss)
            else:
                empty += 1
            return [ids]

        results = evaluate(self._dataset, predict, self._num_threads, max_side=self._max_side)
        with contextlib.closing(results):
            for number, result in enumerate(results):
                total = total + result.full
                if number < PICTURES:
                    log.picture('validation', step, f'photo_prediction_truth/{number}', self._picture(result))
                if stop.heard is not None:
                    break
        stops, losses, empty, total = self._of_all(stop.heard is not None, losses, empty, total)
        stop.agree(stops)
        if stops:
            return None
        accuracy, mean_iu = self._accuracy_and_mean_iu(total)
        return Scored(float(np.mean(losses)) if losses else math.nan, accuracy, mean_iu, len(losses), empty,
                      only_class(total, self._ignored))

    def _of_all(self, stopped, losses, empty, total):
        """(number of stopped workers, all losses, photos without a label, confusion matrix) of all workers."""
        if self._team.size == 1:
            return int(stopped), losses, empty, total
        parts = self._team.gather([stopped, [float(loss) for loss in losses], empty, total.tolist()])
        stopped, losses, empty, totals = zip(*parts)
        return (sum(stopped), [np.float32(loss) for part in losses for loss in part], sum(empty),
                np.sum(totals, axis=0, dtype=np.int64))

    def _accuracy_and_mean_iu(self, matrix):
        """Over the learned classes, like the training accuracy; by the benchmark's rule if 0 is ignored."""
        if 0 in self._ignored:
            scores = scene_parsing_scores(matrix)
            return scores.pixel_accuracy, scores.mean_iou_present
        return tuple(all_class_scores(matrix))

    def _picture(self, result):
        """Photo, prediction and truth of an Evaluated side by side."""
        return side_by_side((result.example.image, colour_image(result.ids, self._colours),
                             colour_image(result.example.annotation, self._colours)))

    def _predict(self, example):
        """(ids uint8 [H, W], loss in nats, summed weight of the pixels that count) of an EvalExample."""
        feed = {self._graph.images: example.image[np.newaxis], self._graph.annotations: example.annotation[np.newaxis]}
        try:
            ids, loss, weight = self._session.run(self._graph.validate, feed)
        except (tf.errors.ResourceExhaustedError, MemoryError):
            height, width = example.annotation.shape
            raise UserError(f'memory ran out on the validation photo {example.record.image}, which the net gets at '
                            f'{width}x{height} pixels. Give --validation_max_side={max(height, width) // 2} or less: '
                            'larger photos are then scaled down.')
        return ids[0], loss, weight
