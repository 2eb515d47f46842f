"""What a training run leaves to read: TensorBoard scalars and logs_dir/validation.csv."""
import csv
import os

from files.atomic import whole_file
from files.errors import UserError
from runs.event_file import EventFile
from TensorflowUtils import tf

COLUMNS = ('step', 'loss', 'pixel_accuracy', 'mean_iu')


class TrainingLog:
    """Writes TensorBoard events to logs_dir/train and logs_dir/validation, and logs_dir/validation.csv."""

    def __init__(self, logs_dir, step):
        """step: where the run starts or goes on; rows of validation.csv beyond it are of steps to be done again."""
        self.csv_path = os.path.join(logs_dir, 'validation.csv')
        self._rows = [row for row in read_validation(self.csv_path) if row['step'] <= step]
        self._events = {'train': EventFile(os.path.join(logs_dir, 'train'), step),
                        'validation': EventFile(os.path.join(logs_dir, 'validation'), step + 1)}

    def scalars(self, part, step, values):
        """values: {tag: number} at a step; part: 'train' or 'validation'."""
        summary = tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._events[part].add(step, summary)

    def summary(self, step, serialized):
        """A fetched tf.summary of the training part."""
        self._events['train'].add(step, serialized)

    def validation(self, step, loss, pixel_accuracy, mean_iu):
        """One validation, to TensorBoard and to validation.csv, which is written anew and whole."""
        row = dict(zip(COLUMNS, (step, loss, pixel_accuracy, mean_iu)))
        self.scalars('validation', step, {key: row[key] for key in COLUMNS[1:]})
        self._rows = [old for old in self._rows if old['step'] < step] + [row]
        with whole_file(self.csv_path) as path, open(path, 'w', newline='', encoding='utf-8') as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self._rows)

    def is_validated(self, step):
        """Whether validation.csv has a row of this step."""
        return any(row['step'] == step for row in self._rows)

    def close(self):
        """Closes the event files."""
        for events in self._events.values():
            events.close()


def read_validation(csv_path):
    """Rows of a validation.csv as dicts of numbers, [] where there is no such file. Raises UserError for another."""
    if not os.path.exists(csv_path):
        return []
    try:
        with open(csv_path, newline='', encoding='utf-8') as file:
            return [{key: int(row[key]) if key == 'step' else float(row[key]) for key in COLUMNS}
                    for row in csv.DictReader(file)]
    except (ValueError, KeyError, TypeError, csv.Error, OSError) as error:
        raise UserError(f'{csv_path} cannot be read: {error}. Expected are the columns {", ".join(COLUMNS)}, numbers '
                        'all. Move the file away, or mend it.')


def debug_summaries(end_points, gradients):
    """Histograms and sparsity of activations, and histograms of gradients, as FCN.tensorflow shows them: a tensor."""
    summaries = []
    for name, x in end_points.items():
        summaries.append(tf.summary.histogram(name + '/activation', x))
        summaries.append(tf.summary.scalar(name + '/sparsity', tf.nn.zero_fraction(x)))
    for gradient, variable in gradients:
        summaries.append(tf.summary.histogram(variable.op.name + '/gradient', gradient))
    return tf.summary.merge(summaries)
