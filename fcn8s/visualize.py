"""Class ids to pictures: palettes, overlays, legends, views."""
import collections
import os

import numpy as np
from PIL import Image, ImageDraw

from fcn8s.lettering import text_width, undrawable, write
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import atomic_file

# PNG: three times as fast as zlib's default level, for files a tenth larger.
WRITE_OPTIONS = {'.png': {'compress_level': 3}, '.jpg': {'quality': 95}, '.jpeg': {'quality': 95}}
JPEG_SIDE = 65500  # libjpeg's JPEG_MAX_DIMENSION
WHITE, GREY, INK = (255, 255, 255), (150, 150, 150), (30, 30, 30)
RED, PALE = (225, 45, 45), (214, 218, 224)
MOST_NAMED = 5  # classes on a line
LONGEST_NAME = 40
LEGEND_ROWS = 32  # classes per column of a legend


def short_name(name):
    """First of the synonyms that ADE20K joins by semicolons: 'building;edifice' -> 'building'."""
    return ' '.join(name.split(';')[0].split())


def palette(classes):
    """Class colours by id: uint8 [N, 3]."""
    return np.array([c.colour for c in classes], np.uint8).reshape(-1, 3)


def palette_image(ids, colours):
    """Pillow palette image whose pixel values are the ids; ValueError where a byte cannot hold an id."""
    ids = np.asarray(ids)
    if ids.dtype != np.uint8:
        if ids.dtype.kind not in 'iu' or ids.size and (ids.min() < 0 or ids.max() > 255):
            raise ValueError(f'ids must be integers from 0 to 255, found {ids.dtype} from {ids.min()} to {ids.max()}')
        ids = ids.astype(np.uint8)
    if len(colours) > 256:
        raise ValueError(f'a palette image holds at most 256 colours, found {len(colours)}')
    # All 256 entries: with fewer, Pillow packs the ids into fewer bits and cuts those above.
    table = np.zeros((256, 3), np.uint8)
    table[:len(colours)] = colours
    image = Image.fromarray(ids)
    image.putpalette(table.tobytes())
    return image


def colour_image(ids, colours):
    """Each pixel in the colour of its class: uint8 [H, W, 3]."""
    return np.asarray(palette_image(ids, colours).convert('RGB'))


def save_ids(path, ids, colours):
    """Write a palette PNG whose pixel values are the ids, whole or not at all."""
    image = palette_image(ids, colours)
    with atomic_file(path) as part:
        image.save(part, format='PNG')


def overlay(photo, ids, colours, alpha=0.5):
    """Blend the class colours into a photo, uint8 [H, W, 3]: (1 - alpha) photo + alpha colour, rounded down.

    Raises ValueError when photo and ids differ in size or alpha lies outside 0..1.
    """
    if photo.shape[:2] != ids.shape:
        raise ValueError(f'the photo is {photo.shape[:2]} pixels (height, width), the ids are {ids.shape}')
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must lie in 0..1, found {alpha}')
    return np.asarray(Image.blend(Image.fromarray(photo), palette_image(ids, colours).convert('RGB'), alpha))


def differences(photo, truth, ids, labelled):
    """The photo, uint8 [H, W, 3], in grey, red where truth and ids differ, pale where `labelled`, bool, is False."""
    grey = np.asarray(Image.fromarray(photo).convert('L').convert('RGB'))
    tinted = np.asarray(Image.blend(Image.fromarray(grey), Image.new('RGB', grey.shape[1::-1], RED), 0.65))
    picture = np.where((truth != ids)[..., np.newaxis], tinted, grey)
    picture[~labelled] = PALE
    return picture


def class_shares(ids, num_classes):
    """List (id, share) of the classes found, largest share first; ids of N and above are left out of the count."""
    counts = np.bincount(np.ravel(ids), minlength=num_classes)[:num_classes]
    found = np.flatnonzero(counts)
    by_share = found[np.argsort(-counts[found], kind='stable')]
    return [(int(i), float(counts[i] / counts.sum())) for i in by_share]


def describe(ids, classes):
    """One line of the largest: 'classes found: road 41.2 %, sky 22.0 % and 7 more'. The legend has them all."""
    found = [f'{name} {percent}' for _, name, percent in _entries(ids, classes)]
    more = f' and {len(found) - MOST_NAMED} more' if len(found) > MOST_NAMED else ''
    return 'classes found: ' + (', '.join(found[:MOST_NAMED]) + more or 'none')


