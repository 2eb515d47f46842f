"""Averages probabilities over scales and mirror images."""
import numpy as np

from fcn8s.data.photos import network_size, resize_photo, round_up
from fcn8s.utils.errors import UsageError, UserError

LARGEST_SCALE = 8.
PIXELS = 'px'  # what ends a scale that is a short side
LONGEST_SIDE, SIDE_MULTIPLE = 1000, 8  # of images that are scaled to a short side, in mit-semseg


class ShortSide(int):
    """A scale that is the length in pixels of an image's shorter side, whatever the image's size."""

    def __str__(self):
        return f'{int(self)}{PIXELS}'


def parse_scales(text):
    """Tuple of floats from '0.5,1', or of ShortSides from '300px,450px'.

    Raises UsageError if they are mixed, or not above 0 and at most LARGEST_SCALE or LONGEST_SIDE.
    """
    words = [word.strip() for word in text.split(',')]
    in_pixels = all(word.endswith(PIXELS) for word in words)
    try:
        scales = tuple(ShortSide(word[:-len(PIXELS)]) if in_pixels else float(word) for word in words)
    except ValueError:
        scales = ()
    if not scales or not all(0 < scale <= (LONGEST_SIDE if in_pixels else LARGEST_SCALE) for scale in scales):
        raise UsageError(f'--scales={text}: expected numbers above 0 and up to {LARGEST_SCALE:g} with commas between, '
                         f'such as 0.5,0.75,1,1.25,1.5; or short sides up to {LONGEST_SIDE}px, such as 300px,450px.')
    return scales


def by_short_side(scales):
    """Whether these are ShortSides."""
    return isinstance(scales[0], ShortSide)


def scaled_size(height, width, scale):
    """(height, width) of an image at a scale.

    By a float the sides become round(scale * side), rounded up to a multiple of 32. By a ShortSide they become what
    mit-semseg makes of them: the longer one stays within LONGEST_SIDE, both are rounded up to a multiple of 8.
    """
    if not isinstance(scale, ShortSide):
        return network_size(*(max(1, int(round(scale * side))) for side in (height, width)))
    factor = min(scale / min(height, width), LONGEST_SIDE / max(height, width))
    return tuple(round_up(max(1, int(side * factor)), SIDE_MULTIPLE) for side in (height, width))


def mean_softmax(softmax_batch, image, scales=(1.,), flip=False):
    """The classes' probabilities, averaged over the scales: float32 [H, W, N].

    At each scale the image is resized as photos are, to scaled_size, and the probabilities are interpolated back; at a
    ShortSide the scores are, as in mit-semseg. One scale is in memory at a time.

    Args:
      softmax_batch: function uint8 [1, h, w, 3] -> float32 [1, h, w, N], such as Segmenter.softmax_batch; at a
        ShortSide it also gets (H, W), the size to return.
      image: uint8 [H, W, 3], its sides multiples of 32, or any with ShortSides.
      scales: tuple of floats or of ShortSides.
      flip: whether to average in the mirrored image too, its probabilities mirrored back.
    """
    height, width = image.shape[:2]
    size = [(height, width)] if by_short_side(scales) else []
    total = None
    for scale in scales:
        scaled = resize_photo(image, *scaled_size(height, width, scale))
        softmax = softmax_batch(scaled[np.newaxis], *size)[0]
        if flip:
            softmax = (softmax + softmax_batch(scaled[np.newaxis, :, ::-1], *size)[0, :, ::-1]) / 2
        if total is None:
            total = np.zeros((height, width, softmax.shape[2]), np.float32)
        add_resized(total, softmax)
    total /= len(scales)
    return total


def most_likely_class(softmax, with_class_0=True):
    """The most likely class of each pixel: [H, W, N] -> uint8 [H, W]. with_class_0: False excludes class 0."""
    if with_class_0:
        return softmax.argmax(axis=2).astype(np.uint8)
    return (softmax[:, :, 1:].argmax(axis=2) + 1).astype(np.uint8)


def resize_probabilities(softmax, height, width, dtype=np.float32):
    """Resizes probabilities as add_resized does: float32 [h, w, N] -> dtype [height, width, N].

    Each pixel's still sum to one. Returns the input itself if neither size nor dtype changes; otherwise the result is
    the only array of the new size.
    """
    if softmax.shape[:2] == (height, width):
        return softmax.astype(dtype, copy=False)
    resized = np.empty((height, width, softmax.shape[2]), dtype)
    for y, row in enumerate(_resized_rows(softmax, height, width)):
        resized[y] = row
    return resized


def add_resized(total, values):
    """Adds values [h, w, N] to total [H, W, N] in place, interpolated bilinearly between pixel centres; float32.

    Like PyTorch's align_corners=False: no antialiasing, since probabilities are smooth. Works row by row, so that no
    second array of that size is needed.
    """
    for y, row in enumerate(_resized_rows(values, *total.shape[:2])):
        total[y] += row


def _resized_rows(values, height, width):
    """Yields the rows, float32 [width, N], of values [h, w, N] resized to [height, width, N]."""
    top, bottom, down = _neighbours(values.shape[0], height)
    left, right, across = _neighbours(values.shape[1], width)
    across = across[:, np.newaxis]
    for y in range(height):
        row = values[top[y]] + down[y] * (values[bottom[y]] - values[top[y]])  # [w, N]
        start = row[left]
        yield start + across * (row[right] - start)


def _neighbours(length, new_length):
    """(first neighbour, second neighbour, weight of the second), each [new_length]: where to interpolate an axis."""
    position = np.clip((np.arange(new_length) + 0.5) * length / new_length - 0.5, 0, length - 1)
    first = position.astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (position - first).astype(np.float32)


def example_predictor(segmenter, options, submit=None):
    """Returns a function from a batch of EvalExamples to their class ids, uint8 [H, W] each, at the net's size.

    Args:
      segmenter: a Segmenter.
      options: its Options.
      submit: None, or a function that is also called with each example and its ids without class 0.

    The returned function raises UserError if memory runs out.
    """
    if not segmenter.averages and not submit:
        return lambda examples: segmenter.predict_batch(np.stack([example.image for example in examples]))

    def predict(example):
        try:
            softmax = mean_softmax(segmenter.softmax_batch, example.image, options.scales, options.flip)
        except MemoryError:
            raise UserError(f'{example.record.image}: memory ran out on its probabilities, which take 4 bytes per '
                            'class and pixel. Use smaller --scales, or scale the photo and its annotation down.')
        if submit:
            submit(example, most_likely_class(softmax, with_class_0=False))
        return most_likely_class(softmax, options.with_class_0)
    return lambda examples: map(predict, examples)
