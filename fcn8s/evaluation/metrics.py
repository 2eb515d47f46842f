"""Every score, computed from one confusion matrix.

Matrices of several images or batches add up: `total += confusion_matrix(truth, prediction, num_classes)`.
"""
from collections import namedtuple

import numpy as np

Scores = namedtuple('Scores', 'pixel_accuracy mean_accuracy mean_iu frequency_weighted_iu')
SceneParsingScores = namedtuple('SceneParsingScores', 'pixel_accuracy mean_iou mean_iou_present final_score')
AllClassScores = namedtuple('AllClassScores', 'pixel_accuracy mean_iou')
ClassScores = namedtuple('ClassScores', 'index pixels accuracy precision iou')
EPS = np.spacing(1)  # the benchmark toolkit's guard against 0/0


def confusion_matrix(truth, prediction, num_classes):
    """Counts pixels by class: int64 [N, N], rows are the truth, columns the prediction.

    truth and prediction are integer arrays of one shape. Pixels whose truth lies outside [0, N), such as an
    ignore label of 255, are left out. Raises ValueError if the shapes differ, ids are not integers, or
    a prediction lies outside [0, N).
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    _check_pair(truth, prediction, num_classes)
    labelled = (truth >= 0) & (truth < num_classes)
    pairs = truth[labelled].astype(np.int32) * num_classes + prediction[labelled]
    return np.bincount(pairs, minlength=num_classes ** 2).reshape(num_classes, num_classes)


def pixel_counts(matrix):
    """Pixels per class in the truth, in the prediction, and correct: three int64 [N]."""
    return matrix.sum(axis=1), matrix.sum(axis=0), matrix.diagonal()


def without_unlabelled(matrix):
    """A copy of the matrix without the pixels of truth 0, which the scene parsing benchmark does not count."""
    matrix = matrix.copy()
    matrix[0] = 0
    return matrix


def per_image_scores(matrix):
    """Scores one image as FCN-tensorflow-ADE20k does; None if no pixel has a label other than 0.

    Only classes 1..N-1 that occur in the truth are averaged. Pixel accuracy looks only at pixels where neither
    truth nor prediction is 0 (it is 0 if there are none); a class's union and the frequency weights also count
    the pixels of truth 0.
    """
    truth, predicted, correct = pixel_counts(matrix)
    present = 1 + np.flatnonzero(truth[1:])
    if not present.size:
        return None
    iu = correct[present] / (truth + predicted - correct)[present]
    return Scores(
        pixel_accuracy=float(correct[1:].sum() / max(matrix[1:, 1:].sum(), 1)),
        mean_accuracy=float(np.mean(correct[present] / truth[present])),
        mean_iu=float(np.mean(iu)),
        frequency_weighted_iu=float((truth[present] * iu).sum() / matrix.sum()))


def mean_scores(scores):
    """Mean of each score over the images that have one: Scores, or None if no image has."""
    scored = [s for s in scores if s is not None]
    return Scores(*(float(np.mean(column)) for column in zip(*scored))) if scored else None


def scene_parsing_scores(matrix):
    """Scores a whole set by the SceneParse150 benchmark's own rules.

    Pixels of truth 0 are left out, also of the unions; a prediction of 0 elsewhere is wrong. `mean_iou` is over
    all classes 1..N-1, and a class that occurs nowhere counts 0; `mean_iou_present` is over those in the truth.
    `final_score` is the mean of pixel accuracy and `mean_iou`. All are 0 if nothing is labelled.
    Source: evaluationCode/utils_eval.py of github.com/CSAILVision/sceneparsing.
    """
    truth, predicted, correct = (counts[1:] for counts in pixel_counts(without_unlabelled(matrix)))
    iou = correct / (truth + predicted - correct + EPS)
    accuracy = float(correct.sum() / (truth.sum() + EPS))
    mean_iou = _mean(iou)
    return SceneParsingScores(accuracy, mean_iou, _mean(iou[truth > 0]), (accuracy + mean_iou) / 2)


def all_class_scores(matrix):
    """Scores a set whose class 0 is a class like any other.

    The mean is over classes that occur in truth or prediction. Both scores are 0 for an empty matrix.
    """
    truth, predicted, correct = pixel_counts(matrix)
    union = truth + predicted - correct
    occurs = union > 0
    return AllClassScores(float(correct.sum() / max(matrix.sum(), 1)), _mean(correct[occurs] / union[occurs]))


def per_class(matrix):
    """Lists the ClassScores of classes 0..N-1 in order.

    `pixels` counts the truth, accuracy is the recall. A score is None if it is undefined: accuracy without truth,
    precision without prediction, IoU without either. Give it `without_unlabelled(matrix)` for IoUs that agree
    with `scene_parsing_scores`, the matrix itself for those of `all_class_scores`.
    """
    return [
        ClassScores(index, t, _ratio(c, t), _ratio(c, p), _ratio(c, t + p - c))
        for index, (t, p, c) in enumerate(zip(*(counts.tolist() for counts in pixel_counts(matrix))))]


def only_class(matrix, ignored=()):
    """The only class in the truth, except ignored ones, or None: scores on a single class say little."""
    found = [i for i in np.flatnonzero(matrix.sum(axis=1)).tolist() if i not in ignored]
    return found[0] if len(found) == 1 else None


def _check_pair(truth, prediction, num_classes):
    if truth.shape != prediction.shape:
        raise ValueError(f'truth has shape {truth.shape}, but prediction has shape {prediction.shape}')
    for name, ids in (('truth', truth), ('prediction', prediction)):
        if ids.dtype.kind not in 'iu':
            raise ValueError(f'{name} must hold integer class ids, but its dtype is {ids.dtype}')
    if prediction.size and (prediction.min() < 0 or prediction.max() >= num_classes):
        raise ValueError(f'prediction holds ids from {prediction.min()} to {prediction.max()}, '
                         f'expected 0 to {num_classes - 1}')


def _ratio(part, whole):
    return part / whole if whole else None


def _mean(values):
    return float(values.mean()) if values.size else 0.0
