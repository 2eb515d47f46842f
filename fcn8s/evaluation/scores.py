"""A test's scores by every definition: printed, and written to scores.json."""
import collections

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
from fcn8s.utils.files import write_json
from fcn8s.visualize import short_name

# A finished test.
#   net, checkpoint, data_dir   NetConfig, prefix of the checkpoint, and folder of the photos
#   predictions                 {flag: value} of everything that the predictions depend on
#   matrix                      confusion matrix of all photos, int64 [N, N]
#   scores                      per-image Scores in the order of the photos, None for a photo without labels
#   left_out                    {file: why it could not be used}
#   seconds                     duration
Outcome = collections.namedtuple('Outcome', 'net checkpoint data_dir predictions matrix scores left_out seconds')

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


def by_definition(matrix, scores):
    """The scores by each definition: (Scores or None, SceneParsingScores, AllClassScores).

    matrix: confusion matrix of all photos, [N, N]; scores: per-image Scores, None for a photo without labels.
    """
    return mean_scores(scores), scene_parsing_scores(matrix), all_class_scores(matrix)


def print_scores(matrix, scores, classes):
    """Prints the table of classes and the scores by each definition; takes what by_definition takes, and ClassInfos."""
    print(format_table(per_class(without_unlabelled(matrix)), [short_name(c.name) for c in classes]))
    per_image, *others = by_definition(matrix, scores)
    print('\n' + format_scores(per_image, count_unlabelled(scores)))
    for block in others:
        print('\n' + format_scores(block))
    only = only_class(matrix)
    if only is not None:
        print(f'\nwarning: {only} {short_name(classes[only].name)} is the only class in these photos, so predicting it '
              'everywhere scores 1.000')


def write_scores(path, outcome):
    """Writes the scores of an Outcome, and how they came about, to a JSON file."""
    mean, scene_parsing, all_classes = by_definition(outcome.matrix, outcome.scores)
    write_json(path, {
        'per_image_mean': mean and mean._asdict(),
        'scene_parsing': scene_parsing._asdict(),
        'all_classes': all_classes._asdict(),
        'per_class': [dict(row._asdict(), name=outcome.net.classes[row.index].name)
                      for row in per_class(without_unlabelled(outcome.matrix))],
        'images': len(outcome.scores),
        'images_without_labels': count_unlabelled(outcome.scores),
        'left_out': outcome.left_out,
        'predictions': outcome.predictions,
        'checkpoint': outcome.checkpoint,
    })


def count_unlabelled(scores):
    """How many photos have no per-image score."""
    return sum(score is None for score in scores)


def format_scores(scores, left_out=0):
    """Text that names the definition, then one line per score.

    scores: Scores, SceneParsingScores, AllClassScores, or the None that mean_scores returns.
    left_out: how many images have no per-image score.
    """
    if scores is None:
        return f'{TITLES[Scores]}: no image has a pixel labelled other than 0'
    title = TITLES[type(scores)] + (f', left out as unlabelled: {left_out}' if left_out else '')
    width = max(len(LABELS[field]) for field in scores._fields)
    return '\n'.join([title] + [
        f'  {LABELS[field]:<{width}}  {value:.4f}' for field, value in zip(scores._fields, scores)])


def one_line(score):
    """Per-image Scores as text in one line; None is that of a photo without labels."""
    if score is None:
        return 'nothing labelled'
    return ', '.join(f'{name} {value:.4f}' for name, value in score._asdict().items())


def format_table(rows, names, width=24):
    """The rows of `per_class` as aligned text, one class per line; '-' marks an undefined score.

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
