"""Runs that would have one class to learn, and the class that some nets never predict."""
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
    ('without_0', 2, None, r'of 2 classes class 1 \(1\) alone .*--net=without_0 never scores class 0:.*--net=fcn8s'),
    ('tiny', 2, 0, '--ignore_label=0 leaves that class out:.*no --ignore_label'),
    ('tiny', 2, 1, r'class 0 \(0\) alone'),
    ('without_0', 3, 2, 'never scores class 0 and --ignore_label=2'),
    ('without_0', 2, 1, 'no class would be learned')])
def test_less_than_two_classes_to_learn_are_refused_with_a_way_out(name, num_classes, ignore_label, words):
    with pytest.raises(UserError, match=words + '.*a class of its own: 1'):
        check(name, num_classes, ignore_label)


@pytest.mark.parametrize('name, num_classes, ignore_label', [
    ('without_0', 3, None), ('without_0', 3, 0), ('tiny', 2, None), ('tiny', 2, 255), ('tiny', 3, 0)])
def test_two_classes_are_enough(name, num_classes, ignore_label):
    check(name, num_classes, ignore_label)


def test_training_refuses_before_anything_is_made(tmp_path):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    with pytest.raises(UserError, match='--net=without_0 never scores class 0 and --ignore_label=1'):
        run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', *TRAIN, '--net=without_0',
                   '--ignore_label=1')
    assert not os.path.exists(str(tmp_path / 'logs'))


def test_start_says_that_class_0_is_never_predicted(tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    for net, told in (('without_0', True), ('tiny', False)):
        run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / net}', '--max_steps=1',
                   *TRAIN, '--net=' + net)
        assert ('class 0 (others) is never predicted' in capsys.readouterr().out) == told


def test_labels_of_one_class_are_warned_of_before_the_first_step_and_at_each_score(tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    for split, count in (('training', 4), ('validation', 2)):
        for n in range(count):
            path = os.path.join(data_dir, 'annotations', split, f'p{n}.png')
            save(path, np.ones((32 + 3 * n, 32 - 2 * n), np.uint8))
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--max_steps=1', *TRAIN)
    output = capsys.readouterr()
    assert 'warning: in all annotations the only class is 1 left' in output.out
    assert 'these hold class 1 alone, and predicting it everywhere scores 1.000' in output.out + output.err
