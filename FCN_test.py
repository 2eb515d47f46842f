"""Scores a trained net on the validation photos.

    python FCN_test.py                                      # the first 100 of them
    python FCN_test.py --test_num=0                         # all
    python FCN_test.py --logs_dir=logs/my_photos --checkpoint=best --verbose
    python FCN_test.py --scales=0.5,0.75,1,1.25,1.5 --flip  # averages over scales and mirror images
    python FCN_test.py --report --save=overlay,submission   # a page to look at, and pictures

Both definitions of the scores come from the same predictions; they are printed and written to
logs_dir/test/scores.json, the page to logs_dir/test/report.html, pictures to logs_dir/test/<kind>/.
"""
if __name__ == '__main__':
    from fcn8s.utils.script import start
    start()

import functools
import os
import time

from tqdm import tqdm

from fcn8s.config import NetOverrides, flag_or_trained
from fcn8s.data.classes import find_classes
from fcn8s.data.list_file import read_list
from fcn8s.data.records import BadPhotos, Dataset
from fcn8s.devices import assume_frozen_weights
from fcn8s.evaluation.evaluate import evaluate
from fcn8s.evaluation.gallery import Gallery
from fcn8s.evaluation.metrics import per_image_scores
from fcn8s.evaluation.pictures import Pictures, parse_kinds
from fcn8s.evaluation.report import Report, facts_of, write_report
from fcn8s.evaluation.scores import blocks_of, print_scores, scores_of
from fcn8s.flags import test_flags
from fcn8s.prediction.scales import example_predictor, parse_scales
from fcn8s.prediction.segmenter import Options, Segmenter
from fcn8s.utils.cli import parse
from fcn8s.utils.files import write_json
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.weights.checkpoints import config_folder
from read_data import ensure_data_set, read_dataset

TEST_NUM = 100           # photos, the first in the order of their names; 0 for all
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # if no run names another
GOOD_ACCURACY = 0.66     # a photo that scores above both of these counts as well predicted
GOOD_MEAN_IU = 0.33

FLAGS = test_flags(test_num=TEST_NUM, logs_dir=LOGS_DIR, good_accuracy=GOOD_ACCURACY, good_mean_iu=GOOD_MEAN_IU)


def read_test_data(segmenter):
    """(folder, Dataset to test on): the photos of --list, or else the validation split, up to test_num of them."""
    net, config = segmenter.net, segmenter.config
    data_dir = flag_or_trained(FLAGS.data_dir, config, 'data_dir', DATA_DIR)
    bad = BadPhotos() if flag_or_trained(FLAGS.bad_data, config, 'bad_data') == 'skip' else None
    ensure_data_set(data_dir)
    classes = find_classes(data_dir, net.num_classes, of_net=True)  # as many as the net knows, or an error
    if FLAGS.list:
        records, most = read_list(FLAGS.list, data_dir, bad), FLAGS['test_num'].present and FLAGS.test_num
    else:
        records, most = read_dataset(data_dir, 'validation', net.num_classes, bad=bad).records, FLAGS.test_num
    ignore_label = flag_or_trained(FLAGS.ignore_label, config, 'ignore_label')
    return data_dir, Dataset(records[:most or None], classes, ignore_label, bad)


def results_dir(checkpoint):
    """The folder of scores and pictures: in --logs_dir, or without that flag in the run the checkpoint belongs to."""
    run_dir = config_folder(checkpoint)
    if FLAGS['logs_dir'].present or run_dir == os.path.abspath(FLAGS.logs_dir):
        run_dir = FLAGS.logs_dir
    return os.path.join(run_dir, 'test')


def test(results, dataset, gallery, pictures):
    """Scores each Evaluated of a Dataset, fills the gallery, saves pictures and names photos that were left out.

    Returns (confusion matrix of all, list of per-image Scores or None).
    """
    total, scores = 0, []
    for result in progress(results, total=len(dataset.records), unit='photo'):
        for line in dataset.bad.new_messages() if dataset.bad else ():
            tqdm.write(line)
        total = total + result.full
        score = per_image_scores(result.small)
        scores.append(score)
        if FLAGS.verbose:
            tqdm.write(os.path.basename(result.example.record.image) + ': ' + (
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
    kinds = parse_kinds(FLAGS.save)
    options = Options(FLAGS.predict_class_0, None, FLAGS.tile, FLAGS.tile_margin, FLAGS.precision,
                      parse_scales(FLAGS.scales), FLAGS.flip)
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    with Segmenter(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR, **options._asdict()) as segmenter:
        data_dir, dataset = read_test_data(segmenter)
        classes, ignore_label = segmenter.net.classes, dataset.ignore_label
        test_dir = results_dir(segmenter.checkpoint)
        pictures = Pictures(test_dir, kinds + ['good'] * FLAGS.save_good, dataset.records, classes)
        print(f'{segmenter.describe()}; {len(dataset.records)} photos of {data_dir}')

        gallery = Gallery(len(classes), ignore_label)
        started = time.time()
        predict = example_predictor(segmenter, options, pictures.submit if 'submission' in kinds else None)
        batches = functools.partial(segmenter.batches, photo_of=lambda example: example.image)
        total, scores = test(evaluate(dataset, predict, batches=batches), dataset, gallery, pictures)
        seconds = time.time() - started

    print_scores(total, scores, classes)
    if 'submission' in kinds and FLAGS.predict_class_0:
        print('\nThe submission leaves class 0 out, these scores do not; --nopredict_class_0 scores what is submitted.')
    how = {'scales': FLAGS.scales, 'flip': FLAGS.flip, 'predict_class_0': FLAGS.predict_class_0,
           'ignore_label': ignore_label, 'tile': FLAGS.tile, 'tile_margin': FLAGS.tile_margin,
           'precision': segmenter.precision}
    path = os.path.join(test_dir, 'scores.json')
    write_json(path, dict(scores_of(total, scores, classes), left_out=dataset.bad or {}, predictions=how,
                          checkpoint=segmenter.checkpoint))
    print(f'\n{len(scores)} photos in {seconds:.0f} s; the scores are in {path}')
    if FLAGS.report:
        path = os.path.join(test_dir, 'report.html')
        facts = facts_of(argv, segmenter, data_dir, how, scores, total, seconds)
        lead = f'{len(scores)} photos of {data_dir}, predicted by {segmenter.checkpoint}'
        write_report(path, Report(f'Test of {segmenter.net.net}', lead, blocks_of(total, scores), total, classes,
                                  *gallery.best_and_worst(), facts))
        print(f'the report is in {path}')
    for line in pictures.notes() + (dataset.bad.summary() if dataset.bad else []):
        print(line)
    return 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
