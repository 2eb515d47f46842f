"""Segments photos: reads, predicts and writes them, with each stage working on a different photo."""
import collections
import functools
import time

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
# How inputs are segmented:
#   segmenter   a Segmenter
#   classes     list of ClassInfo, the names and colours to show
#   view        a key of VIEWS, or IDS
#   softmax     whether to save the photos' probabilities too
#   is_done     function from an Input to whether it is skipped
#   manifest    a Manifest, or None
Job = collections.namedtuple('Job', 'segmenter classes view softmax is_done manifest')
# photo: uint8 [H, W, 3]; ids: uint8 [H, W]; softmax: float16 [H, W, N], only if asked for; seconds: of the prediction;
# error: a message. Each is None until it is known; after an error the rest stays None.
Result = collections.namedtuple('Result', 'item photo ids softmax seconds error')


class Tally:
    """What became of a run's inputs: numbers of those `done` and `skipped`, and `errors`, a list of messages."""

    def __init__(self):
        self.done, self.skipped, self.errors = 0, 0, []

    def describe(self):
        """Says how many are done: '3 of 4 done, 2 of them by an earlier run'."""
        done = self.done + self.skipped
        return (f'{done} of {done + len(self.errors)} done'
                + (f', {self.skipped} of them by an earlier run' if self.skipped else ''))


def infer_photos(items, total, job, tally):
    """Segments photos and prints a line about each.

    Args:
      items: iterable of Inputs, photos only.
      total: their number, or None if it is unknown.
      job: a Job.
      tally: a Tally, kept up to date also before an exception.

    Raises:
      UserError: the disk is full.
    """
    todo = _not_done(items, job.is_done, tally)
    predicted = _predict(job, ordered_map(_read, todo, 2, 4, lambda item: pixels_of(item.path)))
    ahead = 0 if job.softmax else 3  # probabilities are too large to queue
    with progress(total=total, unit='photo', disable=total == 0) as bar:
        for error, line in ordered_map(functools.partial(_write, job=job), predicted, 2, ahead, _pixels):
            if error:
                tally.errors.append(error)
            else:
                tally.done += 1
                tqdm.write(line)
            bar.update(tally.skipped + tally.done + len(tally.errors) - bar.n)


def _not_done(items, is_done, tally):
    for item in items:
        if is_done(item):
            tally.skipped += 1
        else:
            yield item


def out_of_memory(probabilities):
    """A message with advice; probabilities: whether the whole photo's are held in memory."""
    return PROBABILITIES_OUT_OF_MEMORY if probabilities else OUT_OF_MEMORY


def _read(item):
    """Reads a photo: returns a Result with the photo or an error."""
    result = Result(item, None, None, None, None, item.error)
    if result.error:
        return result
    try:
        return result._replace(photo=read_photo(item.path))
    except UserError as error:
        return result._replace(error=str(error))


def _pixels(result):
    return 0 if result.photo is None else result.photo.shape[0] * result.photo.shape[1]


def _predict(job, results):
    """Yields each Result with its ids, and its probabilities if job.softmax; or with an error."""
    for batch in job.segmenter.batches(results, lambda result: None if job.softmax else result.photo):
        yield from _predict_batch(job, batch)


def _predict_batch(job, results):
    """Predicts a list of Results as `_predict` does. Those with an error, and all if softmax, come one at a time."""
    if results[0].error:
        return results
    started = time.perf_counter()
    try:
        if job.softmax:
            ids, softmax = ([array] for array in job.segmenter.predict_both(results[0].photo, np.float16))
        else:
            ids, softmax = job.segmenter.predict([result.photo for result in results]), [None] * len(results)
    except (UserError, MemoryError) as error:
        if len(results) > 1:  # one bad photo must not fail the whole batch
            return [_predict_batch(job, [result])[0] for result in results]
        reason = error if isinstance(error, UserError) else out_of_memory(job.softmax or job.segmenter.averages)
        return [results[0]._replace(error=f'{results[0].item.path}: {reason}')]
    seconds = (time.perf_counter() - started) / len(results)
    return [result._replace(ids=ids[i], softmax=softmax[i], seconds=seconds) for i, result in enumerate(results)]


def _write(result, job):
    """Writes a photo's outputs; returns (error message or None, line that describes the photo).

    Raises UserError if the disk is full, because the next photos would not fit either.
    """
    error = result.error or _save(result, job)
    if job.manifest and error:
        job.manifest.failed('photo', result.item.path, error)
    elif job.manifest:
        job.manifest.done('photo', result.item.path, result.ids, result.seconds)
    return error, '' if error else f'{result.item.path}: {describe(result.ids, job.classes)}'


def _save(result, job):
    """Writes a photo's outputs; returns an error message, or None."""
    colours, errors = palette(job.classes), []
    save = {
        'ids': lambda path: save_picture(path, result.ids) if job.view == IDS else save_ids(path, result.ids, colours),
        'view': lambda path: save_picture(path, VIEWS[job.view](result.photo, result.ids, colours)),
        'legend': lambda path: save_picture(path, legend(result.ids, job.classes)),
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
    return f'{result.item.path}: {" ".join(errors)}' if errors else None


def save_probabilities(path, softmax):
    """Writes probabilities [H, W, N] to a .npz as 'softmax', float16 (three digits), atomically.

    Uncompressed: compression takes eight times as long and saves only a tenth.
    """
    with atomic_file(path) as part:
        np.savez(part, softmax=softmax.astype(np.float16, copy=False))
