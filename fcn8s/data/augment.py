"""Augmentation: random changes to a photo and its ids together."""
import collections

import numpy as np
from PIL import Image

from fcn8s.data.augment_options import Augmentation
from fcn8s.utils.errors import UserError

FILL_COLOUR = (124, 117, 104)  # the mean of ImageNet's photos: near 0 after a net subtracts it, like padding
NO_CLASS = 255                 # labels beyond the classes are excluded from the loss
# scaled: (height, width) of the whole photo; top, left: corner of the window in it, negative where the photo is
# smaller; height, width: of the window; flip: bool; down, right: pixels by which the window's content moves in it.
View = collections.namedtuple('View', 'scaled top left height width flip down right')


def make_transform(options, seed, num_classes, ignore_label=None):
    """The `transform` that BatchReader takes; None if the Augmentation is empty.

    An example is drawn from (seed, epoch, index) alone. Uncovered pixels get ignore_label, or else 255; raises
    UserError if 255 is a class.
    """
    if options == Augmentation():
        return None
    fill_label = NO_CLASS if ignore_label is None else ignore_label
    if ignore_label is None and num_classes > NO_CLASS and _may_uncover(options):
        raise UserError(f'with {num_classes} classes no label is left for pixels that a crop, a translation or a scale '
                        'below 1 leaves uncovered. Give --ignore_label, or leave out --random_crop, --translate and '
                        '--random_scale.')

    def transform(photo, ids, epoch, index):
        return augment(photo, ids, options, np.random.RandomState([seed, epoch, index]), fill_label)

    transform.crop = options.crop  # (height, width) of what it returns, None for that of the photo
    return transform


def augment(photo, ids, options, random, fill_label):
    """photo uint8 [H, W, 3], ids uint8 [H, W] -> the same of [h, w], the size of the crop or else H x W.

    Scale, crop, flip, translation, brightness, gray, in this order and as the Augmentation `options` says. random: an
    np.random.RandomState. Pixels that the photo does not cover are FILL_COLOUR and fill_label.
    """
    view = draw_view(ids.shape, options, random)
    shown = recolour(cut(photo, view, Image.Resampling.BILINEAR), options, random)
    return paste(shown, view, FILL_COLOUR), paste(cut(ids, view, Image.Resampling.NEAREST), view, fill_label)


def draw_view(shape, options, random):
    """A View of a photo of `shape` (height, width).

    A crop's window lies anywhere in the photo or, where the photo is smaller, anywhere around it; without a crop the
    photo keeps its size and is scaled about its centre.
    """
    low, high, probability = options.scale or (1., 1., 0.)
    factor = random.uniform(low, high) if random.uniform() < probability else 1.
    scaled = tuple(max(1, int(round(side * factor))) for side in shape)
    spare = [side - window for side, window in zip(scaled, options.crop or shape)]
    if options.crop:
        top, left = (random.randint(min(n, 0), max(n, 0) + 1) for n in spare)
    else:
        top, left = (n // 2 for n in spare)
    flip = random.uniform() < options.flip
    right, down = _draw_shift(options.translate, random)
    return View(scaled, top, left, *(options.crop or shape), flip, down, right)


def cut(image, view, method):
    """The part of an image, uint8 [H, W] or [H, W, 3], that the window shows: scaled and flipped, not yet moved."""
    (top, bottom), (left, right) = (
        (max(start, 0), min(start + length, side)) for start, length, side in
        zip((view.top, view.left), (view.height, view.width), view.scaled))
    # Only this part is resampled: a window costs the same in a large photo as in a small one.
    down, across = view.scaled
    height, width = image.shape[:2]
    box = (left * width / across, top * height / down, right * width / across, bottom * height / down)
    piece = Image.fromarray(image).resize((right - left, bottom - top), method, box)
    return np.asarray(piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if view.flip else piece)


def paste(piece, view, fill):
    """Places the result of `cut` in the window, uint8 [height, width] or [height, width, 3], with `fill` around it."""
    height, width = piece.shape[:2]
    left = max(-view.left, 0)
    top, left = max(-view.top, 0) + view.down, (view.width - width - left if view.flip else left) + view.right
    rows, columns = _overlap(top, height, view.height), _overlap(left, width, view.width)
    window = np.full((view.height, view.width) + piece.shape[2:], fill, np.uint8)
    window[slice(*rows), slice(*columns)] = piece[slice(*(y - top for y in rows)), slice(*(x - left for x in columns))]
    return window


def recolour(photo, options, random):
    """The photo, uint8 [H, W, 3], after brightness and gray."""
    low, high, probability = options.brightness or (1., 1., 0.)
    if random.uniform() < probability:
        photo = brighten(photo, random.uniform(low, high))
    if random.uniform() < options.gray:
        photo = np.repeat(np.asarray(Image.fromarray(photo).convert('L'))[:, :, np.newaxis], 3, axis=2)
    return photo


def brighten(photo, factor):
    """The V of HSV, the largest of red, green and blue, times factor, at most 255; keeps hue and saturation.

    uint8 [H, W, 3] -> uint8 [H, W, 3].
    """
    red, green, blue = np.moveaxis(photo, 2, 0)
    value = np.maximum(np.maximum(red, green), blue)  # photo.max(axis=2) takes 25 times as long
    ratio_of = np.minimum(factor, 255 / np.maximum(np.arange(256), 1)).astype(np.float32)
    return (photo * ratio_of[value][:, :, np.newaxis] + 0.5).astype(np.uint8)


def _may_uncover(options):
    return bool(options.crop or options.translate or options.scale and options.scale[0] < 1)


def _draw_shift(translate, random):
    """(right, down) in pixels, symmetric around 0."""
    *ranges, probability = translate or ((0, 0), (0, 0), 0.)
    if random.uniform() >= probability:
        return 0, 0
    return tuple(random.choice((-1, 1)) * random.randint(low, high + 1) for low, high in ranges)


def _overlap(start, length, window):
    """(first, end) of the overlap of [start, start + length) and [0, window); first == end if there is none."""
    first = max(start, 0)
    return first, max(first, min(start + length, window))
