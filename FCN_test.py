"""Scores a trained net on the validation photos.

    python FCN_test.py                                      # the first 100 of them
    python FCN_test.py --test_num=0                         # all
    python FCN_test.py --logs_dir=logs/my_photos --checkpoint=best --verbose
    python FCN_test.py --scales=0.5,0.75,1,1.25,1.5 --flip  # averages over scales and mirror images
    python FCN_test.py --report --save=overlay,submission   # a page to look at, and pictures

Both definitions of the scores come from the same predictions; they are printed and written to
logs_dir/test/scores.json, the page to logs_dir/test/report.html, pictures to logs_dir/test/<kind>/.
"""
import functools
import os
import time

import numpy as np
from absl import flags
from tqdm import tqdm

from fcn8s.data.classes import find_classes
from fcn8s.data.list_file import read_list
from fcn8s.data.records import BadPhotos
from fcn8s.devices import assume_frozen_weights
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.gallery import Gallery
from fcn8s.evaluation.metrics import per_image_scores
from fcn8s.evaluation.pictures import KINDS, Pictures, parse_kinds
from fcn8s.evaluation.report import Report, facts_of, write_report
from fcn8s.evaluation.scores import blocks_of, print_scores, scores_of
from fcn8s.flags import (
    define_bad_data_flag,
    define_net_flags,
    define_precision_flag,
    define_prediction_flags,
    define_scale_flags,
    define_tile_flags,
)
from fcn8s.prediction.scales import likeliest, mean_softmax, parse_scales
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import write_json
from fcn8s.utils.partial import remove_abandoned_files
from fcn8s.utils.script import run
from fcn8s.utils.terminal import progress
from fcn8s.weights.checkpoints import config_folder
from read_data import ensure_data_set, read_dataset

if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()
TEST_NUM = 100           # photos, the first in the order of their names; 0 for all
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # where no run names another
GOOD_ACCURACY = 0.66     # a photo scored above both of these counts as well predicted
GOOD_MEAN_IU = 0.33
FLAGS = flags.FlagValues()


def define_flags():
    """Declares the flags; their defaults are the constants above."""
    test = {'flag_values': FLAGS, 'module_name': 'test'}
    flags.DEFINE_integer('test_num', TEST_NUM, 'photos to test, 0 for all; of a --list all, unless this is given', 0,
                         **test)
    flags.DEFINE_string('list', '', 'file of relative image paths, one a line: test these of images/, of any split, '
                        'instead of the validation photos', **test)
    flags.DEFINE_boolean('verbose', False, 'a line for each photo', **test)
    flags.DEFINE_boolean('report', False, 'write logs_dir/test/report.html: scores, classes, confusions, best and '
                         'worst photos on one page', **test)
    flags.DEFINE_string('save', '', f'pictures to write of every photo, with commas between: {", ".join(KINDS)}. A '
                        'submission is for the scene parsing benchmark: ids from 1 on, class 0 left out', **test)
    flags.DEFINE_boolean('save_good', False, 'write the well predicted photos as photo | prediction | truth to '
                         'logs_dir/test/good', **test)
    flags.DEFINE_float('good_accuracy', GOOD_ACCURACY, 'pixel accuracy above which a photo is good', 0., 1., **test)
    flags.DEFINE_float('good_mean_iu', GOOD_MEAN_IU, 'mean IU above which a photo is good', 0., 1., **test)
    define_scale_flags(FLAGS)
    define_prediction_flags(FLAGS, LOGS_DIR, '; results go into its test/, or without this flag into that of the run '
                            'which --checkpoint is of')
    define_tile_flags(FLAGS)
    define_precision_flag(FLAGS, 'prediction')
    define_net_flags(FLAGS)
    define_bad_data_flag(FLAGS, None)
    flags.DEFINE_integer('ignore_label', None, 'pixels with this id are left out of all scores, but 0 counts by the '
                         'rule of each definition (default: as trained)', 0, 255, flag_values=FLAGS, module_name='data')


define_flags()


def as_trained(config, name, default=None):
    """The value of a flag; where it was not given the run's, or else the default. config: config.json's, or None."""
    given = FLAGS[name].value
    return (config or {}).get('flags', {}).get(name, default) if given is None else given


def find_records(data_dir, num_classes, bad):
    """The Records to test: those of --list, or of the validation photos; bad: as for read_dataset."""
    find_classes(data_dir, num_classes, of_net=True)  # as many as the net knows, or an error
    if FLAGS.list:
        records, most = read_list(FLAGS.list, data_dir, bad), FLAGS['test_num'].present and FLAGS.test_num
    else:
        records, most = read_dataset(data_dir, 'validation', num_classes, bad).records, FLAGS.test_num
    return records[:most or len(records)]


