"""logs_dir/curves.png: the curves of a training run, to look at without TensorBoard."""
import gc
import os

import numpy as np

from fcn8s.utils.files import atomic_file

BLUE, PALE, ORANGE, INK = '#2f6db5', '#b9d0ea', '#e0781e', '#404040'
POINTS = 50  # the smoothed curve averages over about a fiftieth of the steps


def plot_curves(logs_dir, training, validation):
    """Writes draw_curves(training, validation) to logs_dir/curves.png, atomically; returns the path.

    Raises UserError if it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    figure = draw_curves(training, validation)
    FigureCanvasAgg(figure)  # no pyplot: its figures are global and need the main thread
    path = os.path.join(logs_dir, 'curves.png')
    with atomic_file(path, make_folders=False) as part:
        figure.savefig(part, dpi=100)
    del figure
    gc.collect()  # frees megabytes: a figure and its canvas refer to each other
    return path


def draw_curves(training, validation):
    """A matplotlib Figure with panels of loss, pixel accuracy and mean IU over the steps.

    The axis of the loss ends above 99 % of the values, so that a few wild ones at the start do not flatten the rest.

    training: rows (step, loss in nats, pixel accuracy in 0..1), in order; validation: dicts with step, loss,
      pixel_accuracy and mean_iu, the rows of validation.csv.
    """
    from matplotlib.figure import Figure
    figure = Figure(figsize=(15, 4.2))
    steps, losses, accuracies = np.array(training, float).reshape(-1, 3).T
    checked = np.array([[row[key] for key in ('step', 'loss', 'pixel_accuracy', 'mean_iu')] for row in validation],
                       float).reshape(-1, 4).T
    loss, accuracy, mean_iu = figure.subplots(1, 3, sharex=True)
    _draw(loss, 'loss (nats per pixel)', (steps, losses), (checked[0], checked[1]))
    _draw(accuracy, 'pixel accuracy', (steps, accuracies), (checked[0], checked[2]))
    _draw(mean_iu, 'mean IU', None, (checked[0], checked[3]))
    loss.set_ylim(0, _top(np.concatenate([losses, checked[1]])))
    for axes in (accuracy, mean_iu):
        axes.set_ylim(0, 1)
    _mark_best(mean_iu, checked[0], checked[3])
    figure.tight_layout()
    return figure


def smooth(steps, values, points=POINTS):
    """Moving averages of n >= 1 rows over a window of n // points rows, at least 1: (steps, values)."""
    window = max(1, len(values) // points)
    kernel = np.full(window, 1 / window)
    return np.convolve(steps, kernel, 'valid'), np.convolve(values, kernel, 'valid')


def _draw(axes, title, training, validation):
    if training is not None and len(training[0]):
        axes.plot(*training, color=PALE, linewidth=0.8)
        axes.plot(*smooth(*training), color=BLUE, linewidth=1.8, label='training')
    if len(validation[0]):
        axes.plot(*validation, color=ORANGE, linewidth=1.8, marker='o', markersize=4, label='validation')
    axes.set_title(title, loc='left', color=INK, fontsize=12)
    axes.set_xlabel('step', color=INK)
    axes.tick_params(colors=INK)
    axes.grid(color='#e6e6e6', linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    if axes.lines:
        axes.legend(frameon=False, labelcolor=INK)


def _top(losses):
    finite = losses[np.isfinite(losses)]
    return 1.1 * np.percentile(finite, 99) or 1 if len(finite) else 1


def _mark_best(axes, steps, values):
    """Draws a ring around the highest value and writes the value beside it."""
    if not np.isfinite(values).any():
        return
    best = int(np.nanargmax(values))
    axes.plot(steps[best], values[best], 'o', markersize=10, markerfacecolor='none', markeredgecolor=INK)
    axes.annotate(f'best {values[best]:.3f} at step {steps[best]:.0f}', (steps[best], values[best]),
                  xytext=(0, -20 if values[best] > 0.9 else 12), textcoords='offset points', color=INK, fontsize=10,
                  ha='right' if steps[best] > np.mean(axes.get_xlim()) else 'left')
