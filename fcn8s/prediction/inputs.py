"""Plans an inference run: the inputs, their output paths, and which outputs already exist."""
import collections
import os

from fcn8s.data.photos import PHOTO_EXTENSIONS, list_files
from fcn8s.prediction.film_reader import FILM_EXTENSIONS
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.visualize import IDS

MAX_NAMED = 5  # other files of a folder that a note names
TEXTS = ('.md', '.txt')
ALL_SHARDS = '1/1'
# path: of a photo, a film or a folder of frames; outputs: {'ids', 'view', 'legend' or 'softmax': path to write};
# error: why it cannot be segmented, or None
Input = collections.namedtuple('Input', 'path outputs error')


def find_inputs(arguments):
    """Paths of the photos and films named on the command line; those of a folder are sorted by name.

    Prints a note about other files in a folder, except hidden and text files: they may be photos in an unsupported
    format.
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
    unique = collections.OrderedDict()
    for path in paths:  # by path, not by link target: a link with another name counts as another photo
        unique.setdefault(os.path.abspath(path), path)
    return list(unique.values())


def _note_others(folder, found):
    others = sorted(set(os.listdir(folder)) - {os.path.basename(path) for path in found})
    others = [name for name in others if not name.startswith('.') and not name.lower().endswith(TEXTS)]
    if others:
        more = f' and {len(others) - MAX_NAMED} more' if len(others) > MAX_NAMED else ''
        print(f'note: {folder}: left out (folders, or files in an unsupported format): '
              f'{", ".join(others[:MAX_NAMED])}{more}')


def is_photo(item):
    """Whether an Input is a photo, not a film."""
    return 'ids' in item.outputs


def count_inputs(inputs):
    """Counts Inputs in words: '3 photos and 1 film', or 'no photo'."""
    photos = sum(map(is_photo, inputs))
    counts = (photos, 'photo'), (len(inputs) - photos, 'film')
    return ' and '.join(f'{count} {kind}{"s" if count > 1 else ""}' for count, kind in counts if count) or 'no photo'


def plan(paths, output_dir, view, softmax):
    """Returns a list with an Input for each path.

    An Input gets an error if its outputs belong to an earlier one or would replace a photo or film.

    Args:
      paths: the photos and films, as find_inputs returns them.
      output_dir: folder of the results.
      view: a key of VIEWS, or IDS.
      softmax: whether to save the photos' probabilities too.

    Raises:
      UserError: output_dir is a folder that holds one of the paths.
    """
    for folder in sorted({os.path.dirname(path) for path in paths}):
        _check_apart(f'--output_dir={output_dir}', output_dir, folder)
    sources = {os.path.realpath(path) for path in paths}
    inputs, owner_of = [], {}
    for path in paths:
        outputs = _outputs(path, output_dir, view, softmax)
        error = None
        for output in outputs.values():
            owner = owner_of.setdefault(output.lower(), path)  # some file systems ignore case
            if owner != path:
                error = (f'{path}: {owner} has the same name, so its results would be replaced. Rename one, or give '
                         'each its own --output_dir.')
            if os.path.realpath(output) in sources:
                error = f'{path}: its result would replace the photo {output}. Give another --output_dir.'
        inputs.append(Input(path, outputs, error))
    return inputs


def _check_apart(flag, output_dir, folder):
    """Raises UserError if the results would go into the photos' folder, which may hold the user's own masks."""
    if os.path.isdir(output_dir or '.') and os.path.samefile(output_dir or '.', folder or '.'):
        raise UserError(f'{flag} puts the results among the photos or films of {os.path.abspath(folder)}. They might '
                        'replace your own files, and the next run would segment them too. Give another folder.')


def folder_film(arguments, path, skip_done=False):
    """The Input that turns one folder of frames into the film `path`.

    Raises UserError unless `arguments` is one folder and `path` an .mp4 outside it; also if the film or its legend
    exists. With skip_done both may exist: an earlier run made them.
    """
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        raise UserError(f'--film={path}: name one folder of frames, found {" ".join(arguments)}.')
    if not path.lower().endswith('.mp4'):
        raise UsageError(f'--film={path}: films are written as .mp4; change the ending.')
    _check_apart(f'--film={path}', os.path.dirname(path), arguments[0])
    item = Input(arguments[0], _film_outputs(path), None)
    existing = list(filter(os.path.exists, item.outputs.values()))
    if existing and not (skip_done and len(existing) == len(item.outputs)):
        raise UserError(f'--film={path}: {existing[0]} exists already. Move it away, or give another name.')
    return item


def select_shard(inputs, shard):
    """Inputs number i, i + n, i + 2n, ... for the shard 'i/n', i from 1 to n. Raises UsageError for other text."""
    try:
        i, n = map(int, shard.split('/'))
    except ValueError:
        i = n = 0
    if not 1 <= i <= n:
        raise UsageError(f'--shard={shard}: expected i/n with i from 1 to n, such as 2/8 for the second of eight '
                         'parts.')
    return inputs[i - 1::n]


def is_done(item, checkpoint):
    """Whether all results exist and none is older than the input (or its frames) or the checkpoint.

    Always False for an input with an error: files under its output names belong to another input.
    """
    if item.error:
        return False
    try:
        checkpoint_file = checkpoint if os.path.exists(checkpoint) else checkpoint + '.index'
        oldest = min(map(os.path.getmtime, item.outputs.values()))
        frames = list_files(item.path, PHOTO_EXTENSIONS) if os.path.isdir(item.path) else []
        return oldest >= max(map(os.path.getmtime, [item.path, checkpoint_file] + frames))
    except OSError:
        return False


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


def check_film_flags(film, shard, fps):
    """Raises UsageError for --shard with --film, and for --fps without it. fps: None if it is not given."""
    if film and shard != ALL_SHARDS:
        raise UsageError(f'--shard={shard} divides photos and films among computers, but --film makes one film. '
                         'Leave one out.')
    if fps is not None and not film:
        raise UsageError(f'--fps={fps:g} is for --film, which makes a film from a folder of frames; film files keep '
                         'their own rate. Leave --fps out.')


def check_films(films, view, softmax):
    """Raises UsageError if there are films (Inputs) and --softmax or --view=ids, which are for photos."""
    if softmax and films:
        raise UsageError(f'--softmax saves the probabilities of photos; leave it out, or {films[0].path}.')
    if view == IDS and films:
        raise UsageError(f'--view=ids writes the ids of photos; leave it out, or {films[0].path}.')
