"""The random transformations of a training run, parsed from its flags.

Names and meanings as in fcn8s_tensorflow's batch generator. The recipe of semantic-segmentation-pytorch is
--random_scale=0.5,1.5 --random_crop=384 --flip=0.5.
"""
import collections
import math
import re

from fcn8s.data.photos import STRIDE
from fcn8s.utils.errors import UsageError

# scale: (min, max, probability), factors of the size; crop: (height, width); flip: probability, left and right;
# brightness: (min, max, probability), factors; gray: probability;
# translate: ((min, max), (min, max), probability), pixels to the left or right, and up or down.
Augmentation = collections.namedtuple('Augmentation', 'scale crop flip brightness translate gray',
                                      defaults=(None, None, 0., None, None, 0.))


def parse_augmentation(random_scale='', random_crop='', flip=0., brightness='', translate='', gray=0.):
    """The values of the flags of these names -> Augmentation; an empty string or 0 turns one off.

    Raises UsageError naming the flag, its value and what was expected.
    """
    return Augmentation(
        scale=_factors('--random_scale', random_scale, 0.1),
        crop=_crop('--random_crop', random_crop),
        flip=_probability('--flip', flip),
        brightness=_factors('--brightness', brightness, 0.),
        translate=_translate('--translate', translate),
        gray=_probability('--gray', gray))


def _factors(flag, text, least):
    """'MIN,MAX' or 'MIN,MAX,PROBABILITY' -> (min, max, probability), None for an empty text."""
    if not text.strip():
        return None
    values = [_number(cell) for cell in text.split(',')]
    low, high, probability = (values + [1.])[:3] if len(values) in (2, 3) else (math.nan,) * 3
    if not (least <= low <= high <= 10 and 0 <= probability <= 1):
        raise UsageError(f'{flag}={text}: expected MIN,MAX or MIN,MAX,PROBABILITY with {least:g} <= MIN <= MAX <= 10 '
                         f'and a probability from 0 to 1, such as {flag}=0.5,1.5')
    return low, high, probability


def _crop(flag, text):
    """'HEIGHTxWIDTH' or 'SIDE' -> (height, width), None for an empty text."""
    if not text.strip():
        return None
    match = re.fullmatch(r'\s*(\d{1,5})(?:x(\d{1,5}))?\s*', text, re.ASCII)
    sides = [int(side or match.group(1)) for side in match.groups()] if match else [0, 0]
    if not all(sides):
        raise UsageError(f'{flag}={text}: expected HEIGHTxWIDTH in pixels, such as {flag}=384x384')
    if any(side % STRIDE for side in sides):
        height, width = (-(-side // STRIDE) * STRIDE for side in sides)
        raise UsageError(f'{flag}={text}: height and width must be multiples of {STRIDE}, such as '
                         f'{flag}={height}x{width}')
    return tuple(sides)


def _translate(flag, text):
    """'X,Y' or 'X,Y,PROBABILITY', X and Y being MAX or MIN-MAX -> ((min, max), (min, max), probability), or None."""
    if not text.strip():
        return None
    match = re.fullmatch(r'((?:\d{1,5}-)?\d{1,5}),((?:\d{1,5}-)?\d{1,5})(?:,([^,]+))?', ''.join(text.split()), re.ASCII)
    ranges = [_pixels(pixels) for pixels in match.groups()[:2]] if match else [(1, 0)]
    probability = _number(match.group(3) or 1) if match else math.nan
    if not (all(low <= high for low, high in ranges) and 0 <= probability <= 1):
        raise UsageError(f'{flag}={text}: expected X,Y or X,Y,PROBABILITY, where X (left or right) and Y (up or down) '
                         f'are the most pixels to move or MIN-MAX, such as {flag}=30,20 or {flag}=10-30,0-20,0.5')
    return (*ranges, probability)


def _pixels(text):
    low, _, high = text.rpartition('-')
    return int(low or 0), int(high)


def _probability(flag, value):
    if not 0 <= _number(value) <= 1:
        raise UsageError(f'{flag}={value}: expected a probability from 0 to 1, such as {flag}=0.5')
    return float(value)


def _number(text):
    """float(text), or NaN, which is in no range."""
    try:
        return float(text)
    except ValueError:
        return math.nan
