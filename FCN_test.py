"""Scores a trained net on the validation photos.

    python FCN_test.py                                      # the first 100
    python FCN_test.py --test_num=0                         # all
    python FCN_test.py --logs_dir=logs/my_photos --checkpoint=best --verbose
    python FCN_test.py --scales=0.5,0.75,1,1.25,1.5 --flip  # averages over scales and mirror images
    python FCN_test.py --report --save=overlay,submission   # a page to look at, and pictures

The scores are printed and written to logs_dir/test/scores.json, by three definitions: as FCN-tensorflow-ADE20k counts,
as the scene parsing benchmark counts, and over all classes. The page is logs_dir/test/report.html, the pictures are in
logs_dir/test/<kind>/.
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
from fcn8s.evaluation.report import report_of, write_report
from fcn8s.evaluation.scores import Outcome, one_line, print_scores, write_scores
from fcn8s.exports.exported import open_net
from fcn8s.flags.use import test_flags
from fcn8s.prediction.options import Options
from fcn8s.prediction.scales import example_predictor, parse_scales
from fcn8s.utils.cli import parse
from fcn8s.utils.progress import progress
from fcn8s.utils.script import run
from fcn8s.weights.checkpoints import config_folder
from read_data import ensure_data_set, read_dataset

TEST_NUM = 100           # photos, in the order of their names; 0 for all
LOGS_DIR = 'logs'
DATA_DIR = os.path.join('Data_zoo', 'MIT_SceneParsing', 'ADEChallengeData2016')  # if the run names none
GOOD_ACCURACY = 0.66     # photos that score above both count as well predicted
GOOD_MEAN_IU = 0.33

FLAGS = test_flags(test_num=TEST_NUM, logs_dir=LOGS_DIR, good_accuracy=GOOD_ACCURACY, good_mean_iu=GOOD_MEAN_IU)


def read_test_data(net, config):
    """Returns (folder, Dataset): the photos of --list, otherwise the validation split, up to test_num of them.

    net: the NetConfig to test; config: its run's config.json, or None.
    """
    data_dir = flag_or_trained(FLAGS.data_dir, config, 'data_dir', DATA_DIR)
    ignore_label = flag_or_trained(FLAGS.ignore_label, config, 'ignore_label')
    bad = BadPhotos() if flag_or_trained(FLAGS.bad_data, config, 'bad_data') == 'skip' else None
    ensure_data_set(data_dir)
    classes = find_classes(data_dir, net.num_classes, of_net=True)
    if FLAGS.list:
        records, limit = read_list(FLAGS.list, data_dir, bad), FLAGS['test_num'].present and FLAGS.test_num
    else:
        records, limit = read_dataset(data_dir, 'validation', net.num_classes, bad=bad).records, FLAGS.test_num
    return data_dir, Dataset(records[:limit or None], classes, ignore_label, bad)


def results_dir(checkpoint):
    """The folder of scores and pictures: in --logs_dir, or without that flag in the run the checkpoint belongs to."""
    run_dir = config_folder(checkpoint)
    if FLAGS['logs_dir'].present or run_dir == os.path.abspath(FLAGS.logs_dir):
        run_dir = FLAGS.logs_dir
    return os.path.join(run_dir, 'test')


def is_good(score):
    """Whether per-image Scores are above --good_accuracy and --good_mean_iu; None, an unlabelled photo's, is not."""
    return bool(score) and score.pixel_accuracy > FLAGS.good_accuracy and score.mean_iu > FLAGS.good_mean_iu


def main(argv):
    """The whole test; returns the exit code."""
    parse(FLAGS, argv, __doc__)
    kinds = parse_kinds(FLAGS.save)
    options = Options(FLAGS.predict_class_0, None, FLAGS.tile, FLAGS.tile_margin, FLAGS.precision,
                      parse_scales(FLAGS.scales), FLAGS.flip)
    overrides = NetOverrides(FLAGS.net, FLAGS.num_classes, FLAGS.width, FLAGS.data_dir)
    with open_net(FLAGS.logs_dir, FLAGS.checkpoint, overrides, DATA_DIR,
                  '--save=submission' if 'submission' in kinds else None, **options._asdict()) as segmenter:
        net, checkpoint = segmenter.net, segmenter.checkpoint
        data_dir, dataset = read_test_data(net, segmenter.config)
        test_dir = results_dir(checkpoint)
        pictures = Pictures(test_dir, kinds + ['good'] * FLAGS.save_good, dataset.records, net.classes)
        gallery = Gallery(net.num_classes, dataset.ignore_label)
        print(f'{segmenter.describe()}; {len(dataset.records)} photos of {data_dir}')

        predict = example_predictor(segmenter, options, pictures.submit if 'submission' in kinds else None)
        batches = functools.partial(segmenter.batches, photo_of=lambda example: example.image)
        max_side = flag_or_trained(None, segmenter.config, 'max_side')
        results = evaluate(dataset, predict, batches=batches, max_side=max_side, multiple=options.multiple)
        matrix, scores, started = 0, [], time.time()
        for result in progress(results, total=len(dataset.records), unit='photo'):
            matrix = matrix + result.full
            score = per_image_scores(result.small)  # None if nothing is labelled
            scores.append(score)
            for line in dataset.bad.new_messages() if dataset.bad else ():
                tqdm.write(line)
            if FLAGS.verbose:
                tqdm.write(f'{os.path.basename(result.example.record.image)}: {one_line(score)}')
            gallery.add(result, score)
            pictures.save(result, is_good(score))

    predictions = {'scales': FLAGS.scales, 'flip': FLAGS.flip, 'predict_class_0': FLAGS.predict_class_0,
                   'ignore_label': dataset.ignore_label, 'tile': FLAGS.tile, 'tile_margin': FLAGS.tile_margin,
                   'precision': segmenter.precision}
    outcome = Outcome(net, checkpoint, data_dir, predictions, matrix, scores, dataset.bad or {}, time.time() - started)
    print_scores(matrix, scores, net.classes)
    if 'submission' in kinds and FLAGS.predict_class_0:
        print('\nThe submission excludes class 0, these scores do not; --nopredict_class_0 scores what is submitted.')
    path = os.path.join(test_dir, 'scores.json')
    write_scores(path, outcome)
    print(f'\n{len(scores)} photos in {outcome.seconds:.0f} s; the scores are in {path}')
    if FLAGS.report:
        path = os.path.join(test_dir, 'report.html')
        write_report(path, report_of(outcome, gallery, argv, dataset))
        print(f'the report is in {path}')
    for line in pictures.notes() + (dataset.bad.summary() if dataset.bad else []):
        print(line)
    return 0


if __name__ == '__main__':
    assume_frozen_weights()
    run(main)
