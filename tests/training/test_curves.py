import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from project import PROJECT

from fcn8s.training.curves import plot_curves, smooth
from fcn8s.utils.errors import UserError

BLUE, ORANGE = (47, 109, 181), (224, 120, 30)  # training and validation
TRAINING = [(step, 4 - step / 250, step / 1000) for step in range(0, 1000, 10)]


def validation(steps, mean_iu=0.5):
    return [{'step': step, 'loss': 2., 'pixel_accuracy': 0.5, 'mean_iu': mean_iu} for step in steps]


def panels(path):
    """The three panels as float [H, W / 3, 3]."""
    with Image.open(path) as image:
        return np.split(np.asarray(image.convert('RGB'), float), 3, axis=1)


def drawn(panel, colour):
    """Rows and columns of the pixels of a colour, below the panel's title and legend."""
    rows, columns = np.nonzero((abs(panel[90:] - colour) < 12).all(axis=2))
    return rows, columns


def test_each_panel_shows_its_curves(tmp_path):
    loss, accuracy, mean_iu = panels(plot_curves(str(tmp_path), TRAINING, validation([300, 600])))
    shown = [[drawn(panel, colour)[0].size > 0 for colour in (BLUE, ORANGE)] for panel in (loss, accuracy, mean_iu)]
    assert shown == [[True, True], [True, True], [False, True]]


def test_loss_falls_and_accuracy_rises_to_the_right(tmp_path):
    loss, accuracy, _ = panels(plot_curves(str(tmp_path), TRAINING, []))
    assert np.corrcoef(*drawn(loss, BLUE))[0, 1] > 0.9  # rows count downwards
    assert np.corrcoef(*drawn(accuracy, BLUE))[0, 1] < -0.9


def test_single_validation_is_seen(tmp_path):
    mean_iu = panels(plot_curves(str(tmp_path), [], validation([500])))[2]
    assert drawn(mean_iu, ORANGE)[0].size > 0


def test_highest_mean_iu_is_higher_up(tmp_path):
    low, high = (drawn(panels(plot_curves(str(tmp_path), [], validation([500], mean_iu)))[2], ORANGE)[0].mean()
                 for mean_iu in (0.2, 0.6))
    assert high < low - 50


def test_one_wild_loss_does_not_flatten_the_rest(tmp_path):
    usual, wild = (drawn(panels(plot_curves(str(tmp_path), rows, []))[0], BLUE)[0]
                   for rows in (TRAINING, [(0, 1e6, 0.)] + TRAINING[1:] * 3))
    assert np.ptp(wild) > 0.7 * np.ptp(usual)


@pytest.mark.parametrize('training, checked', [
    ([], []), ([(0, 3., 0.1)], []), ([(0, 0., 1.)], validation([1], float('nan'))),
    ([(0, float('nan'), 0.)], [])])
def test_little_or_nothing_known_makes_a_picture_too(tmp_path, training, checked):
    assert panels(plot_curves(str(tmp_path), training, checked))[0].shape == (420, 500, 3)


def test_smooth_by_hand():
    # 4 rows and 2 points: means over 2 rows
    steps, values = smooth([0, 10, 20, 30], [1., 3., 3., 7.], points=2)
    assert steps.tolist() == [5, 15, 25]
    assert values.tolist() == [2, 3, 5]


def test_few_rows_are_not_smoothed():
    assert [column.tolist() for column in smooth([0, 10], [1., 3.])] == [[0, 10], [1, 3]]


def test_picture_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / 'curves.png').mkdir()
    with pytest.raises(UserError, match='curves.png cannot be written'):
        plot_curves(str(tmp_path), TRAINING, [])


def test_plot_leaves_pyplot_and_tensorflow_alone(tmp_path):
    code = (f'import sys; sys.path.insert(0, {PROJECT!r}); from fcn8s.training.curves import plot_curves; '
            f'assert "matplotlib" not in sys.modules; plot_curves({str(tmp_path)!r}, [(0, 1., 0.)], []); '
            'assert not {"matplotlib.pyplot", "tensorflow"} & set(sys.modules)')
    subprocess.run([sys.executable, '-c', code], check=True)
