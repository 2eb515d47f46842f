"""The report of a test, report.html: computes the values that the template of the same name shows."""
import base64
import collections
import hashlib
import io
import os
import platform
import shlex
import time

import numpy as np
import PIL
from markupsafe import Markup
from PIL import Image

from fcn8s.devices import describe_device
from fcn8s.evaluation.confusions import costly_confusions, heat_picture, occurring_classes
from fcn8s.evaluation.metrics import AllClassScores, SceneParsingScores, Scores, per_class, without_unlabelled
from fcn8s.evaluation.scores import LABELS, TITLES, by_definition, count_unlabelled
from fcn8s.sheet import sheet
from fcn8s.utils.files import atomic_file
from fcn8s.visualize import class_shares, differences, palette, palette_image, short_name

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = {
    Scores: "each photo on its own at the net's size, over the classes from 1 on that occur in it; then the mean",
    SceneParsingScores: "pixels of all photos together at the annotations' own size, those labelled 0 left out; "
                        'mean IoU over all classes from 1 on',
    AllClassScores: 'the same pixels and those labelled 0, over all classes that occur',
}

# title, lead: two lines of text; scores: see scores.by_definition; matrix: confusion matrix of all photos, [N, N];
# classes: N ClassInfo; best, worst: lists of gallery.Entry; facts: list of (name, text), how the report was made;
# sheet: picture of the labels, uint8 [H, W, 3], or None
Report = collections.namedtuple('Report', 'title lead scores matrix classes best worst facts sheet', defaults=(None,))


def report_of(outcome, gallery, argv, dataset):
    """The Report of a test: of its Outcome, its Gallery, its command line and its Dataset."""
    pixels = np.bincount(np.arange(outcome.net.num_classes), outcome.matrix.sum(axis=1), minlength=256).astype(np.int64)
    lead = f'{len(outcome.scores)} photos of {outcome.data_dir}, predicted by {outcome.checkpoint}'
    return Report(f'Test of {outcome.net.net}', lead, by_definition(outcome.matrix, outcome.scores), outcome.matrix,
                  outcome.net.classes, *gallery.best_and_worst(), _facts(outcome, argv),
                  sheet(dataset.records, outcome.net.classes, pixels, dataset.ignore_label))


def write_report(path, report):
    """Writes a Report to `path` as an HTML page, atomically."""
    # a file name that is not UTF-8 holds lone surrogates
    data = page(report).encode('utf-8', errors='backslashreplace')
    with atomic_file(path) as temporary, open(temporary, 'wb') as file:
        file.write(data)


def page(report):
    """HTML of a Report."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
                            trim_blocks=True, lstrip_blocks=True)
    templates.filters.update(short=short_name, percent=percent, hex='#{0[0]:02x}{0[1]:02x}{0[2]:02x}'.format)
    script, labelled = _part('report.js'), without_unlabelled(report.matrix)
    rows = per_class(labelled)
    return templates.get_template('report.html').render(
        report=report, style=_part('report.css'), script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii'),
        cards=[_card(kind, scores) for kind, scores in zip(RULES, report.scores)],
        rows=sorted((row for row in rows if row.iou is not None), key=lambda row: (-row.pixels, row.index)),
        absent=[short_name(report.classes[row.index].name) for row in rows if row.iou is None],
        all_pixels=max(labelled.sum(), 1), most_pixels=max(labelled.sum(axis=1).max(), 1),
        confusions=costly_confusions(labelled), heat=_heat_map(labelled, report.classes),
        sheet=None if report.sheet is None else _jpeg(report.sheet),
        best=[_photo(entry, report.classes) for entry in report.best],
        worst=[_photo(entry, report.classes) for entry in report.worst])


def percent(share):
    """'12.3 %' for 0.123; '<0.1 %' for a share too small to show."""
    return '<0.1 %' if 0 < share < 0.001 else f'{100 * share:.1f} %'


def _facts(outcome, argv):
    net, matrix = outcome.net, outcome.matrix
    return [
        ('command', ' '.join(['python'] + [shlex.quote(word) for word in argv])),
        ('checkpoint', outcome.checkpoint),
        ('net', f'{net.net}, width {net.width:g}, {net.num_classes} classes'),
        ('data set', outcome.data_dir),
        ('counts', f'{len(outcome.scores):,} photos, {count_unlabelled(outcome.scores):,} of them without a labelled '
                   f'pixel\n{matrix.sum():,} pixels that are not ignored, {without_unlabelled(matrix).sum():,} of them '
                   'labelled other than 0'),
        ('predictions', '\n'.join(f'{flag}: {value}' for flag, value in outcome.predictions.items())),
        ('versions', f'Python {platform.python_version()}, {describe_device()}, numpy {np.__version__}, '
                     f'Pillow {PIL.__version__}'),
        ('date', time.strftime('%Y-%m-%d %H:%M:%S %z') + f'; the test took {outcome.seconds:.0f} s'),
    ]


def _part(name):
    """One of our own files, which the page includes unescaped."""
    with open(os.path.join(HERE, name), encoding='utf-8') as file:
        return Markup(file.read())


def _card(kind, scores):
    labelled = [(LABELS[name], value) for name, value in scores._asdict().items()] if scores else []
    return {'title': TITLES[kind], 'rule': RULES[kind], 'scores': labelled}


def _heat_map(matrix, classes):
    """The classes that occur, [row, column, pixels] of each non-zero cell, and a picture with one pixel per cell.

    report.js names the cell under the pointer.
    """
    order = occurring_classes(matrix)
    cells = matrix[np.ix_(order, order)]
    return {'names': [short_name(classes[index].name) for index in order],
            'cells': [[int(row), int(column), int(cells[row, column])] for row, column in np.argwhere(cells)],
            'picture': order and _data_uri(Image.fromarray(heat_picture(cells)), optimize=True)}


def _photo(entry, classes):
    """The four views of a gallery.Entry, and its classes, largest share first."""
    colours = palette(classes)
    difference = differences(entry.photo, entry.truth, entry.ids, entry.labelled)
    views = [('photo', _jpeg(entry.photo)), ('truth', _png(entry.truth, colours)),
             ('prediction', _png(entry.ids, colours)), ('difference', _jpeg(difference))]
    height, width = entry.truth.shape
    shares = class_shares(np.stack([entry.truth, entry.ids]), len(classes))
    return {'name': entry.name, 'score': entry.score, 'views': views, 'width': width, 'height': height,
            'classes': [classes[index] for index, _ in shares]}


def _jpeg(rgb):
    return _data_uri(Image.fromarray(rgb), 'jpeg', quality=80)


def _png(ids, colours):
    return _data_uri(palette_image(ids, colours), optimize=True)


def _data_uri(image, kind='png', **options):
    """A Pillow image as the text 'data:image/png;base64,...'."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f'data:image/{kind};base64,' + base64.b64encode(buffer.getvalue()).decode('ascii')
