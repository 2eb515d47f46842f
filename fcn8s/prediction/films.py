"""Segments films. Decoding, prediction and encoding run in parallel."""
import contextlib
import functools
import itertools
import os
import time

import numpy as np
from tqdm import tqdm

from fcn8s.prediction.ffmpeg import film_writer
from fcn8s.prediction.film_reader import FilmReader, FrameFolder
from fcn8s.prediction.photos import out_of_memory
from fcn8s.utils.errors import UserError
from fcn8s.utils.threads import ordered_map
from fcn8s.visualize import VIEWS, describe, legend, palette, save_picture


def segment_film(film, output, predict, paint, progress=lambda: None):
    """Writes the segmented film, in memory that does not grow with its length.

    Args:
      film: FilmReader or FrameFolder; afterwards its `damage` says what is missing.
      output: path of the film to write.
      predict: function from an iterable of frames, uint8 [H, W, 3], to an iterable of (frame, ids uint8 [H, W]).
      paint: function from a frame and its ids to the picture to write, uint8 [h, w, 3], always of the same size.
      progress: function called after each frame.

    Returns:
      A sample of all ids, for legends: uint8 [about 100,000], each id in proportion and at least once.

    Raises:
      UserError: the film has no frames, or `output` cannot be written and is left as it was.
    """
    pixel_counts = np.zeros(256, np.int64)  # by id
    blank = np.zeros((film.height, film.width, 3), np.uint8)
    height, width = paint(blank, blank[:, :, 0]).shape[:2]

    def frame_pixels(_):
        return film.height * film.width

    def count_pixels(pair):
        np.add(pixel_counts, np.bincount(pair[1].ravel(), minlength=256), out=pixel_counts)
        return pair

    with film_writer(output, height, width, film.fps, film) as write, contextlib.closing(film.frames()) as frames, \
            contextlib.closing(ordered_map(lambda _: next(frames, None), itertools.count(), 1, 4,
                                           frame_pixels)) as ahead:
        pairs = map(count_pixels, predict(itertools.takewhile(lambda frame: frame is not None, ahead)))
        with contextlib.closing(ordered_map(lambda pair: write(paint(*pair)), pairs, 1, 2, frame_pixels)) as written:
            for _ in written:
                progress()
        if not pixel_counts.any():
            raise UserError(f'{film.path}: {film.damage or "it has no frames"}.')
    copies = np.ceil(100000 * (pixel_counts / pixel_counts.sum()))
    return np.repeat(np.arange(256, dtype=np.uint8), copies.astype(int))


def film_facts(film):
    """One line about an opened film: size, rate and sound."""
    note = '; MP4 needs even sides, so the last row or column is repeated'
    return (f'{film.path}: {film.width}x{film.height}, {float(film.fps):g} frames per second, '
            f'{film.sound or "no"} sound' + (note if film.width % 2 or film.height % 2 else ''))


def infer_films(items, job, fps, tally):
    """Segments films one after the other and prints a line about each.

    Args:
      items: list of Inputs, films only; or one folder of frames.
      job: a Job.
      fps: frames per second of a folder of frames; None for films.
      tally: a Tally, kept up to date; a film that is incomplete is an error too.
    """
    for item in items:
        if job.is_done(item):
            tally.skipped += 1
            continue
        started = time.perf_counter()
        sample, error = _infer_film(item, job, fps)
        if error:
            tally.errors.append(error)
        else:
            tally.done += 1
        if job.manifest and error:
            job.manifest.failed('film', item.path, error)
        elif job.manifest:
            job.manifest.done('film', item.path, sample, time.perf_counter() - started)


def _infer_film(item, job, fps):
    """Segments a film, or a folder of frames if fps is given; returns (sample of its ids, error message or None)."""
    try:
        if item.error:
            return None, item.error
        film = FrameFolder(item.path, fps) if fps else FilmReader(item.path)
        print(film_facts(film))
        with tqdm(total=film.count, unit='frame', desc=os.path.basename(item.path), dynamic_ncols=True) as bar:
            sample = segment_film(film, item.outputs['view'], job.segmenter.predict_each,
                                  functools.partial(VIEWS[job.view], colours=palette(job.classes)), bar.update)
            bar.total = bar.n  # the header's frame count is only an estimate
        save_picture(item.outputs['legend'], legend(sample, job.classes))
        print(f'{item.path}: {describe(sample, job.classes)}')
        return sample, film.damage and f'{item.path}: {film.damage}; {item.outputs["view"]} holds the rest'
    except UserError as error:
        return None, str(error) if item.path in str(error) else f'{item.path}: {error}'
    except MemoryError:
        return None, f'{item.path}: {out_of_memory(job.segmenter.averages)}'
