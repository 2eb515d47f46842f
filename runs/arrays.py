"""Named arrays into variables: matched by name and shape, every one of them accounted for."""
import collections

import numpy as np

# loaded: names; skipped: {name: why}; untouched: names of variables that no array was meant for
Loaded = collections.namedtuple('Loaded', 'loaded skipped untouched')


CHUNK_BYTES = 2 ** 27  # arrays loaded by one run of the session


def load_arrays(session, variables, names, read, shapes):
    """Loads what fits, a chunk of arrays at a time, so that memory holds no second copy of the net.

    Args:
      variables: the tf.Variables to fill.
      names: {name of a variable: name of its array}.
      read: function from the name of an array to the array.
      shapes: {name of an array: its shape}.
    """
    loaded, skipped, untouched, chunk = [], {}, [], {}
    for variable in variables:
        name, shape = variable.op.name, tuple(variable.shape.as_list())
        source = names.get(name)
        if source is None or source not in shapes:
            untouched.append(name)
        elif tuple(shapes[source]) != shape:
            skipped[name] = f'shape {list(shapes[source])}, the net needs {list(shape)}'
        else:
            chunk[variable] = np.asarray(read(source), variable.dtype.base_dtype.as_numpy_dtype)
            loaded.append(name)
        if sum(array.nbytes for array in chunk.values()) > CHUNK_BYTES:
            _assign(session, chunk)
            chunk = {}
    _assign(session, chunk)
    return Loaded(loaded, skipped, untouched)


def initialize(session, variables):
    """Gives variables their initial values.

    The sizes of what is filled with one number, such as an optimizer's slots, are fed: TensorFlow would make constants
    of tensors of known size and keep them as long as the session lives, beside the variables.
    """
    fills = [variable.initializer.inputs[1].op for variable in variables]
    sizes = {op.inputs[0]: op.outputs[0].shape.as_list() for op in fills if op.type == 'Fill'}
    session.run([variable.initializer for variable in variables], sizes)


def _assign(session, arrays):
    """One run for all of them; a variable's initializer is an assignment whose second input is the value."""
    feed = {variable.initializer.inputs[1]: array for variable, array in arrays.items()}
    session.run([variable.initializer for variable in arrays], feed)


def print_loaded(result, source):
    """One line an array: loaded, skipped and why, or left at its start."""
    print(f'weights from {source}:')
    for name in result.loaded:
        print(f'  loaded     {name}')
    for name, why in result.skipped.items():
        print(f'  skipped    {name}: {why}')
    for name in result.untouched:
        print(f'  not in it  {name}')
