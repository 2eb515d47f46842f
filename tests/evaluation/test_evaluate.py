"""Predictions over records, and which of them the net sees together."""
import numpy as np
import pytest
from data_sets import dataset_of
from image_files import save

from fcn8s.data.records import Record
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.prediction.tiles import in_batches


def make_records(folder, sizes):
    """Photo k is grey k, and its annotation holds k."""
    records = []
    for k, size in enumerate(sizes):
        paths = (str(folder / f'{kind}{k}.png') for kind in ('image', 'ids'))
        records.append(Record(*(save(path, np.full(size, k, np.uint8)) for path in paths)))
    return records


def test_each_record_of_a_batch_is_scored_by_its_own_prediction(tmp_path):
    records = make_records(tmp_path, [(33, 40), (64, 64), (30, 64), (64, 33)])
    seen = []

    def predict(examples):
        seen.append([example.annotation.shape for example in examples])
        return [example.image[:, :, 0] for example in examples]  # which is right

    results = list(evaluate(dataset_of(records, 5), predict, batches=lambda examples: in_batches(
        examples, lambda example: example.annotation.shape)))
    assert seen == [[(64, 64)] * 2, [(32, 64)], [(64, 64)]]
    assert [result.example.record for result in results] == records
    for k, result in enumerate(results):
        expected = np.zeros((5, 5), int)
        expected[k, k] = result.example.original.size
        np.testing.assert_array_equal(result.full, expected)


def test_without_batches_the_net_sees_one_after_the_other(tmp_path):
    counts = []

    def predict(examples):
        counts.append(len(examples))
        return [example.annotation for example in examples]

    list(evaluate(dataset_of(make_records(tmp_path, [(8, 8)] * 3), 5), predict))
    assert counts == [1, 1, 1]


@pytest.mark.parametrize('ignore_label, expected', [
    (None, [[1, 3, 0], [0, 2, 2], [0, 0, 4]]), (0, [[1, 3, 0], [0, 2, 2], [0, 0, 4]]),
    (2, [[1, 3, 0], [0, 2, 2], [0, 0, 0]]), (255, [[1, 3, 0], [0, 2, 2], [0, 0, 4]])])
def test_ignored_label_is_left_out_but_for_0_which_the_definitions_treat(tmp_path, ignore_label, expected):
    truth, ids = np.repeat([0, 1, 2], 4), np.array([0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])

    def rows(line):
        return np.tile(line.astype(np.uint8).repeat(8), (32, 1))

    paths = [save(str(tmp_path / f'{kind}.png'), rows(truth)) for kind in ('image', 'ids')]
    result, = evaluate(dataset_of([Record(*paths)], 3, ignore_label), lambda examples: [rows(ids)])
    for matrix in (result.small, result.full):
        np.testing.assert_array_equal(matrix, 256 * np.array(expected))
