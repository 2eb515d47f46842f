"""The scores of each class as a table that page.js sorts."""
import base64
import collections
import hashlib
import os
import platform
import shlex
import time
from html import escape

import numpy
import numpy as np
import PIL
from PIL import Image

from fcn8s.devices import describe_device
from fcn8s.evaluation.confusions import confusion_table, data_uri, heat_map, percent, swatch
from fcn8s.evaluation.metrics import (
    LABELS,
    TITLES,
    AllClassScores,
    SceneParsingScores,
    Scores,
    per_class,
    without_unlabelled,
)
from fcn8s.utils.files import atomic_file
from fcn8s.visualize import class_shares, differences, palette, palette_image, short_name

# key of ClassScores: title; wide ones are left out on a phone
COLUMNS = (('pixels', 'share of pixels', ''), ('accuracy', 'accuracy', 'wide'), ('precision', 'precision', 'wide'),
           ('iou', 'IoU', ''))


def class_table(matrix, classes):
    """HTML of a confusion matrix's classes, the commonest first; those in neither truth nor prediction below it."""
    rows = per_class(matrix)
    shown = sorted((row for row in rows if row.iou is not None), key=lambda row: (-row.pixels, row.index))
    absent = ', '.join(escape(short_name(classes[row.index].name)) for row in rows if row.iou is None)
    total, most = max(sum(row.pixels for row in rows), 1), max([row.pixels for row in rows] + [1])
    head = _head('id', 'id', 'number wide id') + _head('name', 'class', '') + ''.join(
        _head(key, title, 'number ' + kind) for key, title, kind in COLUMNS)
    body = ''.join(_row(row, classes[row.index], total, most) for row in shown)
    table = f'<table id="classes" class="sortable"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    if absent:
        count = len(rows) - len(shown)
        counted = f'{count} classes' if count > 1 else '1 class'
        table += f'<details><summary>{counted} in neither truth nor prediction</summary><p>{absent}</p></details>'
    return table


def _head(key, title, kind):
    sort = ' aria-sort="descending"' if key == 'pixels' else ''
    return f'<th scope="col" class="{kind}"{sort}><button type="button">{title}</button></th>'


def _row(row, info, total, most):
    name = escape(short_name(info.name))
    cells = [f'<td class="number wide" data-value="{row.index}">{row.index}</td>'
             f'<td class="name" data-value="{name}" title="{escape(info.name)}">{swatch(info.colour)}{name}</td>']
    for key, _, kind in COLUMNS:
        value = getattr(row, key)
        text, part = (percent(value / total), value / most) if key == 'pixels' else (
            '–' if value is None else f'{value:.4f}', value or 0)
        given = '' if value is None else value
        cells.append(f'<td class="number bar {kind}" style="--part:{part:.3f}" data-value="{given}">{text}</td>')
    return f'<tr>{"".join(cells)}</tr>'


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


def facts_of(argv, segmenter, data_dir, how, scores, matrix, seconds):
    """List of (name, text).

    argv: the command line. how: {flag: value} of what the predictions depend on. scores: per-image Scores or None.
    matrix: confusion matrix of all photos. seconds: what the test took.
    """
    net, unlabelled = segmenter.net, sum(score is None for score in scores)
    return [
        ('command', ' '.join(['python'] + [shlex.quote(word) for word in argv])),
        ('checkpoint', segmenter.checkpoint),
        ('net', f'{net.net}, width {net.width:g}, {net.num_classes} classes'),
        ('data set', data_dir),
        ('counts', f'{len(scores):,} photos, {unlabelled:,} of them without a labelled pixel\n'
                   f'{matrix.sum():,} pixels that are not ignored, {without_unlabelled(matrix).sum():,} of them '
                   'labelled other than 0'),
        ('predictions', '\n'.join(f'{flag}: {value}' for flag, value in how.items())),
        ('versions', f'Python {platform.python_version()}, {describe_device()}, numpy {numpy.__version__}, '
                     f'Pillow {PIL.__version__}'),
        ('date', time.strftime('%Y-%m-%d %H:%M:%S %z') + f'; the test took {seconds:.0f} s'),
    ]


