"""Named arrays into variables: matched by name and shape, every one of them accounted for."""
import collections

import numpy as np

from files.errors import UserError

# loaded: names; skipped: {name: why}; untouched: names of variables that no array was meant for
Loaded = collections.namedtuple('Loaded', 'loaded skipped untouched')


def load_arrays(session, variables, names, read, shapes):
    """Loads what fits, one array at a time, so that memory holds no second copy of the net.

    Args:
      variables: the tf.Variables to fill.
      names: {name of a variable: name of its array}.
      read: function from the name of an array to the array.
      shapes: {name of an array: its shape}.
    """
    loaded, skipped, untouched = [], {}, []
    for variable in variables:
        name, shape = variable.op.name, tuple(variable.shape.as_list())
        source = names.get(name)
        if source is None or source not in shapes:
            untouched.append(name)
        elif tuple(shapes[source]) != shape:
            skipped[name] = f'shape {list(shapes[source])}, the net needs {list(shape)}'
        else:
            variable.load(np.asarray(read(source), variable.dtype.base_dtype.as_numpy_dtype), session)
            loaded.append(name)
    return Loaded(loaded, skipped, untouched)


def print_loaded(result, source):
    """One line an array: loaded, skipped and why, or left at its start."""
    print(f'weights from {source}:')
    for name in result.loaded:
        print(f'  loaded     {name}')
    for name, why in result.skipped.items():
        print(f'  skipped    {name}: {why}')
    for name in result.untouched:
        print(f'  not in it  {name}')


def require_all(result, source, num_classes):
    """Raises UserError unless every variable was loaded: a net with random weights in it predicts nonsense."""
    if not result.skipped and not result.untouched:
        return
    misfits = [f'{name} has {why}' for name, why in result.skipped.items()]
    misfits += [f'{name} is not in it' for name in result.untouched]
    raise UserError(f'{source} does not fit the net: {len(result.loaded)} of its {sum(map(len, result))} variables '
                    f'match; {"; ".join(misfits[:3])}. Give the --net, --num_classes (now {num_classes}) and --width '
                    'that it was trained with.')
