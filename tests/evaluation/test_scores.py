"""The scores as text."""
import numpy as np
import pytest

from fcn8s.data.classes import generic_classes
from fcn8s.evaluation import metrics
from fcn8s.evaluation.scores import format_scores, format_table, print_scores


def test_table_is_aligned_and_cuts_names():
    rows = [metrics.ClassScores(0, 3, 1 / 3, 0.5, 0.25), metrics.ClassScores(1, 1, None, 0.5, 0.0)]
    assert format_table(rows, ['void', 'skyscraper'], width=6).split('\n') == [
        ' id  class     pixels  accuracy     IoU',
        '  0  void     75.00 %    0.3333  0.2500',
        '  1  skyscr   25.00 %         -  0.0000']


def test_table_only_counts_classes_that_occur_nowhere():
    rows = metrics.per_class(np.array([[2, 0, 0], [0, 0, 0], [0, 0, 0]]))
    lines = format_table(rows, ['road', 'sky', 'car']).split('\n')
    assert len(lines) == 3
    assert lines[-1] == 'classes in neither truth nor prediction: 2'


def test_scores_are_named_by_definition():
    assert format_scores(metrics.Scores(0.6739, 0.4332, 0.3644, 0.5024)).split('\n') == [
        'per-image mean (FCN-tensorflow-ADE20k)',
        '  pixel accuracy         0.6739',
        '  mean accuracy          0.4332',
        '  mean IU                0.3644',
        '  frequency weighted IU  0.5024']


@pytest.mark.parametrize('scores, title', [
    (metrics.SceneParsingScores(1, 1, 1, 1), 'scene parsing benchmark (SceneParse150)'),
    (metrics.AllClassScores(1, 1), 'all classes, class 0 included')])
def test_each_definition_has_its_title(scores, title):
    assert format_scores(scores).split('\n')[0] == title


def test_images_left_out_are_said():
    text = format_scores(metrics.Scores(1, 1, 1, 1), left_out=2)
    assert text.split('\n')[0] == 'per-image mean (FCN-tensorflow-ADE20k), left out as unlabelled: 2'


def test_a_set_without_labels_is_said():
    assert 'no image' in format_scores(metrics.mean_scores([None]))


@pytest.mark.parametrize('truth, warned', [([0, 5, 0], True), ([2, 5, 0], False)])
def test_scores_of_one_class_are_not_printed_without_saying_so(capsys, truth, warned):
    print_scores(np.diag(truth), [None], generic_classes(3))
    assert ('warning: 1 class 1 is the only class in these photos' in capsys.readouterr().out) == warned
