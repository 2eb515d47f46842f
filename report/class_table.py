"""The scores of each class as a table that page.js sorts."""
from html import escape

from metrics import per_class
from report.parts import percent, swatch
from visualize import short_name

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
