"""What a training run leaves to read: TensorBoard scalars and logs_dir/validation.csv."""
import csv
import os

from files.atomic import whole_file
from TensorflowUtils import tf

COLUMNS = ('step', 'loss', 'pixel_accuracy', 'mean_iu')


class TrainingLog:
    """Writes TensorBoard events to logs_dir/train and logs_dir/validation, and logs_dir/validation.csv."""

    def __init__(self, logs_dir, step):
        """step: where the run starts or goes on; rows of validation.csv beyond it are of steps to be done again."""
        self.csv_path = os.path.join(logs_dir, 'validation.csv')
        self._rows = [row for row in read_validation(self.csv_path) if row['step'] <= step]
        self._writers = {name: tf.summary.FileWriter(os.path.join(logs_dir, name)) for name in ('train', 'validation')}

    def scalars(self, part, step, values):
        """values: {tag: number} at a step; part: 'train' or 'validation'."""
        summary = tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._writers[part].add_summary(summary, step)

    def summary(self, step, serialized):
        """A fetched tf.summary of the training part."""
        self._writers['train'].add_summary(serialized, step)

    def validation(self, step, loss, pixel_accuracy, mean_iu):
        """One validation, to TensorBoard and to validation.csv, which is written anew and whole."""
        row = dict(zip(COLUMNS, (step, loss, pixel_accuracy, mean_iu)))
        self.scalars('validation', step, {key: row[key] for key in COLUMNS[1:]})
        self.flush()
        self._rows = [old for old in self._rows if old['step'] < step] + [row]
        with whole_file(self.csv_path) as path, open(path, 'w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self._rows)

    def flush(self):
        """Brings what was written so far onto the disk."""
        for writer in self._writers.values():
            writer.flush()

    def close(self):
        """Writes the rest and closes the event files."""
        for writer in self._writers.values():
            writer.close()


def read_validation(csv_path):
    """Rows of a validation.csv as dicts of numbers, [] where there is no such file."""
    if not os.path.exists(csv_path):
        return []
    with open(csv_path, newline='', encoding='utf-8') as file:
        return [{key: int(row[key]) if key == 'step' else float(row[key]) for key in COLUMNS}
                for row in csv.DictReader(file)]


def debug_summaries(end_points, gradients):
    """Histograms and sparsity of activations, and histograms of gradients, as FCN.tensorflow shows them: a tensor."""
    summaries = []
    for name, x in end_points.items():
        summaries.append(tf.summary.histogram(name + '/activation', x))
        summaries.append(tf.summary.scalar(name + '/sparsity', tf.nn.zero_fraction(x)))
    for gradient, variable in gradients:
        summaries.append(tf.summary.histogram(variable.op.name + '/gradient', gradient))
    return tf.summary.merge(summaries)
