"""What a test prints beside its scores."""
import numpy as np
import pytest

from fcn8s.data.classes import generic_classes
from fcn8s.evaluation.scores import print_scores


@pytest.mark.parametrize('truth, warned', [([0, 5, 0], True), ([2, 5, 0], False)])
def test_scores_of_one_class_are_not_printed_without_saying_so(capsys, truth, warned):
    print_scores(np.diag(truth), [None], generic_classes(3))
    assert ('warning: these photos hold class 1 class 1 alone' in capsys.readouterr().out) == warned
