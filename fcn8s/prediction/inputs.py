"""Plans an inference run: the inputs, their output paths, and which outputs already exist."""
import collections
import os
import sys

from fcn8s.data.photos import PHOTO_EXTENSIONS, list_files
from fcn8s.prediction.film_reader import FILM_EXTENSIONS
from fcn8s.prediction.outputs import Collisions, is_film_name, outputs_of
from fcn8s.prediction.walk import check_apart, walk
from fcn8s.utils.errors import UserError

STDIN = '-'
# path: of a photo, a film or a folder of frames; outputs: {'ids', 'view', 'legend' or 'softmax': path to write};
# error: why it cannot be segmented, or None
Input = collections.namedtuple('Input', 'path outputs error')


def is_photo(item):
    """Whether an Input is a photo, not a film."""
    return 'ids' in item.outputs


class Plan:
    """The photos and films of one shard. Iterating over it makes the photos' Inputs one by one.

    Attributes:
      photos: number of photos; None while it is unknown, because they come from standard input.
      films: list of Inputs. With a list of paths it is complete only after the iteration.
      output_folders: those known before the iteration.
    """

    def __init__(self, inputs, photos, films, output_folders):
        """inputs: iterable of the photos' Inputs."""
        self._inputs, self.photos, self.films, self.output_folders = inputs, photos, films, output_folders

    def __iter__(self):
        return iter(self._inputs)

    def describe(self):
        """Counts in words: '3 photos and 1 film', or 'no photo'."""
        if self.photos is None:
            return 'photos from standard input'
        counts = (self.photos, 'photo'), (len(self.films), 'film')
        return ' and '.join(f'{count:,} {kind}{"s" if count > 1 else ""}' for count, kind in counts if count) or \
            'no photo'


def plan_folders(arguments, results, shard):
    """Plans the photos and films named on the command line and those at any depth below folders named there.

    Results keep the sub-folders. An Input gets an error if its outputs belong to another one, or it is a link into
    output_dir, where a result might replace what it leads to. Nothing is looked up per photo before the iteration.

    Args:
      arguments: paths of files and folders.
      results: the run's Results.
      shard: a Shard.

    Returns:
      A Plan with the shard's part: numbers index, index + count, ... of all inputs in order.

    Raises:
      UserError: as fcn8s.prediction.walk.walk does, and if there is no photo or film at all.
    """
    chunks, films, number, collisions = [], [], 0, Collisions(results)
    for group in walk(arguments, results.output_dir):
        kept = []
        for folder, names in group.sources:
            kept.append((folder, names[(shard.index - number) % shard.count::shard.count]))
            number += len(names)
        owners = collisions.find(group.sources, kept)
        target = os.path.join(results.output_dir, group.relative)
        for folder, names in kept:
            films += [_input(os.path.join(folder, name), target, results, owners) for name in names
                      if is_film_name(name)]
            chunks.append((folder, target, [name for name in names if not is_film_name(name)], owners))
    if not number:
        raise UserError(f'no photos or films in {", ".join(map(os.path.abspath, arguments))}. Put some there '
                        f'({" ".join(PHOTO_EXTENSIONS + FILM_EXTENSIONS)}), or name files or folders on the command '
                        'line.')
    photos = sum(len(names) for _, _, names, _ in chunks)
    return Plan(_Photos(chunks, results), photos, films, sorted({target for _, target, _, _ in chunks}))


class _Photos:
    """An iterable of Inputs from lists of names, which take a tenth of their memory."""

    def __init__(self, chunks, results):
        """chunks: list of (folder, folder of its results, names, as Collisions.find returns)."""
        self._chunks, self._results = chunks, results

    def __iter__(self):
        for folder, target, names, owners in self._chunks:
            for name in names:
                yield _input(os.path.join(folder, name), target, self._results, owners)


def _input(path, target, results, owners):
    error = None
    if path in owners:
        error = (f'{path}: {owners[path]} has the same name, so its results would be replaced. Rename one, or give '
                 'each its own --output_dir.')
    elif os.path.islink(path) and _is_below(os.path.realpath(path), os.path.realpath(results.output_dir)):
        error = (f'{path}: its result would replace the photo {os.path.realpath(path)}, to which it is a link. Give '
                 'another --output_dir.')
    return Input(path, outputs_of(path, target, results), error)


def _is_below(path, folder):
    return path.startswith(os.path.join(folder, ''))


def plan_list(path, results, shard):
    """Plans the paths in a text file, or from standard input for '-', one per line; blank lines are skipped.

    Results keep the folders of relative paths, and of absolute ones too: those of a/b/street.jpg and /a/b/street.jpg
    both go to output_dir/a/b. Lines are read as their photos are needed; films come last. Otherwise as plan_folders.
    Raises UserError if the file cannot be read or lists nothing.
    """
    films = []
    if path == STDIN:
        return Plan(_listed(sys.stdin.buffer, results, shard, films), None, films, [results.output_dir])
    names = (line.strip().lower() for line in _lines(path))
    are_films = [name.endswith(tuple(map(os.fsencode, FILM_EXTENSIONS))) for name in names if name]
    if not are_films:
        raise UserError(f'--list={path} lists no photos; expected a path on each line.')
    kept = are_films[shard.index::shard.count]
    return Plan(_listed(_lines(path), results, shard, films), len(kept) - sum(kept), films, [results.output_dir])


def _lines(path):
    try:
        with open(path, 'rb') as lines:
            yield from lines
    except OSError as error:
        raise UserError(f'--list={path} cannot be read: {error.strerror}.') from error


def _listed(lines, results, shard, films):
    """Yields the Inputs of photos in the shard's lines; appends those of films to `films`."""
    paths = filter(None, (os.fsdecode(line.strip()) for line in lines))
    stems = set()  # hashes of all lines' output stems, 70 bytes each
    for number, path in enumerate(paths):
        relative = _relative_folder(path)
        stem = hash(os.path.join(relative, os.path.splitext(os.path.basename(path))[0]).lower())
        if number % shard.count == shard.index:
            target = os.path.join(results.output_dir, relative)
            check_apart(f'--output_dir={results.output_dir}', target, os.path.dirname(path))
            item = _input(path, target, results, {path: 'an earlier line'} if stem in stems else {})
            if is_film_name(path):
                films.append(item)
            else:
                yield item
        stems.add(stem)


def _relative_folder(path):
    """The folder of a listed path below output_dir: without drive, leading slash and '..'."""
    folder = os.path.normpath(os.path.dirname(path))
    if folder.split(os.sep)[0] == os.pardir:
        folder = os.path.abspath(folder)
    folder = os.path.splitdrive(folder)[1].lstrip(os.sep)
    return '' if folder == os.curdir else folder


def done_checker(checkpoint):
    """Returns a function: whether all results of an Input exist and none is older than it or the checkpoint.

    The frames of a folder count too. False for an Input with an error: files under its output names belong to another.
    """
    try:
        trained = os.path.getmtime(checkpoint if os.path.exists(checkpoint) else checkpoint + '.index')
    except OSError:
        return lambda item: False

    def is_done(item):
        if item.error:
            return False
        try:
            oldest = min(map(os.path.getmtime, item.outputs.values()))
            frames = list_files(item.path, PHOTO_EXTENSIONS) if os.path.isdir(item.path) else []
            return oldest >= max([trained, os.path.getmtime(item.path)] + list(map(os.path.getmtime, frames)))
        except OSError:
            return False
    return is_done
