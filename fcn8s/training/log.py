"""The training log: TensorBoard events, training.csv, validation.csv and curves.png."""
import contextlib
import io
import os
import socket
import time

from PIL import Image
from tqdm import tqdm

from fcn8s.training.curves import plot_curves
from fcn8s.utils.files import make_folder
from fcn8s.utils.history import recover_rows, write_rows
from fcn8s.utils.tf1 import tf

COLUMNS = ('step', 'loss', 'pixel_accuracy', 'mean_iu')  # of validation.csv; training.csv has the first three


class EventFile:
    """A new event file in a folder. An event is on disk when add() returns.

    tf.summary.FileWriter silently loses events when the disk is full. This one warns at the first failure and then
    stops writing: missing curves are no reason to stop training.
    """

    def __init__(self, folder, first_step):
        """first_step: TensorBoard discards earlier files' events from this step on."""
        make_folder(folder)
        self.path = os.path.join(folder, f'events.out.tfevents.{time.time():.6f}.{socket.gethostname()}')
        self._writer = None
        with self._warn_on_failure():
            self._writer = tf.io.TFRecordWriter(self.path)
        self._write(file_version='brain.Event:2')
        self._write(session_log=tf.SessionLog(status=tf.SessionLog.START), step=first_step)

    def add(self, step, summary):
        """summary: a tf.Summary, serialized or not."""
        self._write(summary=tf.Summary.FromString(summary) if isinstance(summary, bytes) else summary, step=step)

    def close(self):
        """Closes the file."""
        if self._writer is not None:
            with self._warn_on_failure():
                self._writer.close()

    def _write(self, **fields):
        if self._writer is not None:
            with self._warn_on_failure():
                self._writer.write(tf.Event(wall_time=time.time(), **fields).SerializeToString())
                self._writer.flush()

    @contextlib.contextmanager
    def _warn_on_failure(self):
        try:
            yield
        except tf.errors.OpError as error:
            self._writer = None
            tqdm.write(f'warning: {self.path} cannot be written: {error.message}. TensorBoard will not show '
                       'the rest of this run; validation.csv and the checkpoints are not affected')


class TrainingLog:
    """Writes TensorBoard events to logs_dir/train and logs_dir/validation; at each validation, files to logs_dir."""

    def __init__(self, logs_dir, step):
        """step: at which the run starts or resumes; drops later rows of the files, because their steps are repeated."""
        self._logs_dir = logs_dir
        self.csv_path = os.path.join(logs_dir, 'validation.csv')
        self._curve_path = os.path.join(logs_dir, 'training.csv')
        if step and not os.path.exists(self._curve_path):
            print(f'note: {self._curve_path} is missing: the curves begin at step {step}')
        self._rows = [row for row in recover_rows(self.csv_path, COLUMNS) if row['step'] <= step]
        self._curve = [row for row in recover_rows(self._curve_path, COLUMNS[:3]) if row['step'] < step]
        self._events = {'train': EventFile(os.path.join(logs_dir, 'train'), step),
                        'validation': EventFile(os.path.join(logs_dir, 'validation'), step + 1)}

    def scalars(self, part, step, values):
        """Writes {tag: number} at a step to a part, 'train' or 'validation'."""
        summary = tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._events[part].add(step, summary)

    def training(self, step, figures):
        """Adds a point to the training curves; figures: as returned by Stepper.step."""
        figures = dict(figures)
        histograms = figures.pop('histograms')
        self.scalars('train', step, figures)
        if histograms is not None:
            self._events['train'].add(step, histograms)
        self._curve.append(dict({key: float(figures[key]) for key in COLUMNS[1:3]}, step=step))

    def picture(self, part, step, tag, rgb):
        """Writes a picture, uint8 [H, W, 3], for TensorBoard."""
        buffer = io.BytesIO()
        Image.fromarray(rgb).save(buffer, 'PNG')
        image = tf.Summary.Image(encoded_image_string=buffer.getvalue(), height=rgb.shape[0], width=rgb.shape[1])
        self._events[part].add(step, tf.Summary(value=[tf.Summary.Value(tag=tag, image=image)]))

    def validation(self, step, scored, best):
        """Logs and prints one validation, a Scored; best: whether it is the best so far.

        Rewrites each file atomically, validation.csv last: its row marks the validation as done.
        """
        row = dict(zip(COLUMNS, (step, scored.loss, scored.pixel_accuracy, scored.mean_iu)))
        self.scalars('validation', step, {key: row[key] for key in COLUMNS[1:]})
        self._rows = [old for old in self._rows if old['step'] < step] + [row]
        self.save_curve()
        plot_curves(self._logs_dir, [[point[key] for key in COLUMNS[:3]] for point in self._curve], self._rows)
        write_rows(self.csv_path, COLUMNS, self._rows)
        tqdm.write(f'step {step}: validation loss {scored.loss:.3f}, pixel accuracy {scored.pixel_accuracy:.3f}, mean '
                   f'IU {scored.mean_iu:.3f} on {scored.photos} photos' + (', the best so far' if best else '')
                   + explain_only_class(scored.only_class))
        if scored.empty:
            tqdm.write(explain_empty(scored))

    def save_curve(self):
        """Rewrites training.csv."""
        write_rows(self._curve_path, COLUMNS[:3], self._curve)

    def is_validated(self, step):
        """Whether validation.csv has a row for this step."""
        return any(row['step'] == step for row in self._rows)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for events in self._events.values():
            events.close()


def explain_empty(scored):
    """One line about the photos of a Scored in which no pixel counts."""
    if scored.photos:
        return (f'note: {scored.empty} of {scored.photos + scored.empty} validation photos have no pixel that counts; '
                'the loss is the mean over the others')
    return (f'warning: none of the {scored.empty} validation photos has a pixel that counts, so there is no loss and '
            'no best checkpoint. Every pixel is ignored (--ignore_label, or class 0 where the net does not score it) '
            'or has a --class_weights of 0.')


def explain_only_class(index):
    """A warning to append to a line of scores if this class is the only one in the truth; '' if index is None."""
    return '' if index is None else f'; class {index} is the only one there, so predicting it everywhere scores 1.000'


def debug_summaries(end_points, gradients):
    """A summary tensor: histograms and sparsity of activations, and histograms of gradients, as in FCN.tensorflow."""
    summaries = []
    for name, x in end_points.items():
        summaries.append(_histogram(name + '/activation', x))
        summaries.append(tf.summary.scalar(name + '/sparsity', tf.nn.zero_fraction(x)))
    for gradient, variable in gradients:
        summaries.append(_histogram(variable.op.name + '/gradient', gradient))
    return tf.summary.merge(summaries)


def _histogram(name, x):
    """A histogram of the finite values: tf.summary.histogram fails on others, before the run can report the step."""
    return tf.summary.histogram(name, tf.boolean_mask(x, tf.is_finite(x)))
