"""Pictures of class ids: palettes, overlays, legends, views."""
import collections
import os

import numpy as np
from PIL import Image, ImageDraw

from fcn8s.lettering import text_width, undrawable, write
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.files import atomic_file

# PNG at level 3: three times as fast as zlib's default, for files a tenth larger
WRITE_OPTIONS = {'.png': {'compress_level': 3}, '.jpg': {'quality': 95}, '.jpeg': {'quality': 95}}
MAX_JPEG_SIDE = 65500  # libjpeg's JPEG_MAX_DIMENSION
WHITE, GREY, INK = (255, 255, 255), (150, 150, 150), (30, 30, 30)
RED, PALE = (225, 45, 45), (214, 218, 224)
MAX_DESCRIBED = 5  # classes in the line of `describe`
MAX_NAME = 40  # letters of a class name in a legend
LEGEND_ROWS = 32  # per column


def short_name(name):
    """The first of the synonyms that ADE20K joins by semicolons: 'building;edifice' -> 'building'."""
    return ' '.join(name.split(';')[0].split())


def palette(classes):
    """Class colours by id: uint8 [N, 3]."""
    return np.array([c.colour for c in classes], np.uint8).reshape(-1, 3)


def palette_image(ids, colours):
    """Returns a Pillow palette image whose pixel values are the ids.

    Args:
      ids: integers [H, W], 0 to 255.
      colours: uint8 [N, 3], N at most 256; ids of N and above are black.

    Raises:
      ValueError: other ids, or more colours.
    """
    ids = np.asarray(ids)
    if ids.dtype != np.uint8:
        if ids.dtype.kind not in 'iu' or ids.size and (ids.min() < 0 or ids.max() > 255):
            raise ValueError(f'ids must be integers from 0 to 255, found {ids.dtype} from {ids.min()} to {ids.max()}')
        ids = ids.astype(np.uint8)
    if len(colours) > 256:
        raise ValueError(f'a palette image holds at most 256 colours, found {len(colours)}')
    # all 256 entries: with fewer, Pillow packs the ids into fewer bits, which larger ids do not fit
    table = np.zeros((256, 3), np.uint8)
    table[:len(colours)] = colours
    image = Image.fromarray(ids)
    image.putpalette(table.tobytes())
    return image


def colour_image(ids, colours):
    """Paints each pixel in the colour of its class: uint8 [H, W, 3]. See palette_image."""
    return np.asarray(palette_image(ids, colours).convert('RGB'))


def save_ids(path, ids, colours):
    """Writes a palette PNG whose pixel values are the ids, atomically. See palette_image."""
    image = palette_image(ids, colours)
    with atomic_file(path) as part:
        image.save(part, format='PNG')


def overlay(photo, ids, colours, alpha=0.5):
    """Blends the class colours into a photo, uint8 [H, W, 3]: (1 - alpha) photo + alpha colour, rounded down.

    Raises ValueError if photo and ids differ in size, or alpha is outside 0..1.
    """
    if photo.shape[:2] != ids.shape:
        raise ValueError(f'the photo is {photo.shape[:2]} pixels (height, width), the ids are {ids.shape}')
    if not 0 <= alpha <= 1:
        raise ValueError(f'alpha must be in 0..1, found {alpha}')
    return np.asarray(Image.blend(Image.fromarray(photo), palette_image(ids, colours).convert('RGB'), alpha))


def differences(photo, truth, ids, labelled):
    """Greys a photo, uint8 [H, W, 3]: red where truth and ids differ, pale where `labelled`, bool [H, W], is False."""
    grey = np.asarray(Image.fromarray(photo).convert('L').convert('RGB'))
    tinted = np.asarray(Image.blend(Image.fromarray(grey), Image.new('RGB', grey.shape[1::-1], RED), 0.65))
    picture = np.where((truth != ids)[..., np.newaxis], tinted, grey)
    picture[~labelled] = PALE
    return picture


def class_shares(ids, num_classes):
    """The classes found, a list of (id, share), largest first. Ids of num_classes and above do not count."""
    counts = np.bincount(np.ravel(ids), minlength=num_classes)[:num_classes]
    found = np.flatnonzero(counts)
    by_share = found[np.argsort(-counts[found], kind='stable')]
    return [(int(i), float(counts[i] / counts.sum())) for i in by_share]


def describe(ids, classes):
    """Names the largest classes in one line: 'classes found: road 41.2 %, sky 22.0 % and 7 more'."""
    found = [f'{name} {percent}' for _, name, percent in _entries(ids, classes)]
    return 'classes found: ' + (some_of(found, MAX_DESCRIBED) or 'none')


def _entries(ids, classes):
    """List of (colour, short name, '41.2 %') of the classes found, largest share first."""
    return [(tuple(classes[i].colour), short_name(classes[i].name), _percent(share))
            for i, share in class_shares(ids, len(classes))]


def _percent(share):
    return f'{100 * share:.1f} %' if share >= 0.001 else '<0.1 %'


def legend(ids, classes, text_height=16):
    """Draws a key to the classes found, largest share first: swatch, name, percentage. uint8 [H, W, 3].

    text_height: in pixels; everything scales with it. Many classes take several columns.
    """
    entries = [(colour, cut_name(name), percent) for colour, name, percent in _entries(ids, classes)]
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
        # the outline makes a white swatch visible
        draw.rectangle((left, top + 2, left + swatch, top + line - 3), fill=colour, outline=GREY)
        write(image, left + swatch + pad, middle, name, text_height, INK)
        write(image, left + column - 2 * pad - text_width(percent, text_height), middle, percent, text_height, INK)
    return np.asarray(image)


def undrawable_names(classes):
    """A sentence that names the letters of class names for which no font was found, or None."""
    return undrawable(cut_name(short_name(c.name)) for c in classes)


def side_by_side(images, gap=8, titles=None):
    """Sets RGB images, uint8 of any sizes, side by side on white, `gap` pixels apart, each under its title."""
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
    """Writes uint8 [H, W, 3], or grey [H, W], as PNG or JPEG by the path's extension, atomically.

    Raises UserError for any other extension, for sides too large for a JPEG, and if the file cannot be written.
    """
    from imageio.v2 import imwrite
    extension = os.path.splitext(path)[1]
    options = WRITE_OPTIONS.get(extension.lower())
    if options is None:
        raise UserError(f'{path}: pictures are written as {", ".join(WRITE_OPTIONS)}, not as '
                        f'{extension or "a file without extension"}. Change the ending.')
    height, width = picture.shape[:2]
    if 'quality' in options and max(height, width) > MAX_JPEG_SIDE:
        raise UserError(f'{path}: the picture has {width} x {height} pixels, but a JPEG at most {MAX_JPEG_SIDE} per '
                        'side. Scale it down, or write it as .png.')
    with atomic_file(path) as part:
        imwrite(part, picture, **options)


def cut_name(name):
    """A class name, cut to MAX_NAME letters."""
    return name if len(name) <= MAX_NAME else name[:MAX_NAME - 1] + '…'


def _horizontal(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=1)


def _vertical(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=0)


IDS = 'ids'  # the ids themselves as a grey picture
# function(photo uint8 [H, W, 3], ids uint8 [H, W], colours uint8 [N, 3]) -> uint8 [h, w, 3]
VIEWS = collections.OrderedDict([
    ('overlay', overlay),  # the colours blended into the photo
    ('colours', lambda photo, ids, colours: colour_image(ids, colours)),
    ('horizontal', _horizontal),  # the photo left of its overlay
    ('vertical', _vertical),  # the photo above its overlay
])
