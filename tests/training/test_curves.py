"""curves.png: what its axes show, and that it can be written."""
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from project import PROJECT

from fcn8s.training.curves import draw_curves, plot_curves, smooth
from fcn8s.utils.errors import UserError

TRAINING = [(step, 4 - step / 250, step / 1000) for step in range(0, 1000, 10)]
STEPS, LOSSES, ACCURACIES = np.array(TRAINING).T
VALIDATION = [{'step': 300, 'loss': 2.5, 'pixel_accuracy': 0.4, 'mean_iu': 0.2},
              {'step': 600, 'loss': 2., 'pixel_accuracy': 0.5, 'mean_iu': 0.3}]


def lines(axes):
    """{label: points [n, 2]} of the lines of a panel that its legend names."""
    return {line.get_label(): line.get_xydata() for line in axes.lines if not line.get_label().startswith('_')}


@pytest.mark.parametrize('panel, expected', [(0, [2.5, 2]), (1, [0.4, 0.5]), (2, [0.2, 0.3])])
def test_panels_show_loss_accuracy_and_mean_iu_of_validation(panel, expected):
    points = lines(draw_curves(TRAINING, VALIDATION).axes[panel])['validation']
    assert points.tolist() == [[300, expected[0]], [600, expected[1]]]


@pytest.mark.parametrize('panel, values', [(0, LOSSES), (1, ACCURACIES)])
def test_panels_show_the_training_curve_as_it_is_and_smoothed(panel, values):
    axes = draw_curves(TRAINING, VALIDATION).axes[panel]
    assert axes.lines[0].get_xydata().tolist() == np.stack([STEPS, values], 1).tolist()
    # the 100 rows are smoothed over pairs: both curves are straight lines, which stay the same
    np.testing.assert_allclose(lines(axes)['training'], np.stack([STEPS + 5, np.interp(STEPS + 5, STEPS, values)],
                                                                 1)[:-1])


def test_mean_iu_has_no_training_curve():
    assert list(lines(draw_curves(TRAINING, VALIDATION).axes[2])) == ['validation']


def test_best_mean_iu_is_marked():
    axes = draw_curves([], VALIDATION).axes[2]
    assert axes.lines[-1].get_xydata().tolist() == [[600, 0.3]]
    assert [text.get_text() for text in axes.texts] == ['best 0.300 at step 600']


def test_one_wild_loss_does_not_set_the_scale():
    rows = [(0, 1e6, 0.)] + TRAINING[1:] * 3
    bottom, top = draw_curves(rows, []).axes[0].get_ylim()
    assert bottom == 0 and 4 < top < 5  # all other losses are below 4


@pytest.mark.parametrize('training, validation', [
    ([], []), ([(0, 3., 0.1)], []), ([(0, 0., 1.)], [dict(VALIDATION[0], mean_iu=float('nan'))]),
    ([(0, float('nan'), 0.)], [])])
def test_picture_is_written_also_of_few_or_no_points(tmp_path, training, validation):
    with Image.open(plot_curves(str(tmp_path), training, validation)) as image:
        assert image.size == (1500, 420)


def test_smooth_by_hand():
    # 4 rows and 2 points: means over 2 rows
    steps, values = smooth([0, 10, 20, 30], [1., 3., 3., 7.], points=2)
    assert steps.tolist() == [5, 15, 25]
    assert values.tolist() == [2, 3, 5]


def test_few_rows_are_not_smoothed():
    assert [column.tolist() for column in smooth([0, 10], [1., 3.])] == [[0, 10], [1, 3]]


def test_picture_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'curves.png').mkdir()
    with pytest.raises(UserError, match='curves.png cannot be written'):
        plot_curves(str(tmp_path), TRAINING, [])


def test_plot_imports_neither_pyplot_nor_tensorflow(tmp_path):
    code = (f'import sys; sys.path.insert(0, {PROJECT!r}); from fcn8s.training.curves import plot_curves; '
            f'assert "matplotlib" not in sys.modules; plot_curves({str(tmp_path)!r}, [(0, 1., 0.)], []); '
            'assert not {"matplotlib.pyplot", "tensorflow"} & set(sys.modules)')
    subprocess.run([sys.executable, '-c', code], check=True)
