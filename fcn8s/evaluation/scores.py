"""A test's scores by every definition: printed, and as the content of scores.json."""
from fcn8s.evaluation.metrics import (
    AllClassScores,
    SceneParsingScores,
    Scores,
    all_class_scores,
    mean_scores,
    only_class,
    per_class,
    scene_parsing_scores,
    without_unlabelled,
)
from fcn8s.visualize import short_name

TITLES = {
    Scores: 'per-image mean (FCN-tensorflow-ADE20k)',
    SceneParsingScores: 'scene parsing benchmark (SceneParse150)',
    AllClassScores: 'all classes, class 0 included',
}
LABELS = {
    'pixel_accuracy': 'pixel accuracy',
    'mean_accuracy': 'mean accuracy',
    'mean_iu': 'mean IU',
    'frequency_weighted_iu': 'frequency weighted IU',
    'mean_iou': 'mean IoU',
    'mean_iou_present': 'mean IoU, classes in the truth only',
    'final_score': 'final score',
}


def blocks_of(total, scores):
    """(Scores or None, SceneParsingScores, AllClassScores) of a test.

    total: confusion matrix of all photos, [N, N]; scores: per-image Scores, None for a photo without labels.
    """
    return mean_scores(scores), scene_parsing_scores(total), all_class_scores(total)


def scores_of(total, scores, classes):
    """The content of scores.json, except the facts of the run."""
    mean, scene_parsing, all_classes = blocks_of(total, scores)
    return {
        'per_image_mean': mean and mean._asdict(),
        'scene_parsing': scene_parsing._asdict(),
        'all_classes': all_classes._asdict(),
        'per_class': [dict(row._asdict(), name=classes[row.index].name)
                      for row in per_class(without_unlabelled(total))],
        'images': len(scores),
        'images_without_labels': _unlabelled(scores),
    }


def print_scores(total, scores, classes):
    """Prints the table of classes and the scores by the three definitions."""
    print(format_table(per_class(without_unlabelled(total)), [short_name(c.name) for c in classes]))
    per_image, *others = blocks_of(total, scores)
    print('\n' + format_scores(per_image, _unlabelled(scores)))
    for block in others:
        print('\n' + format_scores(block))
    only = only_class(total)
    if only is not None:
        print(f'\nwarning: these photos hold class {only} {short_name(classes[only].name)} alone, and predicting it '
              'everywhere scores 1.000')


def _unlabelled(scores):
    return sum(score is None for score in scores)


def format_scores(scores, left_out=0):
    """Text that names the definition, then one line per score.

    scores: Scores, SceneParsingScores, AllClassScores, or the None of `mean_scores`.
    left_out: how many images had no per-image score.
    """
    if scores is None:
        return f'{TITLES[Scores]}: no image has a pixel labelled other than 0'
    title = TITLES[type(scores)] + (f', left out as unlabelled: {left_out}' if left_out else '')
    width = max(len(LABELS[field]) for field in scores._fields)
    return '\n'.join([title] + [
        f'  {LABELS[field]:<{width}}  {value:.4f}' for field, value in zip(scores._fields, scores)])


def format_table(rows, names, width=24):
    """Lay out the rows of `per_class` as aligned text, one class per line; '-' marks an undefined score.

    names: the class names by id, cut to `width` characters. The last line counts the classes in neither truth nor
    prediction.
    """
    total = max(sum(row.pixels for row in rows), 1)
    shown = [row for row in rows if row.iou is not None]
    lines = [f'{"id":>3}  {"class":<{width}}  {"pixels":>8}  {"accuracy":>8}  {"IoU":>6}']
    lines += [
        f'{row.index:>3}  {names[row.index][:width]:<{width}}  {100 * row.pixels / total:>6.2f} %  '
        f'{_cell(row.accuracy):>8}  {_cell(row.iou):>6}' for row in shown]
    if len(shown) < len(rows):
        lines.append(f'classes in neither truth nor prediction: {len(rows) - len(shown)}')
    return '\n'.join(lines)


def _cell(value):
    return '-' if value is None else f'{value:.4f}'
