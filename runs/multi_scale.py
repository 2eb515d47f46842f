"""Predictions from several sizes of a photo: the mean of the probabilities that the net gives at each.

As semantic-segmentation-pytorch's eval.py averages them, which used the scales 0.5, 0.75, 1, 1.25 and 1.5. There the
scores before the softmax are interpolated, with corners aligned; here it is the probabilities, between pixel centres.
"""
import numpy as np
from absl import flags

from batch_reader import network_size
from files.errors import UsageError
from files.images import resize_photo
from inference.probabilities import add_resized

LARGEST_SCALE = 8.


def define_scale_flags(flag_values):
    """--scales and --flip, of testing and inference."""
    given = {'flag_values': flag_values, 'module_name': 'prediction'}
    flags.DEFINE_string('scales', '1', 'each photo is seen at these scales and their probabilities are averaged: '
                        '0.5,0.75,1,1.25,1.5 takes six times as long', **given)
    flags.DEFINE_boolean('flip', False, 'the mirrored photo is averaged too, which takes twice as long', **given)


def parse_scales(text):
    """Tuple of floats from '0.5,1'. Raises UsageError for what is no number above 0 and up to LARGEST_SCALE."""
    try:
        scales = tuple(float(word) for word in text.split(','))
    except ValueError:
        scales = ()
    if not scales or not all(0 < scale <= LARGEST_SCALE for scale in scales):
        raise UsageError(f'--scales={text}: expected numbers above 0 and up to {LARGEST_SCALE:g} with commas between, '
                         'such as 0.5,0.75,1,1.25,1.5.')
    return scales


def mean_softmax(softmax_batch, image, scales=(1.,), flip=False):
    """Mean over the scales of the classes' probabilities: image uint8 [H, W, 3] -> float32 [H, W, N].

    H and W are multiples of 32. At each scale the image is resized as photos are, to round(scale * side) rounded up to
    a multiple of 32, and the probabilities are interpolated back. One scale is in memory at a time.

    softmax_batch: function uint8 [1, h, w, 3] -> float32 [1, h, w, N], such as Segmenter's.
    flip: each scale's probabilities are their mean with those of the mirrored image, mirrored back.
    """
    height, width = image.shape[:2]
    total = None
    for scale in scales:
        size = network_size(*(max(1, int(round(scale * side))) for side in (height, width)))
        scaled = resize_photo(image, *size)
        softmax = softmax_batch(scaled[np.newaxis])[0]
        if flip:
            softmax = (softmax + softmax_batch(scaled[np.newaxis, :, ::-1])[0, :, ::-1]) / 2
        if total is None:
            total = np.zeros((height, width, softmax.shape[2]), np.float32)
        add_resized(total, softmax)
    total /= len(scales)
    return total


def likeliest(softmax, with_class_0=True):
    """The likeliest class of each pixel: [H, W, N] -> uint8 [H, W]; without class 0 where it is left out."""
    if with_class_0:
        return softmax.argmax(axis=2).astype(np.uint8)
    return (softmax[:, :, 1:].argmax(axis=2) + 1).astype(np.uint8)
