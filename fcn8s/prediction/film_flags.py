"""What films, and --film, which makes one of a folder of frames, demand of the command line."""
import os

from fcn8s.prediction.inputs import Input
from fcn8s.prediction.outputs import film_outputs
from fcn8s.prediction.walk import check_apart
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.visualize import IDS


def folder_film(arguments, path, skip_done=False):
    """The Input that turns one folder of frames into the film `path`.

    Raises UserError unless `arguments` is one folder and `path` an .mp4 outside it; also if the film or its legend
    exists. With skip_done both may exist: an earlier run made them.
    """
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        raise UserError(f'--film={path}: name one folder of frames, found {" ".join(arguments)}.')
    if not path.lower().endswith('.mp4'):
        raise UsageError(f'--film={path}: films are written as .mp4; change the ending.')
    check_apart(f'--film={path}', os.path.dirname(path), arguments[0])
    item = Input(arguments[0], film_outputs(path), None)
    existing = list(filter(os.path.exists, item.outputs.values()))
    if existing and not (skip_done and len(existing) == len(item.outputs)):
        raise UserError(f'--film={path}: {existing[0]} exists already. Move it away, or give another name.')
    return item


def check_film_flags(film, shard, list_path, fps):
    """Raises UsageError for --shard or --list with --film, and for --fps without it. Flags not given are None."""
    for name, value in ('shard', shard), ('list', list_path):
        if film and value:
            raise UsageError(f'--{name}={value} is for photos and films, but --film makes one film of a folder of '
                             'frames. Leave one out.')
    if fps is not None and not film:
        raise UsageError(f'--fps={fps:g} is for --film, which makes a film from a folder of frames; film files keep '
                         'their own rate. Leave --fps out.')


def check_films(films, view, softmax):
    """Raises UsageError if there are films (Inputs) and --softmax or --view=ids, which are for photos."""
    if softmax and films:
        raise UsageError(f'--softmax saves the probabilities of photos; leave it out, or {films[0].path}.')
    if view == IDS and films:
        raise UsageError(f'--view=ids writes the ids of photos; leave it out, or {films[0].path}.')
