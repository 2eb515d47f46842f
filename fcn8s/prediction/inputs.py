"""Plans an inference run: the inputs, their output paths, and which outputs already exist."""
import collections
import os

from fcn8s.data.photos import PHOTO_EXTENSIONS, list_files
from fcn8s.prediction.film_reader import FILM_EXTENSIONS
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.visualize import IDS

SHOWN, TEXTS = 5, ('.md', '.txt')
# path: of a photo or film; outputs: {'ids', 'view', 'legend', 'softmax': path}, those that will be written;
# error: why it cannot be segmented, or None
Input = collections.namedtuple('Input', 'path outputs error')


def find_inputs(arguments):
    """Paths of the photos and films named on the command line; those of a folder are sorted by name.

    Notes any other files in the folder (except hidden and text files): they may be photos in an unsupported format.
    Raises UserError if a path does not exist or no photo is found.
    """
    paths = []
    for argument in arguments:
        if os.path.isdir(argument):
            found = list_files(argument, PHOTO_EXTENSIONS + FILM_EXTENSIONS)
            _note_others(argument, found)
            paths.extend(found)
        elif os.path.exists(argument):
            paths.append(argument)
        else:
            raise UserError(f'{argument}: there is no such file or folder.')
    if not paths:
        raise UserError(f'no photos or films in {", ".join(map(os.path.abspath, arguments))}. Put some there '
                        f'({" ".join(PHOTO_EXTENSIONS + FILM_EXTENSIONS)}), or name files or folders on the command '
                        'line.')
    first = collections.OrderedDict()
    for path in paths:  # by path, not by link target: links with other names are other photos
        first.setdefault(os.path.abspath(path), path)
    return list(first.values())


def _note_others(folder, found):
    others = sorted(set(os.listdir(folder)) - {os.path.basename(path) for path in found})
    others = [name for name in others if not name.startswith('.') and not name.lower().endswith(TEXTS)]
    if others:
        more = f' and {len(others) - SHOWN} more' if len(others) > SHOWN else ''
        print(f'note: {folder}: left out, for no photo or film that can be read, or a folder: '
              f'{", ".join(others[:SHOWN])}{more}')


def is_photo(item):
    """Whether an Input is a photo, not a film."""
    return 'ids' in item.outputs


def plan(paths, output_dir, view, softmax):
    """An Input for each path; with an error if its outputs are another input's, or would replace an input.

    Raises UserError where the results would go into a folder that a path lies in.
    """
    for folder in sorted({os.path.dirname(path) for path in paths}):
        _check_apart(f'--output_dir={output_dir}', output_dir, folder)
    inputs = {os.path.realpath(path) for path in paths}
    items, owner_of = [], {}
    for path in paths:
        outputs = _outputs(path, output_dir, view, softmax)
        error = None
        for output in outputs.values():
            owner = owner_of.setdefault(output.lower(), path)  # some file systems ignore case
            if owner != path:
                error = (f'{path}: {owner} has the same name and its results would be replaced. Rename one, or infer '
                         'them into different --output_dir.')
            if os.path.realpath(output) in inputs:
                error = f'{path}: its result would replace the photo {output}. Give another --output_dir.'
        items.append(Input(path, outputs, error))
    return items


def _check_apart(flag, output_dir, folder):
    """Raises UserError if the results would go into the photos' folder, which may hold the user's own masks."""
    if os.path.isdir(output_dir or '.') and os.path.samefile(output_dir or '.', folder or '.'):
        raise UserError(f'{flag} puts the results among the photos or films of {os.path.abspath(folder)}. They might '
                        'replace files of yours, and would be taken for photos the next time. Give another folder.')


def folder_film(arguments, path, skip_done=False):
    """The Input that makes the film `path` from one folder of frames.

    Raises UserError where the arguments are something else, and for a path that is no .mp4 or would stand among the
    frames; also where a result is there already, but with skip_done not where both are, which an earlier run made.
    """
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        raise UserError(f'--film={path}: name one folder of frames, found {" ".join(arguments)}.')
    if not path.lower().endswith('.mp4'):
        raise UsageError(f'--film={path}: films are written as .mp4; change the ending.')
    _check_apart(f'--film={path}', os.path.dirname(path), arguments[0])
    item = Input(arguments[0], _film_outputs(path), None)
    there = list(filter(os.path.exists, item.outputs.values()))
    if there and not (skip_done and len(there) == len(item.outputs)):
        raise UserError(f'--film={path}: {there[0]} is there already. Move it away, or give another name.')
    return item


def select_shard(items, shard):
    """Of a shard 'i/n', i from 1 to n: items i, i + n, i + 2n, ... Raises UsageError for any other text."""
    try:
        i, n = map(int, shard.split('/'))
    except ValueError:
        i = n = 0
    if not 1 <= i <= n:
        raise UsageError(f'--shard={shard}: expected i/n with i from 1 to n, such as 2/8 for the second of eight '
                         'parts.')
    return items[i - 1::n]


def is_done(item, checkpoint):
    """Whether all results exist and none is older than the input (or its frames) or the checkpoint.

    Always False for an input with an error: files under its output names belong to another input.
    """
    if item.error:
        return False
    try:
        oldest = min(map(os.path.getmtime, item.outputs.values()))
        frames = list_files(item.path, PHOTO_EXTENSIONS) if os.path.isdir(item.path) else []
        return oldest >= max(map(os.path.getmtime, [item.path, _file_of(checkpoint)] + frames))
    except OSError:
        return False


def _file_of(checkpoint):
    return checkpoint if os.path.exists(checkpoint) else checkpoint + '.index'


def _outputs(path, output_dir, view, softmax):
    stem = os.path.join(output_dir, os.path.splitext(os.path.basename(path))[0])
    if path.lower().endswith(FILM_EXTENSIONS):
        return _film_outputs(f'{stem}_{view}.mp4')
    outputs = collections.OrderedDict(ids=stem + '.png')
    if view != IDS:
        outputs.update(view=f'{stem}_{view}.jpg', legend=stem + '_legend.png')
    if softmax:
        outputs['softmax'] = stem + '_softmax.npz'
    return outputs


def _film_outputs(path):
    return collections.OrderedDict(view=path, legend=os.path.splitext(path)[0] + '_legend.png')


ALL_SHARDS = '1/1'  # shards


def check_film_flags(film, shard, fps):
    """Raises UsageError for flags that would have no effect with --film, or without it; fps: None if not given."""
    if film and shard != ALL_SHARDS:
        raise UsageError(f'--shard={shard} divides photos and films, but --film makes one film. Leave one out.')
    if fps is not None and not film:
        raise UsageError(f'--fps={fps:g} is for --film, which makes a film of a folder of frames; a film file keeps '
                         'its own rate. Leave --fps out.')


def check_films(films, view, softmax):
    """Rejects films if --softmax or --view=ids is given: both are for photos. films: Inputs."""
    if softmax and films:
        raise UsageError(f'--softmax saves the probabilities of photos; leave it out, or {films[0].path}.')
    if view == IDS and films:
        raise UsageError(f'--view=ids writes the ids of photos; leave it out, or {films[0].path}.')
