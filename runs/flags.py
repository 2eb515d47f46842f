"""Flags: those that scripts share, declared once, and what every script does with its command line.

absl.flags is what tf.flags stands for; taken from absl itself, --help need not wait for TensorFlow.
"""
import math
import os
import sys
import textwrap

from absl import flags

from files.errors import UsageError
from files.home import expand_home
from files.script import EXIT_CODES
from TensorflowUtils import use_version_1

UNSET = None  # the default of flags whose value comes from the run's config.json


def define_net_flags(flag_values, default_net=UNSET):
    """--net, --num_classes and --width. Without a default they come from the config.json of the run."""
    given = {'flag_values': flag_values, 'module_name': 'net'}
    unless = '' if default_net else ' (default: as the run in logs_dir was trained)'
    flags.DEFINE_string('net', default_net, 'row of NETS to build; python FCN_model.py lists them' + unless, **given)
    classes_default = 'the lines of classes.csv' if default_net else 'as trained'
    flags.DEFINE_integer('num_classes', UNSET, f'number of classes, 0 = "others" included (default: {classes_default})',
                         2, 256, **given)
    flags.DEFINE_float('width', 1. if default_net else UNSET, 'every hidden layer has this part of its published '
                       'channels; 0.25 trains on a laptop, but no published weights fit it' + unless,
                       0.01, 1., **given)


def define_prediction_flags(flag_values, logs_dir, more=''):
    """What FCN_test and FCN_infer need to find a trained net and predict with it; more: to be said of --logs_dir."""
    given = {'flag_values': flag_values, 'module_name': 'checkpoint'}
    flags.DEFINE_string('logs_dir', logs_dir, 'folder of the training run to use' + more, **given)
    flags.DEFINE_string('checkpoint', '', 'checkpoint to use: a prefix such as logs/model.ckpt-500, one of its files, '
                        'a folder, or "best" for the best on validation (default: the last in logs_dir)', **given)
    flags.DEFINE_string('data_dir', UNSET, 'data set whose photos or classes.csv to use (default: as trained)',
                        flag_values=flag_values, module_name='data')
    flags.DEFINE_boolean('predict_class_0', True, '--nopredict_class_0 leaves class 0 out of the argmax, so that every '
                         'pixel gets one of the named classes', flag_values=flag_values, module_name='prediction')


def parse(flag_values, argv, doc, takes_paths=False):
    """Parses the command line argv (its first entry the script's name); returns what is no flag, of takes_paths.

    Nothing is left of an earlier command line in the same process, and TensorFlow behaves as version 1 from here on.
    --help prints doc and the flags and exits with 0; a wrong flag, or what is none, raises UsageError.
    """
    if any(argument in ('-h', '-help', '--help') for argument in argv[1:]):
        print(doc.strip() + '\n' + help_text(flag_values) + '\n' + EXIT_CODES)
        sys.exit(0)
    use_version_1()
    flag_values.unparse_flags()
    try:
        arguments = flag_values(argv)[1:]
    except flags.Error as error:
        raise UsageError(f'{error}\n{os.path.basename(argv[0])} --help lists the flags.')
    for name in flag_values:
        if isinstance(flag_values[name].value, str):  # no value but a path begins with ~
            flag_values[name].value = expand_home(flag_values[name].value)
    for name in flag_values:  # nan is within all bounds
        if isinstance(flag_values[name].value, float) and not math.isfinite(flag_values[name].value):
            raise UsageError(f'--{name}={flag_values[name].value}: expected a finite number.')
    if arguments and not takes_paths:
        raise UsageError(f'{" ".join(arguments)}: expected flags alone, such as --data_dir=my_data; a value with '
                         f'blanks stands in quotes.\n{os.path.basename(argv[0])} --help lists the flags.')
    return [expand_home(argument) for argument in arguments]


def help_text(flag_values):
    """The flags with their defaults, in the groups and the order in which they were declared."""
    lines = []
    for group, members in flag_values.flags_by_module_dict().items():
        lines.append(f'\n{group}:')
        for flag in members:
            shown = '' if flag.default is None or flag.default == '' else f' (default: {flag.default})'
            lines.append(f'  --{flag.name}')
            lines.extend(textwrap.wrap(flag.help + shown, 96, initial_indent=' ' * 8, subsequent_indent=' ' * 8))
    return '\n'.join(lines)
