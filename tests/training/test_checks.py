"""Runs with fewer than two classes to learn, and class 0, which some nets never predict."""
import os

import numpy as np
import pytest
from image_files import save
from scripts import run_script, write_data_set
from tiny_net import NETS, TRAIN

import FCN_train
from fcn8s.config import NetConfig
from fcn8s.data.classes import generic_classes
from fcn8s.training.checks import check_learned_classes
from fcn8s.utils.errors import UserError


@pytest.fixture(autouse=True)
def without_0(monkeypatch):
    """A net that does not score class 0, as the dilated ones do not."""
    monkeypatch.setitem(NETS, 'without_0', NETS['tiny']._replace(scores_0=False))


def check(name, num_classes, ignore_label):
    check_learned_classes(NetConfig(name, num_classes, 1., generic_classes(num_classes)), ignore_label)


@pytest.mark.parametrize('name, num_classes, ignore_label, words', [
    ('without_0', 2, None, r'only class 1 \(1\) of 2 classes .*--net=without_0 never scores class 0:.*--net=fcn8s'),
    ('tiny', 2, 0, '--ignore_label=0 leaves that class out:.*no --ignore_label'),
    ('tiny', 2, 1, r'only class 0 \(0\)'),
    ('without_0', 3, 2, 'never scores class 0 and --ignore_label=2'),
    ('without_0', 2, 1, 'no class of 2 classes would be learned')])
def test_fewer_than_two_classes_to_learn_are_refused_with_advice(name, num_classes, ignore_label, words):
    with pytest.raises(UserError, match=words + '.*a class of its own: 1'):
        check(name, num_classes, ignore_label)


@pytest.mark.parametrize('name, num_classes, ignore_label', [
    ('without_0', 3, None), ('without_0', 3, 0), ('tiny', 2, None), ('tiny', 2, 255), ('tiny', 3, 0)])
def test_two_classes_are_enough(name, num_classes, ignore_label):
    check(name, num_classes, ignore_label)


def test_training_refuses_before_it_makes_a_folder(tmp_path):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    with pytest.raises(UserError, match='--net=without_0 never scores class 0 and --ignore_label=1'):
        run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', *TRAIN, '--net=without_0',
                   '--ignore_label=1')
    assert not os.path.exists(str(tmp_path / 'logs'))


def test_start_says_that_class_0_is_never_predicted(tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    for net, noted in (('without_0', True), ('tiny', False)):
        run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / net}', '--max_steps=1',
                   *TRAIN, '--net=' + net)
        assert ('class 0 (others) is never predicted' in capsys.readouterr().out) == noted


@pytest.fixture
def shown_with_one_class(tmp_path, capsys):
    """What a training step and its validation print if all labels are 1."""
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    for split, count in (('training', 4), ('validation', 2)):
        for n in range(count):
            path = os.path.join(data_dir, 'annotations', split, f'p{n}.png')
            save(path, np.ones((32 + 3 * n, 32 - 2 * n), np.uint8))
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--max_steps=1', *TRAIN)
    return capsys.readouterr().out


def test_labels_of_one_class_give_a_warning_before_the_first_step(shown_with_one_class):
    assert 'warning: in all annotations the only class is 1 left' in shown_with_one_class.split('step 1: validation')[0]


def test_labels_of_one_class_give_a_warning_with_each_score(shown_with_one_class):
    assert 'class 1 is the only one there, so predicting it everywhere scores 1.000' in shown_with_one_class
