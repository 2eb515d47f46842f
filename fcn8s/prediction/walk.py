"""Finds photos and films: walks folders to any depth and holds the names of one folder at a time."""
import collections
import os

from fcn8s.data.photos import PHOTO_EXTENSIONS
from fcn8s.prediction.film_reader import FILM_EXTENSIONS
from fcn8s.utils.errors import UserError

MAX_NAMED = 5  # other files that a note names
TEXTS = ('.md', '.txt')
ENDINGS = frozenset(PHOTO_EXTENSIONS + FILM_EXTENSIONS)
# The inputs whose results go to one folder. relative: its path from --output_dir, '' for that folder itself; sources:
# list of (folder, sorted names of photos and films in it)
Group = collections.namedtuple('Group', 'relative sources')
_Listing = collections.namedtuple('_Listing', 'inputs folders')  # lists of names in a folder


def walk(arguments, output_dir):
    """Yields a Group for each folder with photos or films at or below the arguments, in the order of names.

    Files named among the arguments, and those directly in folders named there, belong to the first Group. Each folder
    counts once, so links may go round in circles; hidden folders and output_dir are left out. Ends with a note about
    other files, except hidden and text files: they may be photos in an unsupported format.

    Raises:
      UserError: a path does not exist, a folder cannot be listed, or results would go among the inputs.
    """
    skipped, others, below = _identity(output_dir), _Others(), []
    sources_seen, targets_seen = {}, {_identity(output_dir)}  # {identity: path}, identities

    def is_new(folder):
        """Whether a folder is to be read: it is new, and not that of the results."""
        identity = _identity(folder)
        return identity != skipped and sources_seen.setdefault(identity, folder) is folder

    top = collections.OrderedDict()  # {absolute path of a folder: (the path as given, lists of names)}
    for argument in arguments:
        if os.path.isdir(argument):
            folder, listing = argument, _list(argument, others)
            if is_new(argument):
                below.append((argument, listing.folders))
            names = listing.inputs
        elif os.path.exists(argument):
            folder, name = os.path.split(argument)
            names = [name]
        else:
            raise UserError(f'{argument}: there is no such file or folder.')
        check_apart(f'--output_dir={output_dir}', output_dir, folder)
        top.setdefault(os.path.abspath(folder), (folder, []))[1].append(names)
    yield Group('', [(folder, lists[0] if len(lists) == 1 else sorted({name for names in lists for name in names}))
                     for folder, lists in top.values()])

    waiting = _next(below, '')
    while waiting:
        relative, folders = waiting.pop()
        listings = [(folder, _list(folder, others)) for folder in folders if is_new(folder)]
        if any(listing.inputs for _, listing in listings):
            targets_seen.add(_identity(os.path.join(output_dir, relative)))
            yield Group(relative, [(folder, listing.inputs) for folder, listing in listings])
        waiting.extend(_next([(folder, listing.folders) for folder, listing in listings], relative))
    for identity in targets_seen & set(sources_seen):
        raise _not_apart(f'--output_dir={output_dir}', sources_seen[identity])
    others.print_note()


def _next(below, relative):
    """[(relative path, folders of that path)] one level deeper, last name first; below: [(folder, its subfolders)]."""
    folders = collections.defaultdict(list)
    for folder, names in below:
        for name in names:
            folders[name].append(os.path.join(folder, name))
    return [(os.path.join(relative, name), folders[name]) for name in sorted(folders, reverse=True)]


def check_apart(flag, output_dir, folder):
    """Raises UserError if the results would go into the photos' folder, which may hold the user's own masks."""
    if os.path.isdir(output_dir or '.') and os.path.samefile(output_dir or '.', folder or '.'):
        raise _not_apart(flag, folder)


def _not_apart(flag, folder):
    return UserError(f'{flag} puts the results among the photos or films of {os.path.abspath(folder)}. They might '
                     'replace your own files, and the next run would segment them too. Give another folder.')


def _identity(folder):
    """What two paths of one folder have in common; the path itself if there is no such folder."""
    try:
        found = os.stat(folder)
    except OSError:
        return os.path.abspath(folder)
    return found.st_dev, found.st_ino


def _list(folder, others):
    """The _Listing of a folder; adds its other files to `others`."""
    inputs, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                ending = name[name.rfind('.'):].lower()
                if name[0] == '.':
                    continue
                # links with a photo's name are not followed: a look-up per photo of a million takes seconds
                if _is_folder(entry, follow_symlinks=ending not in ENDINGS):
                    folders.append(name)
                elif ending in ENDINGS:
                    inputs.append(name)
                elif ending not in TEXTS:
                    others.add(os.path.join(folder, name))
    except OSError as error:
        raise UserError(f'{folder}: the folder cannot be listed: {error.strerror}. Make it readable, move it away, or '
                        'name the folders beside it.') from error
    return _Listing(sorted(inputs), folders)


def _is_folder(entry, follow_symlinks):
    try:
        return entry.is_dir(follow_symlinks=follow_symlinks)
    except OSError:  # a link that leads round in a circle
        return False


class _Others:
    """Counts other files and keeps the first few names."""

    def __init__(self):
        self._count, self._first = 0, []

    def add(self, path):
        """Counts a file."""
        self._count += 1
        self._first = sorted(self._first + [path])[:MAX_NAMED]

    def print_note(self):
        """Prints a note, if there is any such file."""
        if self._count:
            more = f' and {self._count - len(self._first)} more' if self._count > len(self._first) else ''
            print(f'note: left out files in an unsupported format: {", ".join(self._first)}{more}')
