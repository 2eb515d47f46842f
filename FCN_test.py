"""Scores a trained net on the validation photos.

    python FCN_test.py                                      # the first 100 of them
    python FCN_test.py --test_num=0                         # all
    python FCN_test.py --logs_dir=logs/my_photos --checkpoint=best --verbose

Both definitions of the scores come from the same predictions; they are printed and written to
logs_dir/test/scores.json.
"""
import os
import time

from absl import flags
from tqdm import tqdm

from files.atomic import write_json
from metrics import (
    all_class_scores,
    format_scores,
    format_table,
    mean_scores,
    per_class,
    per_image_scores,
    scene_parsing_scores,
    without_unlabelled,
)
from read_data import read_dataset
from runs.data_set import ensure_data_set
from runs.evaluation import evaluate
from runs.flags import define_net_flags, define_prediction_flags, parse, run
from segmenter import Segmenter
from visualize import colour_image, palette, save_picture, short_name, side_by_side

TEST_NUM = 100           # photos, the first in the order of their names; 0 for all
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # where no run names another
GOOD_ACCURACY = 0.66     # a photo scored above both of these counts as well predicted
GOOD_MEAN_IU = 0.33

FLAGS = flags.FlagValues()


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    test = {'flag_values': FLAGS, 'module_name': 'test'}
    flags.DEFINE_integer('test_num', TEST_NUM, 'photos to test, 0 for all', 0, **test)
    flags.DEFINE_boolean('verbose', False, 'a line for each photo', **test)
    flags.DEFINE_boolean('save_good', False, 'write the well predicted photos as photo | prediction | truth to '
                         'logs_dir/test/good', **test)
    flags.DEFINE_float('good_accuracy', GOOD_ACCURACY, 'pixel accuracy above which a photo is good', 0., 1., **test)
    flags.DEFINE_float('good_mean_iu', GOOD_MEAN_IU, 'mean IU above which a photo is good', 0., 1., **test)
    define_prediction_flags(FLAGS, LOGS_DIR)
    define_net_flags(FLAGS)
    flags.DEFINE_integer('ignore_label', None, 'pixels with this id are left out of all scores (default: as trained)',
                         0, 255, flag_values=FLAGS, module_name='data')


define_flags()


def test(segmenter, records, ignore_label, good_dir):
    """Predicts and scores the records; returns (confusion matrix of all, list of per-image Scores or None)."""
    classes = segmenter.net.classes
    total, scores = 0, []
    results = evaluate(records, lambda single: segmenter.predict_batch(single.image[None])[0], len(classes),
                       ignore_label)
    for result in tqdm(results, total=len(records), unit='photo', dynamic_ncols=True):
        total = total + result.full
        score = per_image_scores(result.small)
        scores.append(score)
        name = os.path.basename(result.single.record.image)
        if FLAGS.verbose:
            tqdm.write(f'{name}: ' + ('nothing labelled' if score is None else ', '.join(
                f'{key} {value:.4f}' for key, value in score._asdict().items())))
        if good_dir and score and score.pixel_accuracy > FLAGS.good_accuracy and score.mean_iu > FLAGS.good_mean_iu:
            colours = palette(classes)
            pictures = (result.single.image, colour_image(result.ids, colours),
                        colour_image(result.single.annotation, colours))
            save_picture(os.path.join(good_dir, os.path.splitext(name)[0] + '.png'),
                         side_by_side(pictures, titles=('photo', 'prediction', 'truth')))
    return total, scores


def scores_of(total, scores, classes):
    """The content of scores.json but for its 'checkpoint'."""
    mean = mean_scores(scores)
    return {
        'per_image_mean': mean and mean._asdict(),
        'scene_parsing': scene_parsing_scores(total)._asdict(),
        'all_classes': all_class_scores(total)._asdict(),
        'per_class': [dict(row._asdict(), name=classes[row.index].name)
                      for row in per_class(without_unlabelled(total))],
        'images': len(scores),
        'images_without_labels': sum(score is None for score in scores),
    }


def main(argv):
    """The whole test; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, FLAGS, DATA_DIR, FLAGS.predict_class_0) as segmenter:
        classes, trained = segmenter.net.classes, (segmenter.config or {}).get('flags', {})
        data_dir = FLAGS.data_dir or trained.get('data_dir', DATA_DIR)
        ignore_label = trained.get('ignore_label') if FLAGS.ignore_label is None else FLAGS.ignore_label
        ensure_data_set(data_dir)
        records = read_dataset(data_dir, 'validation', len(classes)).records
        records = records[:FLAGS.test_num or len(records)]
        print(f'{segmenter.describe()}; {len(records)} photos of {data_dir}')

        test_dir = os.path.join(FLAGS.logs_dir, 'test')
        started = time.time()
        total, scores = test(segmenter, records, ignore_label, FLAGS.save_good and os.path.join(test_dir, 'good'))
        seconds = time.time() - started

    names = [short_name(c.name) for c in classes]
    print(format_table(per_class(without_unlabelled(total)), names))
    for block in (mean_scores(scores), scene_parsing_scores(total), all_class_scores(total)):
        print('\n' + format_scores(block))
    path = os.path.join(test_dir, 'scores.json')
    write_json(path, dict(scores_of(total, scores, classes), checkpoint=segmenter.checkpoint))
    print(f'\n{len(records)} photos in {seconds:.0f} s; the scores are in {path}')
    return 0


if __name__ == '__main__':
    run(main)
