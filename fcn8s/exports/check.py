"""Compares an export with the net that it was made of, in the export's own runtime."""
import time

import numpy as np

from fcn8s.data.photos import network_size, resize_ids, resize_photo
from fcn8s.exports.formats import FORMATS
from fcn8s.exports.graph import portable_graph
from fcn8s.utils.errors import UserError

CHECKED_SIZES = (64, 96), (75, 130), (33, 31), (1, 1)  # of the photos compared; only the first needs no resizing
TIMED_SIZE, TIMED_PHOTOS = (480, 640), 3
# of a probability: the two may compute layers in different forms, or with rounded weights
TOLERANCE = {'float32': 1e-3, 'float16': 1e-2}


def check(segmenter, loaded, form, precision, with_class_0):
    """Compares ids, and probabilities if there are any, on batches of two photos of noise of each of CHECKED_SIZES.

    Either id is right where the two best classes' probabilities differ by no more than twice TOLERANCE.

    Args:
      segmenter: a float32 Segmenter of the net.
      loaded: the Loaded export; form: its key of FORMATS; precision: a key of TOLERANCE.
      with_class_0: whether ids may be 0.

    Returns (number of ids compared, number of near ties among them that differ). Raises UserError if anything differs.
    """
    tolerance = TOLERANCE[precision]
    exact = FORMATS[form].graph is portable_graph
    compared = ties = 0
    for size in CHECKED_SIZES:
        photos = np.random.RandomState(0).randint(0, 256, (2,) + size + (3,)).astype(np.uint8)
        found, softmax = loaded.predict(photos)
        error = 0. if softmax is None else max(np.abs(softmax[i] - segmenter.predict(photo, argmax=False)).max()
                                               for i, photo in enumerate(photos))
        expected, either = zip(*(_expected(segmenter, photo, exact, tolerance, with_class_0) for photo in photos))
        if found.shape != photos.shape[:3] or found.dtype != np.uint8:
            raise UserError(f'the export answers photos {list(photos.shape)} with {found.dtype} {list(found.shape)}; '
                            f'expected uint8 {list(photos.shape[:3])}. Nothing was kept.')
        differs = found != np.stack(expected)
        wrong = int((differs & ~np.stack(either)).sum())
        if not error <= tolerance or wrong:  # NaN too is refused
            raise UserError(f'the export does not predict what the net predicts: on photos of {size[0]}x{size[1]} '
                            f'probabilities differ by {error:.2g} (at most {tolerance:g} is expected), and {wrong} '
                            f'of {found.size} ids are wrong. Nothing was kept.')
        compared, ties = compared + found.size, ties + int(differs.sum())
    return compared, ties


def _expected(segmenter, photo, exact, tolerance, with_class_0):
    """(ids, uint8 [H, W]; whether either of the two best classes is right, bool [H, W]) of a photo by the net."""
    softmax = segmenter.softmax_batch(resize_photo(photo, *network_size(*photo.shape[:2]))[np.newaxis])[0]
    resize = nearest if exact else resize_ids
    if exact:
        ids = nearest(segmenter.predict_batch(resize_photo(photo, *softmax.shape[:2])[np.newaxis])[0],
                      *photo.shape[:2])
    else:
        ids = segmenter.predict(photo)
    softmax = softmax[:, :, 0 if with_class_0 else 1:]
    if softmax.shape[2] == 1:
        return ids, np.zeros(photo.shape[:2], bool)
    second, first = np.sort(softmax, axis=2)[:, :, -2:].transpose(2, 0, 1)
    return ids, resize(np.uint8(first - second <= 2 * tolerance), *photo.shape[:2]).astype(bool)


def nearest(ids, height, width):
    """uint8 [h, w] -> [height, width] by the rule of resize_nearest_exact."""
    rows, columns = ((2 * np.arange(new) + 1) * old // (2 * new) for old, new in zip(ids.shape, (height, width)))
    return ids[rows][:, columns]


def seconds_a_photo(predict):
    """Median seconds that predict, a function of uint8 [1, H, W, 3], takes for a photo of TIMED_SIZE."""
    photo = np.random.RandomState(1).randint(0, 256, (1,) + TIMED_SIZE + (3,)).astype(np.uint8)
    predict(photo)  # in which a runtime plans
    times = []
    for _ in range(TIMED_PHOTOS):
        start = time.perf_counter()
        predict(photo)
        times.append(time.perf_counter() - start)
    return sorted(times)[TIMED_PHOTOS // 2]
