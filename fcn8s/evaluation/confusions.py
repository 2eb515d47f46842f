"""Which classes a net confuses: the most frequent confusions, and the confusion matrix as a heat map."""
import collections

import numpy as np

LISTED = 15
RIGHT, WRONG = (37, 99, 235), (220, 80, 20)  # colours of the heat map

# share: of all labelled pixels; share_of_class: of the truth's pixels
Confusion = collections.namedtuple('Confusion', 'truth predicted pixels share share_of_class')


def costly_confusions(matrix, count=LISTED):
    """The `count` confusions with the most pixels, the largest first: list of Confusion.

    matrix: [N, N], rows the truth, without its unlabelled pixels.
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind='stable')[:count]
    pairs = [divmod(int(place), len(matrix)) for place in order]
    return [Confusion(truth, predicted, int(matrix[truth, predicted]), matrix[truth, predicted] / matrix.sum(),
                      matrix[truth, predicted] / matrix[truth].sum())
            for truth, predicted in pairs if wrong[truth, predicted]]


def occurring_classes(matrix):
    """Ids of the classes in truth or prediction, those with the most pixels in the truth first: list of int."""
    truth, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    return [int(i) for i in np.argsort(-truth, kind='stable') if truth[i] or predicted[i]]


def heat_picture(cells):
    """Confusion matrix -> uint8 [N, N, 4], RGB and opacity: blue on the diagonal, orange elsewhere.

    The opacity is the square root of the cell's share of its row, so that one per cent is visible.
    """
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    picture = np.empty(cells.shape + (4,), np.uint8)
    picture[..., :3] = WRONG
    picture[np.diag_indices(len(cells))] = RIGHT + (0,)
    picture[..., 3] = np.ceil(255 * np.sqrt(shares))
    return picture
