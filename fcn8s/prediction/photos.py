"""Segments photos: reads, predicts and writes them, with each stage working on a different photo."""
import collections
import functools

import numpy as np
from tqdm import tqdm

from fcn8s.data.photos import pixels_of, read_photo
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file, is_full_disk
from fcn8s.utils.progress import progress
from fcn8s.utils.threads import ordered_map
from fcn8s.visualize import IDS, VIEWS, describe, legend, palette, save_ids, save_picture

OUT_OF_MEMORY = 'memory ran out. Use --tile=768, which bounds it, or --max_side=1024.'
PROBABILITIES_OUT_OF_MEMORY = (
    'memory ran out. --softmax, --scales and --flip need 4 bytes per class and pixel of the image that the net gets, '
    'which --max_side=1024 makes smaller, and --softmax 2 more per class and pixel of the photo. Leave them '
    'out, or scale the photo down.')
# photo: uint8 [H, W, 3]; ids: uint8 [H, W]; softmax: float16 [H, W, N], only if asked for; error: a message. Each is
# None until it is known; after an error the rest stays None.
Result = collections.namedtuple('Result', 'item photo ids softmax error')


def infer_photos(items, segmenter, classes, view, softmax, errors):
    """Segments photos and prints a line about each.

    Args:
      items: Inputs, photos only.
      segmenter: a Segmenter.
      classes: list of ClassInfo, the names and colours to show.
      view: a key of VIEWS, or IDS.
      softmax: whether to save the probabilities too.
      errors: list that gets a message for each photo that fails, also before an exception.

    Raises:
      UserError: the disk is full.
    """
    predicted = _predict(segmenter, ordered_map(_read, items, 2, 4, lambda item: pixels_of(item.path)), softmax)
    finish = functools.partial(_write, classes=classes, view=view)
    ahead = 0 if softmax else 2  # probabilities are too large to queue
    for error, line in progress(ordered_map(finish, predicted, 1, ahead, _pixels), total=len(items), unit='photo',
                                disable=not items):
        if error:
            errors.append(error)
        else:
            tqdm.write(line)


def out_of_memory(probabilities):
    """A message with advice; probabilities: whether the whole photo's are held in memory."""
    return PROBABILITIES_OUT_OF_MEMORY if probabilities else OUT_OF_MEMORY


def _read(item):
    """Reads a photo: returns a Result with the photo or an error."""
    result = Result(item, None, None, None, item.error)
    if result.error:
        return result
    try:
        return result._replace(photo=read_photo(item.path))
    except UserError as error:
        return result._replace(error=str(error))


def _pixels(result):
    return 0 if result.photo is None else result.photo.shape[0] * result.photo.shape[1]


def _predict(segmenter, results, softmax):
    """Yields each Result with its ids, and its probabilities if `softmax`; or with an error."""
    for batch in segmenter.batches(results, lambda result: None if softmax else result.photo):
        yield from _predict_batch(segmenter, batch, softmax)


def _predict_batch(segmenter, results, softmax):
    """Predicts a list of Results as `_predict` does. Those with an error, and all if `softmax`, come one at a time."""
    if results[0].error:
        return results
    try:
        if softmax:
            ids, probabilities = segmenter.predict_both(results[0].photo, np.float16)
            return [results[0]._replace(ids=ids, softmax=probabilities)]
        batch_ids = segmenter.predict([result.photo for result in results])
        return [result._replace(ids=ids) for result, ids in zip(results, batch_ids)]
    except (UserError, MemoryError) as error:
        if len(results) > 1:  # one bad photo must not fail the whole batch
            return [_predict_batch(segmenter, [result], softmax)[0] for result in results]
        reason = error if isinstance(error, UserError) else out_of_memory(softmax or segmenter.averages)
        return [results[0]._replace(error=f'{results[0].item.path}: {reason}')]


def _write(result, classes, view):
    """Writes a photo's outputs; returns (error message or None, line that describes the photo).

    Raises UserError if the disk is full, because the next photos would not fit either.
    """
    if result.error:
        return result.error, ''
    colours, errors = palette(classes), []
    save = {
        'ids': lambda path: save_picture(path, result.ids) if view == IDS else save_ids(path, result.ids, colours),
        'view': lambda path: save_picture(path, VIEWS[view](result.photo, result.ids, colours)),
        'legend': lambda path: save_picture(path, legend(result.ids, classes)),
        'softmax': lambda path: save_probabilities(path, result.softmax),
    }
    for kind, path in result.item.outputs.items():
        try:
            save[kind](path)
        except UserError as error:
            if is_full_disk(error):
                raise
            errors.append(str(error))
        except MemoryError:
            errors.append(out_of_memory(result.softmax is not None))
    return (f'{result.item.path}: {" ".join(errors)}' if errors else None,
            f'{result.item.path}: {describe(result.ids, classes)}')


def save_probabilities(path, softmax):
    """Writes probabilities [H, W, N] to a .npz as 'softmax', float16 (three digits), atomically.

    Uncompressed: compression takes eight times as long and saves only a tenth.
    """
    with atomic_file(path) as part:
        np.savez(part, softmax=softmax.astype(np.float16, copy=False))
