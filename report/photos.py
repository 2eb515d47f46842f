"""One photo of the report: its four views, its scores and its classes."""
from html import escape

import numpy as np
from PIL import Image

from metrics import LABELS
from report.parts import data_uri, swatch
from visualize import class_shares, differences, palette, palette_image, short_name

CHIPS = 6  # classes named under a photo


def photo_section(entry, classes):
    """HTML of a gallery.Entry: photo, truth, prediction and where they differ, with its scores and main classes."""
    colours = palette(classes)
    difference = differences(entry.photo, entry.truth, entry.ids, entry.labelled)
    views = (('photo', _jpeg(entry.photo)), ('truth', data_uri(palette_image(entry.truth, colours), optimize=True)),
             ('prediction', data_uri(palette_image(entry.ids, colours), optimize=True)),
             ('where they differ', _jpeg(difference)))
    height, width = entry.truth.shape
    figures = ''.join(
        f'<figure><img src="{uri}" width="{width}" height="{height}" alt="{title}: {escape(entry.name)}">'
        f'<figcaption>{title}</figcaption></figure>' for title, uri in views)
    scores = ', '.join(f'{LABELS[key]} <b>{getattr(entry.score, key):.4f}</b>' for key in ('mean_iu', 'pixel_accuracy'))
    return (f'<article><h4>{escape(entry.name)}</h4><p class="note">{scores}</p><div class="views">{figures}</div>'
            f'<p class="chips">{_chips(entry, classes)}</p></article>')


def _jpeg(rgb):
    return data_uri(Image.fromarray(rgb), 'jpeg', quality=80)


def _chips(entry, classes):
    """The colours and names of the classes that cover most of truth and prediction."""
    shares = class_shares(np.stack([entry.truth, entry.ids]), len(classes))
    more = f' and {len(shares) - CHIPS} more' if len(shares) > CHIPS else ''
    return ' '.join(f'<span>{swatch(classes[index].colour)}{escape(short_name(classes[index].name))}</span>'
                    for index, _ in shares[:CHIPS]) + more
