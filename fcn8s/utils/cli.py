"""The command line: flags, help, and paths that begin with ~."""
import argparse
import functools
import math
import os
import sys
import textwrap
import types

from absl import flags

from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.script import EXIT_CODES
from fcn8s.utils.tf1 import use_version_1


def flag_group(values, heading):
    """The DEFINE functions of absl.flags for one heading of --help: .string(name, default, help), .integer, ..."""
    given = {'flag_values': values, 'module_name': heading}
    return types.SimpleNamespace(**{kind: functools.partial(getattr(flags, 'DEFINE_' + kind), **given)
                                    for kind in ('string', 'integer', 'float', 'boolean', 'enum')})


def with_defaults(values, defaults):
    """values, with {flag's name: default} set in it."""
    for name, default in defaults.items():
        values.set_default(name, default)
    return values


def parse(flag_values, argv, doc, takes_paths=False):
    """Parses the command line argv, which starts with the script's name; returns the positional arguments.

    Flags of an earlier command line in the same process are forgotten, and TensorFlow behaves as version 1 from now on.
    --help prints doc and the flags and exits with 0. Raises UsageError for a wrong flag, and for positional arguments
    unless takes_paths.
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
        if isinstance(flag_values[name].value, str):  # only paths begin with ~
            flag_values[name].value = expand_home(flag_values[name].value)
    for name in flag_values:  # NaN passes all bounds
        if isinstance(flag_values[name].value, float) and not math.isfinite(flag_values[name].value):
            raise UsageError(f'--{name}={flag_values[name].value}: expected a finite number.')
    if arguments and not takes_paths:
        raise UsageError(f'{" ".join(arguments)}: expected flags alone, such as --data_dir=my_data; a value with '
                         f'spaces needs quotes.\n{os.path.basename(argv[0])} --help lists the flags.')
    return [expand_home(argument) for argument in arguments]


def help_text(flag_values):
    """The flags with their defaults, in the groups and order of their declaration."""
    lines = []
    for group, members in flag_values.flags_by_module_dict().items():
        lines.append(f'\n{group}:')
        for flag in members:
            shown = '' if flag.default is None or flag.default == '' else f' (default: {flag.default})'
            lines.append(f'  --{flag.name}')
            lines.extend(textwrap.wrap(flag.help + shown, 96, initial_indent=' ' * 8, subsequent_indent=' ' * 8))
    return '\n'.join(lines)


def expand_home(path):
    """`path` with a leading ~ or ~USER replaced by the home folder.

    Raises UserError for ~USER/... if there is no such user, unless a folder of that very name exists.
    """
    expanded = os.path.expanduser(path)
    first, behind = _parts(path)
    if expanded == path and first.startswith('~') and behind and not os.path.isdir(first):
        raise UserError(f'{path}: this system has no user {first[1:]!r} whose home folder {first} could be. Write the '
                        f'path out, or {os.path.join(".", path)} for a folder that is named {first}.')
    if expanded != path and os.path.exists(path):
        print(f'note: {path} is taken as {expanded}. The file or folder of that very name is '
              f'{os.path.join(".", path)}.')
    return expanded


def path_argument(text):
    """An argparse type: a path, with its ~ expanded."""
    try:
        return expand_home(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(error)


def _parts(path):
    """(first part of a path, whether more follows)."""
    first = path.replace(os.sep, '/').split('/')[0]
    return first, len(first) < len(path)
