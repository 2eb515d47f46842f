"""Reads the arrays of a checkpoint; a damaged one becomes an error that names it."""
import contextlib
import os

from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import ReadablePath
from fcn8s.weights.checkpoints import CheckpointError, checkpoint_files
from fcn8s.weights.lengths import array_bytes


def open_checkpoint(prefix):
    """A reader of the checkpoint's arrays (get_tensor) and their shapes ({name: list}).

    Raises CheckpointError if the checkpoint cannot be read or any of its data is missing, needed or not.
    """
    try:
        reader = _Reader(prefix)
        shapes, types = reader.shapes_and_types()
        found = _data_size(prefix)
    except _damage() as error:
        raise CheckpointError(f'{prefix} cannot be read as a checkpoint: {error}. Copy it anew, or use another.')
    written = sum(array_bytes(shapes[name], types[name].size) for name in shapes if types[name] != tf.string)
    if found < written:
        raise CheckpointError(f'{prefix} is damaged: of its data {written:,} bytes were written, {found:,} are there. '
                              'Copy it anew, or use another.')
    return reader, shapes


@contextlib.contextmanager
def checkpoint_errors(prefix):
    """Turns TensorFlow's exceptions on a damaged checkpoint into a CheckpointError that names it."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise UserError(f'memory ran out while {prefix} was loaded. Free some, or use a smaller --width.')
    except _damage() as error:
        raise CheckpointError(f'{prefix} is damaged: {error}. Copy it anew, or use another.')


class _Reader:
    """TensorFlow's checkpoint reader, for any characters in the path."""

    def __init__(self, prefix):
        self._linked = ReadablePath(prefix)  # kept, because data files are opened at first use
        self._reader = tf.train.load_checkpoint(self._linked.path)

    def get_tensor(self, name):
        """An array by its name."""
        return self._reader.get_tensor(name)

    def shapes_and_types(self):
        """{name: shape}, {name: dtype} of all arrays."""
        return self._reader.get_variable_to_shape_map(), self._reader.get_variable_to_dtype_map()


def _data_size(prefix):
    folder, name = os.path.split(prefix)
    return sum(os.path.getsize(os.path.join(folder, file)) for file in checkpoint_files(folder or '.')[name]
               if not file.endswith('.index'))


def _damage():
    """Exceptions of TensorFlow on a damaged checkpoint; the reader of 2.x raises Python's own."""
    return tf.errors.OpError, IndexError, RuntimeError, ValueError, OSError
