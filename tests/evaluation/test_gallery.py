"""Which photos a report shows, and how it shows where they are wrong."""
import numpy as np
import pytest

from batch_reader import EvalExample
from fcn8s.data.records import Record
from fcn8s.evaluation.evaluate import Evaluated
from fcn8s.evaluation.gallery import LONGEST, Gallery
from fcn8s.evaluation.metrics import Scores
from fcn8s.visualize import PALE, RED, differences


def evaluated(name, size=(3, 5), net_size=(32, 32), truth=1):
    """A photo of one grey, labelled `truth` and predicted as 2."""
    original = np.full(size, truth, np.uint8)
    example = EvalExample(np.full(net_size + (3,), 90, np.uint8), np.full(net_size, truth, np.uint8), original,
                    Record(f'images/{name}.jpg', f'annotations/{name}.png'))
    return Evaluated(example, np.full(net_size, 2, np.uint8), None, None)


def filled(values, kept):
    gallery = Gallery(num_classes=4, kept=kept)
    for number, value in enumerate(values):
        gallery.add(evaluated(str(number)), Scores(0., 0., value, 0.))
    return tuple([entry.name[:-4] for entry in entries] for entries in gallery.best_and_worst())


def test_best_and_worst_are_kept_in_their_order():
    assert filled([0.5, 0.9, 0.1, 0.7, 0.3, 0.6], kept=2) == (['1', '3'], ['2', '4'])


@pytest.mark.parametrize('values, best, worst', [
    ([], [], []),
    ([0.5], ['0'], []),
    ([0.2, 0.8, 0.5], ['1', '2'], ['0']),
    ([0.2, 0.8, 0.5, 0.4], ['1', '2'], ['0', '3'])])
def test_no_photo_is_shown_twice(values, best, worst):
    assert filled(values, kept=3) == (best, worst)


def test_of_equal_photos_the_first_count_as_better():
    assert filled([0.5] * 9, kept=2) == (['0', '1'], ['8', '7'])


def test_thumbnail_has_the_proportions_of_the_photo_itself():
    gallery = Gallery(num_classes=4)
    gallery.add(evaluated('a', size=(500, 1000), net_size=(512, 1024)), Scores(0., 0., 0.5, 0.))
    (entry,), _ = gallery.best_and_worst()
    assert entry.photo.shape == (LONGEST // 2, LONGEST, 3)
    assert entry.truth.shape == entry.ids.shape == entry.labelled.shape == (LONGEST // 2, LONGEST)


def test_small_photo_is_not_enlarged():
    gallery = Gallery(num_classes=4)
    gallery.add(evaluated('a', size=(3, 5)), Scores(0., 0., 0.5, 0.))
    assert gallery.best_and_worst()[0][0].photo.shape == (3, 5, 3)


@pytest.mark.parametrize('truth, ignore_label, labelled', [
    (1, None, True), (0, None, False), (255, 255, False), (3, 3, False), (3, None, True)])
def test_what_the_scores_leave_out_counts_as_unlabelled(truth, ignore_label, labelled):
    gallery = Gallery(num_classes=4, ignore_label=ignore_label)
    gallery.add(evaluated('a', truth=truth), Scores(0., 0., 0.5, 0.))
    assert (gallery.best_and_worst()[0][0].labelled == labelled).all()


def test_differences_are_red_and_the_unlabelled_is_pale():
    photo = np.full((1, 3, 3), (100, 100, 100), np.uint8)
    picture = differences(photo, np.array([[1, 1, 0]]), np.array([[1, 2, 2]]), np.array([[True, True, False]]))
    tinted = [0.35 * 100 + 0.65 * channel for channel in RED]
    assert picture[0, 0].tolist() == [100, 100, 100] and picture[0, 2].tolist() == list(PALE)
    np.testing.assert_allclose(picture[0, 1], tinted, atol=1)
