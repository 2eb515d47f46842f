"""A test's report: one HTML page that holds all it shows and fetches nothing."""
import base64
import collections
import hashlib
import os
from html import escape

from files.atomic import whole_file
from metrics import LABELS, TITLES, AllClassScores, SceneParsingScores, Scores, without_unlabelled
from report.class_table import class_table
from report.confusions import confusion_table, heat_map
from report.photos import photo_section

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
    with whole_file(path) as temporary, open(temporary, 'wb') as file:
        file.write(data)


def page(report):
    """HTML of a Report."""
    script = _part('page.js')
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
        policy=policy, title=escape(report.title), lead=escape(report.lead), style=_part('page.css'), script=script,
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
