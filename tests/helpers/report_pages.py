"""A report made of numbers and pictures that the tests know."""
from collections import namedtuple

import numpy as np

from fcn8s.evaluation.gallery import Entry
from fcn8s.evaluation.metrics import Scores, all_class_scores, scene_parsing_scores
from fcn8s.evaluation.report import Report

ClassInfo = namedtuple('ClassInfo', 'index name colour')
HOSTILE = '<script>document.title="hacked"</script>' + 'w' * 200  # and no place to break a line
QUOTES = '"><img src=x onerror=alert(1)>\'&lt;'
# Pixels by truth (rows) and prediction (columns). Of the 200 labelled ones 100 are wall, 60 quotes, 40 hostile.
MATRIX = np.array([
    [50, 7, 0, 0, 0],
    [2, 80, 18, 0, 0],
    [0, 30, 30, 0, 0],
    [0, 0, 4, 36, 0],
    [0, 0, 0, 0, 0]])
CLASSES = tuple(ClassInfo(i, name, (40 * i, 200 - 40 * i, 90)) for i, name in enumerate(
    ['others', 'wall;brick wall', QUOTES, HOSTILE, 'absent']))


def photo_entry(name='a.jpg', mean_iu=0.5, size=(30, 40)):
    """An Entry whose upper half is right, whose lower half is wrong, and whose left column is not labelled."""
    truth = np.full(size, 1, np.uint8)
    truth[:, 0] = 0
    ids = truth.copy()
    ids[size[0] // 2:] = 2
    photo = np.random.RandomState(0).randint(0, 256, size + (3,)).astype(np.uint8)
    return Entry(name, Scores(0.75, 0.625, mean_iu, 0.375), photo, truth, ids, truth > 0)


def small_report(**changed):
    """The Report of MATRIX with one best and one worst photo."""
    scores = (Scores(0.8125, 0.75, 0.5, 0.25), scene_parsing_scores(MATRIX), all_class_scores(MATRIX))
    report = Report('Test of ' + HOSTILE, 'by ' + QUOTES, scores, MATRIX, CLASSES, [photo_entry(QUOTES + '.jpg', 0.9)],
                    [photo_entry('worst.jpg', 0.1)], [('command', 'python FCN_test.py ' + HOSTILE)])
    return report._replace(**changed)
