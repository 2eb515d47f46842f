"""A film -> the film of what a net sees in it; decoding, computing and encoding go on side by side."""
import contextlib
import itertools

import numpy as np

from fcn8s.prediction.ffmpeg import film_writer
from fcn8s.utils.errors import UserError
from fcn8s.utils.threads import in_order


def segment_film(film, output, predict, paint, progress=lambda: None):
    """Writes a film; memory does not grow with its length.

    Args:
      film: FilmReader or FrameFolder; its `damage` tells afterwards what is missing.
      predict: function from an iterable of frames, uint8 [H, W, 3], to one of (frame, ids uint8 [H, W]).
      paint: function from frame and ids to the picture that is written, uint8 [h, w, 3] of one size.
      progress: called once a frame.

    Returns:
      A sample of all ids, for legends: uint8 [about 100,000], in the shares that they have, each at least once.

    Raises:
      UserError: no frame at all, or the film cannot be written; then `output` stays as it was.
    """
    pixels = np.zeros(256, np.int64)  # of each id
    blank = np.zeros((film.height, film.width, 3), np.uint8)
    height, width = paint(blank, blank[:, :, 0]).shape[:2]

    def frame_pixels(_):
        return film.height * film.width

    def counted(pair):
        np.add(pixels, np.bincount(pair[1].ravel(), minlength=256), out=pixels)
        return pair

    with film_writer(output, height, width, film.fps, film) as write, contextlib.closing(film.frames()) as frames, \
            contextlib.closing(in_order(lambda _: next(frames, None), itertools.count(), 1, 4, frame_pixels)) as ahead:
        pairs = map(counted, predict(itertools.takewhile(lambda frame: frame is not None, ahead)))
        with contextlib.closing(in_order(lambda pair: write(paint(*pair)), pairs, 1, 2, frame_pixels)) as written:
            for _ in written:
                progress()
        if not pixels.any():
            raise UserError(f'{film.path}: {film.damage or "there are no frames in it"}.')
    copies = np.ceil(100000 * (pixels / pixels.sum()))
    return np.repeat(np.arange(256, dtype=np.uint8), copies.astype(int))
