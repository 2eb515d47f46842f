"""What a net takes for what: the confusions that cost most, and a heat map of all."""
import base64
import collections
import io
import json
from html import escape

import numpy as np
from PIL import Image

from fcn8s.visualize import short_name

LISTED = 15
RIGHT, WRONG = (37, 99, 235), (220, 80, 20)  # colours of the heat map
# share: of all labelled pixels; share_of_class: of the truth's pixels
Confusion = collections.namedtuple('Confusion', 'truth predicted pixels share share_of_class')


def costly_confusions(matrix, count=LISTED):
    """The `count` confusions of most pixels, the largest first: list of Confusion.

    matrix: [N, N], rows the truth, without its unlabelled pixels.
    """
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind='stable')[:count]
    pairs = [divmod(int(place), len(matrix)) for place in order]
    return [Confusion(truth, predicted, int(matrix[truth, predicted]), matrix[truth, predicted] / matrix.sum(),
                      matrix[truth, predicted] / matrix[truth].sum())
            for truth, predicted in pairs if wrong[truth, predicted]]


def confusion_table(matrix, classes):
    """HTML of the costly confusions."""
    rows = costly_confusions(matrix)
    if not rows:
        return '<p>Nothing is confused: every labelled pixel is right, or none is labelled.</p>'
    largest = rows[0].share
    body = ''.join(
        f'<tr>{_named(classes[row.truth])}{_named(classes[row.predicted])}'
        f'<td class="number wide">{row.pixels:,}</td>'
        f'<td class="number bar" style="--part:{row.share / largest:.3f}">{percent(row.share)}</td>'
        f'<td class="number">{percent(row.share_of_class)}</td></tr>' for row in rows)
    return ('<table id="confusions"><thead><tr><th>truth</th><th>taken for</th><th class="number wide">pixels</th>'
            '<th class="number">of all</th><th class="number">of the class</th></tr></thead>'
            f'<tbody>{body}</tbody></table>')


def heat_map(matrix, classes):
    """HTML of the confusion matrix of the classes that occur, the commonest first; each row adds up to its class.

    A pixel of the picture is a cell; page.js says which one the pointer is on.
    """
    truth, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    order = [int(i) for i in np.argsort(-truth, kind='stable') if truth[i] or predicted[i]]
    if not order:
        return ''
    cells = matrix[np.ix_(order, order)]
    names = [short_name(classes[index].name) for index in order]
    labels = ''.join(f'<li>{escape(name)}</li>' for name in names)
    nonzero = [[int(row), int(column), int(cells[row, column])] for row, column in np.argwhere(cells)]
    data = json.dumps({'names': names, 'cells': nonzero}).replace('<', '\\u003c')  # no name can end the script
    picture = data_uri(Image.fromarray(heat_picture(cells)), optimize=True)
    return ('<p class="readout" id="readout" role="status">Point at a cell, or touch it.</p>'
            f'<div class="heat" style="--count:{len(order)}">'
            f'<ol class="columns">{labels}</ol><ol class="rows">{labels}</ol>'
            f'<img id="heat" src="{picture}" width="{len(order)}" height="{len(order)}" '
            f'alt="Heat map of {len(order)} classes: rows are the truth, columns the prediction"></div>'
            f'<script type="application/json" id="cells">{data}</script>')


def heat_picture(cells):
    """Confusion matrix -> uint8 [N, N, 4], RGB and opacity: blue on the diagonal, orange elsewhere.

    The opacity is the square root of the cell's share of its row, so that one per cent is seen.
    """
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    picture = np.empty(cells.shape + (4,), np.uint8)
    picture[..., :3] = WRONG
    picture[np.diag_indices(len(cells))] = RIGHT + (0,)
    picture[..., 3] = np.ceil(255 * np.sqrt(shares))
    return picture


def _named(info):
    return f'<td class="name">{swatch(info.colour)}{escape(short_name(info.name))}</td>'


def data_uri(image, kind='png', **options):
    """A Pillow image as the address of itself: 'data:image/png;base64,...'."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f'data:image/{kind};base64,' + base64.b64encode(buffer.getvalue()).decode('ascii')


def swatch(colour):
    """A small square of a class's colour, (red, green, blue)."""
    return '<i class="swatch" style="background:#{:02x}{:02x}{:02x}"></i>'.format(*colour)


def percent(share):
    """'12.3 %' of 0.123; what is less than it could show is '<0.1 %', escaped."""
    return '&lt;0.1 %' if 0 < share < 0.001 else f'{100 * share:.1f} %'
