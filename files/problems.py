"""Problems of files, each told once for all files that have it."""
import os
import re
import unicodedata

NAMED = 2  # files beside the one that the message names


def kind_of(problem, path):
    """A problem without what differs from file to file: the names of `path` and of its partner, and all numbers."""
    stem = os.path.splitext(os.path.basename(path))[0]
    stems = '|'.join(re.escape(unicodedata.normalize(form, stem)) for form in ('NFC', 'NFD'))
    problem = re.sub(r'(?:[^\s,;:(]*[/\\]|(?<![\w.-]))(?:' + stems + r')\.\w+', 'FILE', problem)
    return re.sub(r'#(?:, #)*(?: and # more)?', '#', re.sub(r'\d+(?:\.\d+)?', '#', problem))


def grouped(problems):
    """(path, problem) pairs -> a line for each kind of problem: the first in full, how many there are, two more names.

    problems: an iterable; the lines come in the order in which the kinds come first.
    """
    kinds = {}
    for path, problem in problems:
        kinds.setdefault(kind_of(problem, path), []).append((path, problem))
    return [_line([path for path, _ in alike], alike[0][1]) for alike in kinds.values()]


def _line(paths, problem):
    if len(paths) == 1:
        return problem
    more = f' and {len(paths) - 1 - NAMED} more' if len(paths) > 1 + NAMED else ''
    return f'{len(paths)} files alike: {problem} Also: {", ".join(paths[1:1 + NAMED])}{more}'