def results_dir(checkpoint):
    """The folder of the scores and pictures; without a --logs_dir that of the run which the checkpoint is of."""
    run_dir = config_folder(checkpoint)
    if FLAGS['logs_dir'].present or run_dir == os.path.abspath(FLAGS.logs_dir):
        run_dir = FLAGS.logs_dir
    return os.path.join(run_dir, 'test')


def predictor(segmenter, scales, submit):
    """Function from Singles to their ids at the net's size; submit: None, or what to call with each and other ids."""
    if scales == (1.,) and not FLAGS.flip and not submit:
        return lambda singles: segmenter.predict_batch(np.stack([single.image for single in singles]))

    def predict(single):
        try:
            softmax = mean_softmax(segmenter.softmax_batch, single.image, scales, FLAGS.flip)
        except MemoryError:
            raise UserError(f'{single.record.image}: memory ran out on its probabilities, 4 bytes for each pixel and '
                            'class at each scale. Use smaller --scales, or scale it and its annotation down.')
        if submit:
            submit(single, likeliest(softmax, with_class_0=False))
        return likeliest(softmax, FLAGS.predict_class_0)
    return lambda singles: map(predict, singles)


def test(results, count, bad, gallery, pictures):
    """Scores each of `count` Evaluated, keeps the gallery's, writes their pictures, and names what is left out.

    Returns (confusion matrix of all, list of per-image Scores or None).
    """
    total, scores = 0, []
    for result in progress(results, total=count, unit='photo'):
        for line in bad.news() if bad else ():
            tqdm.write(line)
        total = total + result.full
        score = per_image_scores(result.small)
        scores.append(score)
        if FLAGS.verbose:
            tqdm.write(os.path.basename(result.single.record.image) + ': ' + (
                'nothing labelled' if score is None else
                ', '.join(f'{key} {value:.4f}' for key, value in score._asdict().items())))
        if score:
            gallery.add(result, score)
        good = score and score.pixel_accuracy > FLAGS.good_accuracy and score.mean_iu > FLAGS.good_mean_iu
        pictures.save(result, good)
    return total, scores


def main(argv):
    """The whole test; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    scales, kinds = parse_scales(FLAGS.scales), parse_kinds(FLAGS.save)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, FLAGS, DATA_DIR, FLAGS.predict_class_0, None,
                   FLAGS.tile, FLAGS.tile_margin, FLAGS.precision) as segmenter:
        classes, config = segmenter.net.classes, segmenter.config
        data_dir, ignore_label = as_trained(config, 'data_dir', DATA_DIR), as_trained(config, 'ignore_label')
        bad = BadPhotos() if as_trained(config, 'bad_data') == 'skip' else None
        ensure_data_set(data_dir)
        records = find_records(data_dir, len(classes), bad)
        test_dir = results_dir(segmenter.checkpoint)
        for folder in [test_dir] + [os.path.join(test_dir, kind) for kind in KINDS + ('good',)]:
            remove_abandoned_files(folder)
        pictures = Pictures(test_dir, kinds + ['good'] * FLAGS.save_good, records, classes)
        print(f'{segmenter.describe()}; {len(records)} photos of {data_dir}')

        gallery = Gallery(len(classes), ignore_label)
        started = time.time()
        predict = predictor(segmenter, scales, pictures.submit if 'submission' in kinds else None)
        batches = functools.partial(segmenter.batches, photo_of=lambda single: single.image)
        results = evaluate(records, predict, len(classes), ignore_label, bad=bad, batches=batches)
        total, scores = test(results, len(records), bad, gallery, pictures)
        seconds = time.time() - started

    print_scores(total, scores, classes)
    if 'submission' in kinds and FLAGS.predict_class_0:
        print('\nThe submission leaves class 0 out, these scores do not; --nopredict_class_0 scores what is submitted.')
    how = {'scales': FLAGS.scales, 'flip': FLAGS.flip, 'predict_class_0': FLAGS.predict_class_0,
           'ignore_label': ignore_label, 'tile': FLAGS.tile, 'tile_margin': FLAGS.tile_margin,
           'precision': segmenter.precision}
    path = os.path.join(test_dir, 'scores.json')
    write_json(path, dict(scores_of(total, scores, classes), left_out=bad or {}, checkpoint=segmenter.checkpoint,
                          predictions=how))
    print(f'\n{len(scores)} photos in {seconds:.0f} s; the scores are in {path}')
    if FLAGS.report:
        path = os.path.join(test_dir, 'report.html')
        facts = facts_of(argv, segmenter, data_dir, how, scores, total, seconds)
        lead = f'{len(scores)} photos of {data_dir}, predicted by {segmenter.checkpoint}'
        write_report(path, Report(f'Test of {segmenter.net.net}', lead, blocks_of(total, scores), total, classes,
                                  *gallery.best_and_worst(), facts))
        print(f'the report is in {path}')
    for line in pictures.notes() + (bad.summary() if bad else []):
        print(line)
    return 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
