"""A test's scores by every definition: printed, and as the content of scores.json."""
from metrics import (
    all_class_scores,
    format_scores,
    format_table,
    mean_scores,
    only_class,
    per_class,
    scene_parsing_scores,
    without_unlabelled,
)
from visualize import short_name


def blocks_of(total, scores):
    """(Scores or None, SceneParsingScores, AllClassScores) of a test.

    total: confusion matrix of all photos, [N, N]; scores: per-image Scores, None of a photo without labels.
    """
    return mean_scores(scores), scene_parsing_scores(total), all_class_scores(total)


def scores_of(total, scores, classes):
    """The content of scores.json but for what it was made from."""
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
    """Prints the table of classes and the three definitions."""
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
