"""Tests as FCN-tensorflow-ADE20k does: reads, predicts and scores one photo after the other in one thread.

Written for comparison: imageio and Pillow's resize, the plain graph of tf1_step.py, and a confusion
matrix counted by a Python loop over the pixels at the net's size.
"""
import time

import numpy as np

from benchmarks.reader import read_plainly
from fcn8s.data.photos import network_size, photo_size


def test_plainly(records, predict, num_classes):
    """Yields (seconds of reading, of the net, of scoring) of each record; predict: photos [1, H, W, 3] -> ids."""
    for record in records:
        start = time.perf_counter()
        photo, truth = read_plainly(record, network_size(*photo_size(record.image)))
        read = time.perf_counter()
        ids = predict(photo[np.newaxis])[0]
        predicted = time.perf_counter()
        scores(count_pixels(truth, ids, num_classes))
        yield read - start, predicted - read, time.perf_counter() - predicted


def count_pixels(truth, ids, num_classes):
    """The confusion matrix [N, N], rows the truth, pixel by pixel."""
    matrix = np.zeros((num_classes, num_classes))
    for y in range(truth.shape[0]):
        for x in range(truth.shape[1]):
            matrix[truth[y][x]][ids[y][x]] += 1
    return matrix


def scores(matrix):
    """(pixel accuracy, mean accuracy, mean IU, frequency weighted IU) of an image, over the classes in its truth."""
    truth, predicted, correct = matrix.sum(axis=1), matrix.sum(axis=0), np.diag(matrix)
    present = [i for i in range(1, len(matrix)) if truth[i]]
    iu = [correct[i] / (truth[i] + predicted[i] - correct[i]) for i in present]
    return (correct[1:].sum() / max(matrix[1:, 1:].sum(), 1), np.mean([correct[i] / truth[i] for i in present]),
            np.mean(iu), sum(truth[i] * value for i, value in zip(present, iu)) / matrix.sum())
