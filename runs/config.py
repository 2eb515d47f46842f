"""config.json: what a training run was started with, so that nobody repeats flags.

Written into logs_dir when training starts; testing, inference and resuming rebuild the same net from it.
"""
import collections
import json
import os
import platform
import sys

from files.atomic import write_json
from files.errors import UserError
from files.text_files import SMALL, read_bounded
from read_data import ClassInfo, find_classes, generic_classes
from runs.checkpoints import BEST, checkpoints_in
from runs.config_check import problems_of

NetConfig = collections.namedtuple('NetConfig', 'net num_classes width classes')  # classes: tuple of ClassInfo
Given = collections.namedtuple('Given', 'net num_classes width data_dir')  # what flags say of a trained net
Given.__new__.__defaults__ = (None,) * len(Given._fields)

# A run cannot go on with another value of these: the variables or the meaning of its ids would change.
FIXED = ('net', 'num_classes', 'width')
WAY_OUT = 'Restore it, or move it away and give --net, --num_classes and --width as flags.'


def config_path(logs_dir):
    """Where the config of the run in logs_dir stands."""
    return os.path.join(logs_dir, 'config.json')


def save_config(logs_dir, net_config, flag_values):
    """Writes config.json: the net, its classes, every resolved flag and the versions."""
    import numpy
    import PIL

    from TensorflowUtils import tf
    write_json(config_path(logs_dir), {
        'net': net_config.net, 'num_classes': net_config.num_classes, 'width': net_config.width,
        'classes': [{'index': c.index, 'name': c.name, 'colour': list(c.colour)} for c in net_config.classes],
        'flags': {name: flag_values[name].value for name in flag_values},
        'versions': {'python': platform.python_version(), 'tensorflow': tf.version.VERSION,
                     'numpy': numpy.__version__, 'pillow': PIL.__version__},
        'command': sys.argv,
    })


def read_config(logs_dir):
    """The config of the run in logs_dir as a dict, or None where there is none."""
    path = config_path(logs_dir)
    if not os.path.exists(path):
        return None
    try:
        config = json.loads(read_bounded(path, SMALL).decode('utf-8'), parse_int=_whole_number)
    except (ValueError, OSError) as error:
        raise UserError(f'{path} cannot be read: {error}. {WAY_OUT}')
    except RecursionError:
        raise UserError(f'{path} cannot be read: it holds brackets in brackets without end. {WAY_OUT}')
    wrong = problems_of(config)
    if wrong:
        raise UserError(f'{path} is no config of a training run: {"; ".join(wrong[:3])}. {WAY_OUT}')
    return config


def check_same_run(logs_dir, net_config):
    """Raises UserError if logs_dir holds checkpoints of another net or of other classes, which training would spoil.

    A folder without a checkpoint has nothing to spoil.
    """
    config = read_config(logs_dir) if _holds_checkpoint(logs_dir) else None
    for key in FIXED if config else ():
        if config[key] != getattr(net_config, key):
            raise UserError(f'{logs_dir} holds a run with {key} {config[key]}, and {getattr(net_config, key)} was '
                            'asked for. Give another --logs_dir for the new run, or the same '
                            f'--{key} to go on with the old one.')
    for old, new in zip(_classes(config), net_config.classes) if config else ():
        if old.name != new.name:
            raise UserError(f'{logs_dir} holds a run on other classes: class {old.index} is {old.name!r} there and '
                            f'{new.name!r} now. Give another --logs_dir for the new run (--init_from={logs_dir} takes '
                            f'its weights), or the old --data_dir. If {old.name!r} was only given another name, change '
                            f'it in {config_path(logs_dir)} too.')


def trained_net(config, given, default_data_dir):
    """The NetConfig of a trained net: the flags that were given stand over config.json.

    Args:
      config: read_config's dict, or None for a checkpoint that came without one.
      given: flag values with net, num_classes, width and data_dir, None where the user gave none; or None.
      default_data_dir: names the classes where neither config nor data_dir does.

    Raises:
      UserError: without config, when net or num_classes was not given.
    """
    given = given or Given()
    if config is None and not (given.net and given.num_classes):
        raise UserError('there is no config.json beside the checkpoint, so the net is not known: give --net and '
                        '--num_classes (and --width, if it is not 1).')
    net, num_classes, width = (
        getattr(given, key) if getattr(given, key) is not None else (config or {'width': 1.}).get(key)
        for key in FIXED)
    if given.data_dir and os.path.isdir(given.data_dir):
        classes = find_classes(given.data_dir, num_classes, of_net=given.num_classes is None)
    elif config and len(config['classes']) == num_classes:
        classes = _classes(config)
    else:
        try:
            classes = find_classes(default_data_dir, num_classes)
        except UserError:  # another number of classes than the default data set has
            classes = generic_classes(num_classes)
    return NetConfig(net, num_classes, width, tuple(classes))


def _whole_number(digits):
    if len(digits) > 20:  # Python takes minutes for millions of digits
        raise ValueError(f'a number of {len(digits)} digits')
    return int(digits)


def _holds_checkpoint(logs_dir):
    return any(checkpoints_in(folder) for folder in (logs_dir, os.path.join(logs_dir, BEST)) if os.path.isdir(folder))


def _classes(config):
    return tuple(ClassInfo(c['index'], c['name'], tuple(c['colour'])) for c in config['classes'])
