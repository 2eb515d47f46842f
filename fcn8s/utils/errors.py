"""Exceptions with messages for the user, and the grouping of such messages."""
import os
import re
import unicodedata


class UserError(Exception):
    """Something the user can fix: a file, a flag, a folder.

    Its message names what was found, what was expected and the fix. The scripts print it without a
    traceback and exit with 1; any other exception is a bug and keeps its traceback.
    """


class UsageError(UserError):
    """A command line that is wrong whatever the files hold; the scripts exit with 2."""


class DataError(UserError):
    """A data folder, or a file of one, that cannot be used as it is."""


class ArchiveError(UserError):
    """The archive is damaged, hostile or does not fit, or its target is taken."""


def some_of(names, most=5):
    """'a, b and 3 more': the first of a list of anything, and the number of the others; '' for an empty one."""
    names = list(names)
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(map(str, names[:most])) + more


NAMED = 2  # files in addition to the one that the message names


def kind_of(problem, path):
    """A problem without its file-specific parts: the names of `path` and its partner, and all numbers."""
    stem = os.path.splitext(os.path.basename(path))[0]
    stems = '|'.join(re.escape(unicodedata.normalize(form, stem)) for form in ('NFC', 'NFD'))
    problem = re.sub(r'(?:[^\s,;:(]*[/\\]|(?<![\w.-]))(?:' + stems + r')\.\w+', 'FILE', problem)
    return re.sub(r'#(?:, #)*(?: and # more)?', '#', re.sub(r'\d+(?:\.\d+)?', '#', problem))


def grouped(problems):
    """(path, problem) pairs -> a line for each kind of problem: the first in full, how many there are, two more names.

    problems: an iterable; the lines keep the order in which the kinds first occur.
    """
    kinds = {}
    for path, problem in problems:
        kinds.setdefault(kind_of(problem, path), []).append((path, problem))
    return [_line([path for path, _ in alike], alike[0][1]) for alike in kinds.values()]


def _line(paths, problem):
    if len(paths) == 1:
        return problem
    return f'{len(paths)} files alike: {problem} Also: {some_of(paths[1:], NAMED)}'
