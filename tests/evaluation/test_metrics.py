"""Every score against hand-computed matrices and a slow count pixel by pixel."""
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fcn8s.evaluation import metrics

# Rows are the truth. Truth pixels: 6, 10, 4; predicted: 5, 8, 7; correct: 1, 6, 3; all: 20.
MATRIX = np.array([
    [1, 2, 3],
    [3, 6, 1],
    [1, 0, 3]])
N = 4


@st.composite
def pairs_of_ids(draw):
    """Truth with some pixels ignored (255), and a prediction of the same shape; one dtype each."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
    truth_ids = st.sampled_from([0, 1, 2, 3, 255])
    truth = draw(hnp.arrays(draw(st.sampled_from([np.uint8, np.int32, np.int64])), shape, elements=truth_ids))
    prediction_dtype = draw(st.sampled_from([np.uint8, np.int64]))
    return truth, draw(hnp.arrays(prediction_dtype, shape, elements=st.integers(0, N - 1)))


def labelled_pixels(truth, prediction):
    return [(int(t), int(p)) for t, p in zip(truth.flat, prediction.flat) if t < N]


def iou_by_sets(pixels, index):
    """IoU as |A and B| / |A or B| over pixel positions; None for two empty sets."""
    truth = {k for k, (t, _) in enumerate(pixels) if t == index}
    prediction = {k for k, (_, p) in enumerate(pixels) if p == index}
    return len(truth & prediction) / len(truth | prediction) if truth | prediction else None


@given(pairs_of_ids())
def test_matrix_counts_each_pair_of_truth_and_prediction(pair):
    expected = [[0] * N for _ in range(N)]
    for t, p in labelled_pixels(*pair):
        expected[t][p] += 1
    matrix = metrics.confusion_matrix(*pair, num_classes=N)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == expected


@given(pairs_of_ids(), st.randoms(use_true_random=False))
def test_matrix_does_not_depend_on_the_order_of_pixels(pair, random):
    order = list(range(pair[0].size))
    random.shuffle(order)
    shuffled = [ids.ravel()[order] for ids in pair]
    assert np.array_equal(metrics.confusion_matrix(*pair, num_classes=N),
                          metrics.confusion_matrix(*shuffled, num_classes=N))


def test_matrix_keeps_high_ids_of_bytes_apart():
    matrix = metrics.confusion_matrix(np.array([150, 150], np.uint8), np.array([149, 150], np.uint8), 151)
    assert matrix[150, 149] == matrix[150, 150] == 1
    assert matrix.sum() == 2


def test_matrix_leaves_out_negative_and_large_ignore_labels():
    matrix = metrics.confusion_matrix(np.array([-1, 2 ** 40, 1]), np.array([0, 0, 1]), 2)
    assert matrix.tolist() == [[0, 0], [0, 1]]


def test_matrix_leaves_its_inputs_alone():
    truth, prediction = np.array([[255, 1]], np.int32), np.array([[0, 1]], np.int32)
    metrics.confusion_matrix(truth, prediction, 2)
    assert (truth.tolist(), prediction.tolist()) == ([[255, 1]], [[0, 1]])


def test_matrix_of_no_pixels_is_zero():
    assert metrics.confusion_matrix(np.zeros((0, 5), int), np.zeros((0, 5), int), 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize('bad', [-1, 2, 255])
def test_prediction_outside_the_classes_is_refused(bad):
    with pytest.raises(ValueError, match=f'{bad}.*expected 0 to 1'):
        metrics.confusion_matrix(np.array([0, 1]), np.array([0, bad]), 2)


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r'\(2, 3\).*\(3, 2\)'):
        metrics.confusion_matrix(np.zeros((2, 3), int), np.zeros((3, 2), int), 2)


def test_ids_that_are_not_integers_are_refused():
    with pytest.raises(ValueError, match='prediction.*float32'):
        metrics.confusion_matrix(np.array([1]), np.array([1], np.float32), 2)


def test_per_image_scores_by_hand():
    # Without class 0: correct 6 + 3 of the 10 pixels where neither side is 0.
    # Unions 10 + 8 - 6 = 12 and 4 + 7 - 3 = 8, so the IUs are 1/2 and 3/8.
    scores = metrics.per_image_scores(MATRIX)
    assert scores == pytest.approx((9 / 10, (6 / 10 + 3 / 4) / 2, (1 / 2 + 3 / 8) / 2, (10 / 2 + 4 * 3 / 8) / 20))


@given(pairs_of_ids())
def test_per_image_scores_agree_with_a_count_pixel_by_pixel(pair):
    pixels = labelled_pixels(*pair)
    right, true, predicted = ({i: sum(test(t, p, i) for t, p in pixels) for i in range(N)} for test in (
        lambda t, p, i: t == p == i, lambda t, p, i: t == i, lambda t, p, i: p == i))
    present = [i for i in range(1, N) if true[i]]
    scores = metrics.per_image_scores(metrics.confusion_matrix(*pair, num_classes=N))
    if not present:
        assert scores is None
        return
    iu = {i: right[i] / (true[i] + predicted[i] - right[i]) for i in present}
    without_0 = sum(t > 0 and p > 0 for t, p in pixels)
    assert scores == pytest.approx((
        sum(right[i] for i in present) / without_0 if without_0 else 0,
        sum(right[i] / true[i] for i in present) / len(present),
        sum(iu.values()) / len(present),
        sum(true[i] * iu[i] for i in present) / len(pixels)))


def test_per_image_scores_average_only_classes_in_the_truth():
    # Class 2 is predicted but absent: it costs class 1 its pixel and is no class of its own.
    scores = metrics.per_image_scores(np.array([[0, 0, 0], [0, 3, 1], [0, 0, 0]]))
    assert scores == pytest.approx((3 / 4, 3 / 4, 3 / 4, 3 / 4))


def test_per_image_scores_of_an_unlabelled_image_are_none():
    assert metrics.per_image_scores(np.array([[5, 2], [0, 0]])) is None


def test_per_image_scores_are_zero_when_all_labelled_pixels_are_predicted_0():
    assert metrics.per_image_scores(np.array([[1, 0], [4, 0]])) == (0, 0, 0, 0)


def test_mean_scores_leaves_out_images_without_a_score():
    images = [metrics.Scores(0.2, 0.4, 0.6, 0.8), None, metrics.Scores(0.4, 0.4, 0.2, 0.0)]
    assert metrics.mean_scores(images) == pytest.approx(metrics.Scores(0.3, 0.4, 0.4, 0.4))


@pytest.mark.parametrize('scores', [[], [None, None]])
def test_mean_scores_of_no_score_is_none(scores):
    assert metrics.mean_scores(scores) is None


def test_scene_parsing_scores_by_hand():
    # Row 0 is left out: predicted 6 and 4, unions 10 + 6 - 6 = 10 and 4 + 4 - 3 = 5; correct 9 of 14.
    mean_iou = (6 / 10 + 3 / 5) / 2
    expected = (9 / 14, mean_iou, mean_iou, (9 / 14 + mean_iou) / 2)
    assert metrics.scene_parsing_scores(MATRIX) == pytest.approx(expected)


def test_scene_parsing_mean_counts_an_absent_class_as_zero():
    scores = metrics.scene_parsing_scores(np.array([[9, 9, 9], [0, 4, 0], [0, 0, 0]]))
    assert scores == pytest.approx((1, 1 / 2, 1, 3 / 4))


def test_scene_parsing_scores_leave_the_matrix_alone():
    matrix = MATRIX.copy()
    metrics.scene_parsing_scores(matrix)
    assert np.array_equal(matrix, MATRIX)


@given(pairs_of_ids())
def test_scene_parsing_scores_agree_with_sets_of_pixels(pair):
    pixels = [(t, p) for t, p in labelled_pixels(*pair) if t > 0]
    ious = [iou_by_sets(pixels, index) for index in range(1, N)]
    present = [iou for index, iou in zip(range(1, N), ious) if any(t == index for t, _ in pixels)]
    accuracy = sum(t == p for t, p in pixels) / max(len(pixels), 1)
    mean_iou = sum(iou or 0 for iou in ious) / (N - 1)
    expected = (accuracy, mean_iou, sum(present) / max(len(present), 1), (accuracy + mean_iou) / 2)
    assert metrics.scene_parsing_scores(metrics.confusion_matrix(*pair, num_classes=N)) == pytest.approx(expected)


def test_all_class_scores_by_hand():
    # Union of class 0: 6 + 5 - 1 = 10.
    assert metrics.all_class_scores(MATRIX) == pytest.approx((10 / 20, (1 / 10 + 6 / 12 + 3 / 8) / 3))


def test_all_class_mean_counts_a_class_that_is_only_predicted():
    assert metrics.all_class_scores(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]])) == pytest.approx((3 / 4, 3 / 8))


@given(pairs_of_ids())
def test_all_class_scores_agree_with_sets_of_pixels(pair):
    pixels = labelled_pixels(*pair)
    ious = [iou for iou in (iou_by_sets(pixels, index) for index in range(N)) if iou is not None]
    accuracy = sum(t == p for t, p in pixels) / max(len(pixels), 1)
    expected = (accuracy, sum(ious) / max(len(ious), 1))
    assert metrics.all_class_scores(metrics.confusion_matrix(*pair, num_classes=N)) == pytest.approx(expected)


def test_a_perfect_prediction_scores_one_by_every_definition():
    ids = np.arange(N).repeat(3)
    matrix = metrics.confusion_matrix(ids, ids, N)
    assert metrics.per_image_scores(matrix)[:3] == pytest.approx((1, 1, 1))
    assert metrics.scene_parsing_scores(matrix) == pytest.approx((1, 1, 1, 1))
    assert metrics.all_class_scores(matrix) == (1, 1)


@given(pairs_of_ids())
def test_every_score_lies_between_0_and_1(pair):
    matrix = metrics.confusion_matrix(*pair, num_classes=N)
    values = metrics.scene_parsing_scores(matrix) + metrics.all_class_scores(matrix)
    values += metrics.per_image_scores(matrix) or ()
    assert all(0 <= value <= 1 for value in values)


@pytest.mark.parametrize('size', [1, 2])
def test_an_empty_matrix_scores_zero_without_warnings(size):
    empty = np.zeros((size, size), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert metrics.scene_parsing_scores(empty) == (0, 0, 0, 0)
        assert metrics.all_class_scores(empty) == (0, 0)
        assert metrics.per_image_scores(empty) is None


def test_per_class_by_hand():
    assert [tuple(row) for row in metrics.per_class(MATRIX)] == [
        (0, 6, 1 / 6, 1 / 5, 1 / 10), (1, 10, 6 / 10, 6 / 8, 6 / 12), (2, 4, 3 / 4, 3 / 7, 3 / 8)]


def test_per_class_scores_are_none_where_undefined():
    # Class 0: never predicted; 1: never true; 2: neither.
    rows = metrics.per_class(np.array([[0, 2, 0], [0, 0, 0], [0, 0, 0]]))
    assert [tuple(row) for row in rows] == [(0, 2, 0, None, 0), (1, 0, None, 0, 0), (2, 0, None, None, None)]


def test_per_class_of_the_labelled_pixels_averages_to_the_benchmark():
    rows = metrics.per_class(metrics.without_unlabelled(MATRIX))
    assert (rows[1].iou + rows[2].iou) / 2 == pytest.approx(metrics.scene_parsing_scores(MATRIX).mean_iou)
