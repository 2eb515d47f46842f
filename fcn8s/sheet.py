"""A picture of a data set: a dozen photos under their masks, and how much of the labels each class has."""
import os

import numpy as np
from PIL import Image, ImageDraw

from fcn8s.data.annotations import read_annotation
from fcn8s.data.classes import MAX_CLASSES, generic_classes
from fcn8s.data.photos import read_photo, resize_ids, resize_photo
from fcn8s.data.records import evenly_spaced
from fcn8s.lettering import text_width, write
from fcn8s.utils.errors import UserError
from fcn8s.visualize import GREY, INK, WHITE, cut_name, overlay, palette, save_picture, short_name

PHOTOS, COLUMNS = 12, 4
CELL = 320          # pixels of a photo's longer side
TEXT, PAD = 15, 10  # pixels: height of letters, space around pictures
ROWS = 38           # classes in a column of the plot
BAR = 120           # pixels of the longest bar


def save_sheet(path, findings):
    """Writes the sheet of a data folder; findings: what fcn8s.data.check.examine found. Raises as save_picture."""
    splits = findings.splits.values()
    records = [record for split in splits for record in split.records]
    save_picture(path, sheet(records, findings.classes, sum(split.tally.pixels for split in splits),
                             findings.ignore_label))
    print(f'the preview is in {path}')


def sheet(records, classes, pixels, ignore_label=None):
    """Draws the picture: uint8 [H, W, 3].

    Args:
      records: Records, of which PHOTOS are shown, evenly spaced; unreadable ones are left out.
      classes: tuple of ClassInfo.
      pixels: int64 [256], the pixels of each id in all annotations.
      ignore_label: an id that is no class, or None; it is not painted.
    """
    photos = [picture for picture in (_photo(record, classes, ignore_label)
                                      for record in evenly_spaced(records, PHOTOS)) if picture is not None]
    rows = [np.concatenate(photos[i:i + COLUMNS], axis=1) for i in range(0, len(photos), COLUMNS)]
    return below(rows + [frequencies(classes, pixels, ignore_label)])


def frequencies(classes, pixels, ignore_label=None):
    """Draws a bar for each class: its colour, id and name, and its share of the pixels that are not ignored.

    Ids that occur without being a class follow the classes. Other arguments: as for sheet. Returns uint8 [H, W, 3].
    """
    pixels = np.array(pixels)
    if ignore_label is not None:
        pixels[ignore_label] = 0
    known, colours = {c.index for c in classes}, all_colours(classes)
    bars = [(c.colour, f'{c.index} {cut_name(short_name(c.name))}', pixels[c.index]) for c in classes
            if c.index != ignore_label]
    bars += [(tuple(colours[i].tolist()), f'{i} (no class)', pixels[i]) for i in np.flatnonzero(pixels)
             if i not in known]
    total, most = max(pixels.sum(), 1), max(pixels.max(), 1)
    columns, line = -(-len(bars) // ROWS) or 1, TEXT + 6
    rows = -(-len(bars) // columns) or 1
    names = max([text_width(name, TEXT) for _, name, _ in bars], default=0)
    width = PAD + TEXT + PAD + names + PAD + BAR + PAD + text_width('100.00 %', TEXT) + PAD
    image = Image.new('RGB', (columns * width, 2 * PAD + rows * line), WHITE)
    draw = ImageDraw.Draw(image)
    for number, (colour, name, count) in enumerate(bars):
        left, top = number // rows * width + PAD, PAD + number % rows * line
        draw.rectangle((left, top + 2, left + TEXT, top + line - 4), fill=tuple(colour), outline=GREY)
        write(image, left + TEXT + PAD, top + line // 2, name, TEXT, INK)
        left += TEXT + PAD + names + PAD
        if count:
            draw.rectangle((left, top + 3, left + int(round(BAR * count / most)), top + line - 5), fill=GREY)
        write(image, left + BAR + PAD, top + line // 2, f'{100 * count / total:.2f} %' if count else 'never', TEXT, INK)
    return np.asarray(image)


def all_colours(classes):
    """Colours of all ids, those without a class included: uint8 [256, 3]."""
    colours = palette(generic_classes(MAX_CLASSES))
    colours[:len(classes)] = palette(classes)
    return colours


def below(pictures, gap=12):
    """RGB pictures below each other, flush left on white, `gap` pixels apart."""
    width = max(picture.shape[1] for picture in pictures)
    whole = np.full((sum(len(picture) + gap for picture in pictures) - gap, width, 3), 255, np.uint8)
    top = 0
    for picture in pictures:
        whole[top:top + len(picture), :picture.shape[1]] = picture
        top += len(picture) + gap
    return whole


def _photo(record, classes, ignore_label):
    """A photo under its mask and over its name, [h, CELL + PAD, 3], all of one size; None if it is unreadable."""
    try:
        photo, ids = read_photo(record.image), read_annotation(record.annotation)
    except UserError:
        return None
    if photo.shape[:2] != ids.shape:
        return None
    factor = CELL / max(ids.shape)
    size = [max(1, int(round(side * factor))) for side in ids.shape]
    photo, ids = resize_photo(photo, *size), resize_ids(ids, *size)
    painted = overlay(photo, ids, all_colours(classes))
    if ignore_label is not None:
        painted = np.where((ids == ignore_label)[..., np.newaxis], photo, painted)
    cell = Image.new('RGB', (CELL + PAD, CELL * 3 // 4 + 2 * TEXT), WHITE)
    picture = Image.fromarray(painted)
    picture.thumbnail((CELL, CELL * 3 // 4))
    cell.paste(picture, (0, 0))
    name = os.path.basename(record.image)
    while text_width(name, TEXT) > CELL:
        name = name[:-2] + '…'
    write(cell, 0, picture.size[1] + TEXT, name, TEXT, INK)
    return np.asarray(cell)
