"""What a config.json must hold: it may be somebody else's, damaged, or changed by hand."""
import math

from read_data import MAX_CLASSES

LONGEST = 60  # letters of a value that a message shows
FLAGS = {  # those that testing takes from a run: what they may be, in words, and whether a value is that
    'data_dir': ('text', lambda value: isinstance(value, str) and '\0' not in value),
    'ignore_label': ('null or 0 to 255', lambda value: value is None or is_whole(value, 0, 255)),
    'bad_data': ('text', lambda value: isinstance(value, str)),
}


def problems_of(config):
    """List of what is wrong with the parsed content of a config.json, in words."""
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
    """Whether a value is the entry of the class of this index."""
    return (isinstance(value, dict) and is_whole(value.get('index'), index, index)
            and isinstance(value.get('name'), str) and value['name'].strip() != ''
            and isinstance(value.get('colour'), list) and len(value['colour']) == 3
            and all(is_whole(channel, 0, 255) for channel in value['colour']))


def is_whole(value, least, most):
    """Whether a value is a whole number within bounds; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_number(value):
    """Whether a value is a finite number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def shown(value):
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + '...'
