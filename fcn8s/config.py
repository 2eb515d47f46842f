"""config.json: the settings of a training run, which need not be given again.

Training writes it to logs_dir at its start; testing, inference and resuming rebuild the same net from it.
"""
import collections
import json
import math
import os
import platform
import sys

from fcn8s.data.classes import MAX_CLASSES, ClassInfo, find_classes, generic_classes
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import SMALL, read_bounded, write_json
from fcn8s.weights.checkpoints import BEST, checkpoints_in, config_folder
from fcn8s.weights.published import name_of, published_config
from FCN_model import NetConfig

# Flags that override the settings of a run; None keeps its own.
NetOverrides = collections.namedtuple('NetOverrides', 'net num_classes width data_dir', defaults=(None,) * 4)
# Resuming with another value of these would change the variables or the meaning of the ids.
FIXED = ('net', 'num_classes', 'width')
ADVICE = 'Restore it, or move it away and give --net, --num_classes and --width as flags.'


def config_path(logs_dir):
    """The path of the config of the run in logs_dir."""
    return os.path.join(logs_dir, 'config.json')


def save_config(logs_dir, net_config, flag_values):
    """Writes config.json: the net, its classes, flag_values ({name: resolved value}) and the versions."""
    import numpy
    import PIL

    from fcn8s.utils.tf1 import tf
    write_json(config_path(logs_dir), dict(
        describe_net(net_config), flags=flag_values, command=sys.argv,
        versions={'python': platform.python_version(), 'tensorflow': tf.version.VERSION,
                  'numpy': numpy.__version__, 'pillow': PIL.__version__}))


def describe_net(net_config):
    """A NetConfig as config.json holds it: a dict."""
    return {'net': net_config.net, 'num_classes': net_config.num_classes, 'width': net_config.width,
            'classes': [{'index': c.index, 'name': c.name, 'colour': list(c.colour)} for c in net_config.classes]}


def read_config(logs_dir):
    """The config of the run in logs_dir as a dict, or None if it has none."""
    path = config_path(logs_dir)
    if not os.path.exists(path):
        return None
    try:
        return parse_config(read_bounded(path, SMALL).decode('utf-8'), path)
    except (ValueError, OSError) as error:
        raise UserError(f'{path} cannot be read: {error}. {ADVICE}')


def parse_config(text, path, advice=ADVICE):
    """The config in a text as a dict; path and advice are for the message. Raises UserError if it is none."""
    try:
        config = json.loads(text, parse_int=_whole_number)
    except ValueError as error:
        raise UserError(f'{path} cannot be read: {error}. {advice}')
    except RecursionError:
        raise UserError(f'{path} cannot be read: its brackets are nested too deeply. {advice}')
    wrong = problems_of(config)
    if wrong:
        raise UserError(f'{path} is not the config of a training run: {"; ".join(wrong[:3])}. {advice}')
    return config


def config_of(checkpoint):
    """The config of the run that a checkpoint belongs to, or of a published net; None if there is none."""
    config, name = read_config(config_folder(checkpoint)), name_of(checkpoint)
    return published_config(name) if config is None and name else config


def flag_or_trained(value, config, name, default=None):
    """The value of a flag or, if that is None, of the training run; otherwise the default. config: from read_config."""
    return (config or {}).get('flags', {}).get(name, default) if value is None else value


def check_same_run(logs_dir, net_config):
    """Raises UserError if logs_dir holds checkpoints of another net or of other classes, which training would spoil.

    A folder without checkpoints passes.
    """
    config = read_config(logs_dir) if _holds_checkpoint(logs_dir) else None
    for key in FIXED if config else ():
        if config[key] != getattr(net_config, key):
            raise UserError(f'{logs_dir} holds a run with {key} {config[key]}, but {getattr(net_config, key)} was '
                            'given. Give another --logs_dir for the new run, or the same '
                            f'--{key} to resume the old one.')
    for old, new in zip(_classes(config), net_config.classes) if config else ():
        if old.name != new.name:
            raise UserError(f'{logs_dir} holds a run on other classes: class {old.index} is {old.name!r} there and '
                            f'{new.name!r} now. Give another --logs_dir for the new run (--init_from={logs_dir} takes '
                            f'its weights), or the old --data_dir. If {old.name!r} was only renamed, rename '
                            f'it in {config_path(logs_dir)} too.')


def trained_net(config, given, default_data_dir):
    """The NetConfig of a trained net, from config.json and the flags that override it.

    Args:
      config: dict from read_config, or None for a checkpoint without one.
      given: NetOverrides, or any object with its fields; or None.
      default_data_dir: names the classes if neither config nor data_dir does.

    Raises:
      UserError: config is None, and net or num_classes was not given.
    """
    given = given or NetOverrides()
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
    """int(digits), or ValueError for too many digits."""
    if len(digits) > 20:  # Python takes minutes for millions of digits
        raise ValueError(f'a number of {len(digits)} digits')
    return int(digits)


def _holds_checkpoint(logs_dir):
    return any(checkpoints_in(folder) for folder in (logs_dir, os.path.join(logs_dir, BEST)) if os.path.isdir(folder))


def _classes(config):
    return tuple(ClassInfo(c['index'], c['name'], tuple(c['colour'])) for c in config['classes'])


MAX_SHOWN = 60  # characters of a value in a message
FLAGS = {  # flags that testing takes from a run: (expected values in words, function that checks a value)
    'data_dir': ('text', lambda value: isinstance(value, str) and '\0' not in value),
    'ignore_label': ('null or 0 to 255', lambda value: value is None or is_whole(value, 0, 255)),
    'bad_data': ('text', lambda value: isinstance(value, str)),
    'max_side': ('null or at least 32', lambda value: value is None or is_whole(value, 32, 10 ** 6)),
}


def problems_of(config):
    """Lists what is wrong with the parsed content of a config.json, in words."""
    if not isinstance(config, dict):
        return [f'it holds {shown(config)}, expected names and values']
    num_classes, classes = config.get('num_classes'), config.get('classes')
    checks = [
        ('net', isinstance(config.get('net'), str), 'the name of a net'),
        ('num_classes', is_whole(num_classes, 2, MAX_CLASSES), f'2 to {MAX_CLASSES}'),
        ('width', is_number(config.get('width')) and 0.01 <= config['width'] <= 1, 'a number of 0.01 to 1'),
        ('classes', isinstance(classes, list) and len(classes) == num_classes, 'as many as num_classes'),
        ('flags', isinstance(config.get('flags'), dict), 'names and values'),
    ]
    wrong = [f'{name} is {shown(config.get(name))}, expected {expected}'
             for name, right, expected in checks if not right]
    if wrong:
        return wrong
    wrong = [f'class {index} is {shown(c)}, expected this index, a name, and a colour of three numbers 0 to 255'
             for index, c in enumerate(classes) if not is_class(c, index)]
    return wrong + [f'flag {name} is {shown(config["flags"][name])}, expected {expected}'
                    for name, (expected, right) in FLAGS.items()
                    if name in config['flags'] and not right(config['flags'][name])]


def is_class(value, index):
    """Whether a value describes the class of this index."""
    return (isinstance(value, dict) and is_whole(value.get('index'), index, index)
            and isinstance(value.get('name'), str) and value['name'].strip() != ''
            and isinstance(value.get('colour'), list) and len(value['colour']) == 3
            and all(is_whole(channel, 0, 255) for channel in value['colour']))


def is_whole(value, least, most):
    """Whether a value is a whole number within bounds; booleans are not."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_number(value):
    """Whether a value is a finite number; booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def shown(value):
    """A value for a message, shortened if it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + '...'