# title, lead: two lines of text. scores: of metrics.mean_scores, scene_parsing_scores and all_class_scores.
# matrix: the confusion matrix of all photos, [N, N]. classes: N ClassInfo. best, worst: lists of gallery.Entry.
# facts: list of (name, text) on how it was made.
Report = collections.namedtuple('Report', 'title lead scores matrix classes best worst facts')
RULES = {
    Scores: 'each photo on its own at the net\'s size, over the classes from 1 on that occur in it; then the mean',
    SceneParsingScores: 'pixels of all photos together at the annotations\' own size, those labelled 0 left out; '
                        'mean IoU over all classes from 1 on',
    AllClassScores: 'the same pixels and those labelled 0, over all classes that occur',
}
PAGE = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>{lead}</p>
<nav><a href="#scores">Scores</a> <a href="#table">Classes</a> <a href="#confused">Confusions</a>
<a href="#photos">Photos</a> <a href="#made">How it was made</a></nav></header>
<main>{sections}</main>
<script>{script}</script>
</body>
</html>
'''


def write_report(path, report):
    """Writes a Report as an HTML page to `path`, whole or not at all."""
    # A file name that is not UTF-8 holds lone surrogates.
    data = page(report).encode('utf-8', errors='backslashreplace')
    with atomic_file(path) as temporary, open(temporary, 'wb') as file:
        file.write(data)


def page(report):
    """HTML of a Report."""
    script = _part('report.js')
    digest = base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    labelled = without_unlabelled(report.matrix)
    sections = (
        ('scores', 'Scores', _scores(report.scores)),
        ('table', 'Classes', '<p class="note">Pixels labelled 0 are left out. A click on a heading sorts.</p>'
                             + class_table(labelled, report.classes)),
        ('confused', 'Confusions', '<h3>Those that cost most</h3>' + confusion_table(labelled, report.classes)
                                   + '<h3>All of them</h3><p class="note">Rows: truth. Columns: prediction. Blue is '
                                   'right, orange wrong; the stronger, the larger the part of its row.</p>'
                                   + heat_map(labelled, report.classes)),
        ('photos', 'Photos', _photos(report)),
        ('made', 'How it was made', _facts(report.facts)),
    )
    return PAGE.format(
        policy=policy, title=escape(report.title), lead=escape(report.lead), style=_part('report.css'), script=script,
        sections=''.join(f'<section id="{key}"><h2>{title}</h2>{body}</section>' for key, title, body in sections))


def _part(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding='utf-8') as file:
        return file.read()


def _scores(blocks):
    cards = []
    for kind, block in zip((Scores, SceneParsingScores, AllClassScores), blocks):
        rows = ''.join(f'<dt>{LABELS[key]}</dt><dd class="bar" style="--part:{value:.3f}">{value:.4f}</dd>'
                       for key, value in (block._asdict() if block else {}).items())
        body = f'<dl>{rows}</dl>' if rows else '<p>No photo has a pixel labelled other than 0.</p>'
        cards.append(f'<div class="card"><h3>{TITLES[kind]}</h3><p class="note">{RULES[kind]}</p>{body}</div>')
    return f'<div class="cards">{"".join(cards)}</div>'


def _photos(report):
    groups = (('Best', report.best), ('Worst', report.worst))
    shown = ''.join(f'<h3>{title}</h3>' + ''.join(photo_section(entry, report.classes) for entry in entries)
                    for title, entries in groups if entries)
    if not shown:
        return '<p>No photo has a score.</p>'
    return ('<p class="note">By mean IU. Where they differ: red is wrong, pale is not labelled and does not count.</p>'
            + shown)


def _facts(facts):
    rows = ''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in facts)
    return f'<dl class="facts">{rows}</dl>'
