"""Validation during training: its scores by hand."""
import numpy as np
import pytest
from data_sets import dataset_of
from image_files import save
from tiny_net import NETS

from fcn8s.cluster.place import ALONE
from fcn8s.cluster.team import Team
from fcn8s.data.records import Record
from fcn8s.training.log import explain_empty, explain_only_class
from fcn8s.training.validation import Validation
from fcn8s.utils.script import StopSignal
from FCN_model import ignored_labels


@pytest.fixture
def records(tmp_path):
    """One photo, 32 x 32, whose left quarter is a cat (1) on background (0)."""
    ids = np.zeros((32, 32), np.uint8)
    ids[:, :8] = 1
    photo = np.zeros((32, 32, 3), np.uint8)
    return [Record(save(str(tmp_path / 'cat.png'), photo), save(str(tmp_path / 'ids.png'), ids))]


class CatEverywhere:
    """Stands in for session and graph: predicts class 1 everywhere, with a loss of 2."""
    images, annotations, validate = 'images', 'annotations', 'validate'

    def run(self, fetches, feed):
        return np.ones_like(feed['annotations']), 2., float((feed['annotations'] < 2).sum())


class Pictures(list):
    """Stands in for the log: a list of the pictures that it gets."""

    def picture(self, part, step, tag, rgb):
        self.append(rgb)


def score(records, net='tiny', ignore_label=None, max_side=1536, log=None):
    graph, ignored = CatEverywhere(), ignored_labels(net, ignore_label)
    validation = Validation(graph, graph, dataset_of(records, 2, ignore_label), ignored, max_side, 1,
                            Team(ALONE, [], {}))
    return validation.score(0, StopSignal(), Pictures() if log is None else log)


def test_background_that_is_learned_counts(records):
    # right on a quarter of the pixels; the IUs are 0 of the background and a quarter of the cat
    assert score(records) == (2., 1 / 4, 1 / 8, 1, 0, None)


@pytest.mark.parametrize('net, ignore_label', [('tiny', 0), ('without_0', None)])
def test_background_that_is_not_learned_does_not_count(records, monkeypatch, net, ignore_label):
    monkeypatch.setitem(NETS, 'without_0', NETS['tiny']._replace(scores_0=False))
    assert score(records, net, ignore_label) == pytest.approx((2., 1, 1, 1, 0, 1))


@pytest.mark.parametrize('ids, ignore_label, warning', [
    ([[0, 1]], None, ''),
    ([[1, 1]], None, 'class 1 is the only one there, so predicting it everywhere scores 1.000'),
    ([[0, 1]], 0, 'class 1 is the only one'),
    ([[1, 255]], 255, 'class 1 is the only one'),
])
def test_scores_on_one_class_come_with_a_warning(records, ids, ignore_label, warning):
    save(records[0].annotation, np.repeat(np.repeat(np.array(ids, np.uint8), 32, axis=0), 16, axis=1))
    found = explain_only_class(score(records, ignore_label=ignore_label).only_class)
    assert warning in found and bool(warning) == bool(found)


def test_border_that_is_ignored_does_not_count(records):
    border = np.zeros((32, 32), np.uint8)
    border[:, :8], border[:, 16:] = 1, 255
    save(records[0].annotation, border)
    assert score(records, ignore_label=255) == (2., 1 / 2, 1 / 4, 1, 0, None)


def bordered(records, folder):
    """The records and one photo whose every pixel is 255."""
    return records + [Record(records[0].image, save(str(folder / 'border.png'), np.full((32, 32), 255, np.uint8)))]


def test_photo_without_a_pixel_that_counts_is_not_in_the_mean_loss(records, tmp_path):
    # 2 is the loss of the one that counts; if the other counted as 0, the mean would be 1
    assert score(bordered(records, tmp_path), ignore_label=255) == (2., 1 / 4, 1 / 8, 1, 1, None)


def test_photos_without_a_pixel_that_counts_have_no_loss(records, tmp_path):
    scored = score(bordered(records, tmp_path)[1:], ignore_label=255)
    assert np.isnan(scored.loss) and (scored.photos, scored.empty) == (0, 1)
    assert explain_empty(scored).startswith('warning: none of the 1 validation photos')


@pytest.fixture
def wide(tmp_path):
    """One photo, 90 x 300, whose left quarter is a cat."""
    ids = np.zeros((90, 300), np.uint8)
    ids[:, :75] = 1
    return [Record(save(str(tmp_path / 'wide.png'), np.zeros((90, 300, 3), np.uint8)),
                   save(str(tmp_path / 'wide_ids.png'), ids))]


def test_large_photo_is_scored_at_its_own_size(wide):
    assert score(wide, max_side=100) == (2., 1 / 4, 1 / 8, 1, 0, None)


def test_large_photo_is_scaled_down_for_the_net(wide):
    log = Pictures()
    score(wide, max_side=100, log=log)
    [picture] = log  # photo, prediction and truth side by side
    assert picture.shape[0] == 32 and picture.shape[1] >= 3 * 128  # 30 x 100, rounded up