def _entries(ids, classes):
    """(colour, short name, '41.2 %') of each class found, largest share first."""
    return [(tuple(classes[i].colour), short_name(classes[i].name), _percent(share))
            for i, share in class_shares(ids, len(classes))]


def _percent(share):
    return f'{100 * share:.1f} %' if share >= 0.001 else '<0.1 %'


def legend(ids, classes, text_height=16):
    """Key to the classes found, largest share first: swatch, name, percentage. uint8 [H, W, 3].

    text_height is in pixels and sets the scale. A legend of many classes has several columns.
    """
    entries = [(colour, _cut(name), percent) for colour, name, percent in _entries(ids, classes)]
    columns = max(-(-len(entries) // LEGEND_ROWS), 1)
    rows = max(-(-len(entries) // columns), 1)
    pad, line, swatch = text_height // 2, 3 * text_height // 2, 2 * text_height
    widest = max([text_width(name, text_height) for _, name, _ in entries], default=0)
    column = pad + swatch + pad + widest + 2 * pad + text_width('100.0 %', text_height) + pad
    image = Image.new('RGB', (columns * column, pad + rows * line + pad), WHITE)
    draw = ImageDraw.Draw(image)
    for k, (colour, name, percent) in enumerate(entries):
        left, top = k // rows * column + pad, k % rows * line + pad
        middle = top + line // 2
        # The outline shows a white swatch.
        draw.rectangle((left, top + 2, left + swatch, top + line - 3), fill=colour, outline=GREY)
        write(image, left + swatch + pad, middle, name, text_height, INK)
        write(image, left + column - 2 * pad - text_width(percent, text_height), middle, percent, text_height, INK)
    return np.asarray(image)


def undrawable_names(classes):
    """A sentence on letters of the classes' names that legends cannot show, or None."""
    return undrawable(_cut(short_name(c.name)) for c in classes)


def side_by_side(images, gap=8, titles=None):
    """Set uint8 RGB images of any sizes next to each other on white, `gap` pixels apart, each under its title."""
    tallest = max(len(image) for image in images)
    text_height = max(14, tallest // 32)
    head = 3 * text_height // 2 if titles else 0
    titles = [' '.join(title.split()) for title in titles or [''] * len(images)]
    widths = [max(image.shape[1], text_width(title, text_height)) for image, title in zip(images, titles)]
    sheet = Image.new('RGB', (sum(widths) + gap * (len(images) - 1), head + tallest), WHITE)
    left = 0
    for image, title, width in zip(images, titles, widths):
        write(sheet, left, head // 2, title, text_height, INK)
        sheet.paste(Image.fromarray(image), (left, head))
        left += width + gap
    return np.asarray(sheet)


def save_picture(path, picture):
    """Write uint8 [H, W, 3], or [H, W] as grey, as PNG or JPEG by the path's extension, whole or not at all.

    Raises UserError on any other extension, and for a JPEG that would be too large for one.
    """
    from imageio.v2 import imwrite
    extension = os.path.splitext(path)[1]
    options = WRITE_OPTIONS.get(extension.lower())
    if options is None:
        raise UserError(f'{path}: pictures are written as {", ".join(WRITE_OPTIONS)}, not as '
                        f'{extension or "a file without extension"}; change the ending.')
    height, width = picture.shape[:2]
    if 'quality' in options and max(height, width) > JPEG_SIDE:
        raise UserError(f'{path}: a picture of {width} x {height} pixels, and a JPEG has at most {JPEG_SIDE} a side. '
                        'Scale it down, or write it as .png.')
    with atomic_file(path) as part:
        imwrite(part, picture, **options)


def _cut(name):
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME - 1] + '…'


def _horizontal(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=1)


def _vertical(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=0)


IDS = 'ids'  # no picture but the ids themselves, in grey
# function(photo uint8 [H, W, 3], ids uint8 [H, W], colours uint8 [N, 3]) -> uint8 [h, w, 3]
VIEWS = collections.OrderedDict([
    ('overlay', overlay),  # the colours blended into the photo
    ('colours', lambda photo, ids, colours: colour_image(ids, colours)),
    ('horizontal', _horizontal),  # the photo left of its overlay
    ('vertical', _vertical),  # the photo above its overlay
])
