"""Checkpoints: which one is meant, what is kept, and what happens to those that do not fit or are not whole."""
import os

import numpy as np
import pytest

from runs.checkpoints import CheckpointError, CheckpointKeeper, config_folder, find_checkpoint, restore_for_prediction
from TensorflowUtils import create_session, tf


class Net:
    """Two variables and a session, with a keeper of their checkpoints."""

    def __init__(self, logs_dir, shape=(2, 3), keep=5):
        self.logs_dir = str(logs_dir)
        graph = tf.Graph()
        with graph.as_default():
            self.weight = tf.get_variable('inference/W8', shape, initializer=tf.zeros_initializer())
            self.slot = tf.get_variable('inference/W8/Adam', shape, initializer=tf.zeros_initializer())
            self.keeper = CheckpointKeeper(self.logs_dir, [self.weight, self.slot], [self.weight], keep)
            self.session = create_session(graph)
            self.session.run(tf.global_variables_initializer())

    def set(self, value):
        for variable in (self.weight, self.slot):
            variable.load(np.full(variable.shape.as_list(), value, np.float32), self.session)

    def save(self, step):
        self.set(step)
        return self.keeper.save(self.session, step)

    def value(self):
        return float(self.session.run(self.weight)[0, 0])


def test_no_checkpoint_names_the_folder_and_the_command(tmp_path):
    with pytest.raises(CheckpointError, match=str(tmp_path) + '.*python FCN_train.py'):
        find_checkpoint('', str(tmp_path))


def test_missing_logs_folder_is_said(tmp_path):
    with pytest.raises(CheckpointError, match='no such folder'):
        find_checkpoint('', str(tmp_path / 'none'))


@pytest.mark.parametrize('suffix', ['', '.index', '.data-00000-of-00001', '.meta'])
def test_checkpoint_is_found_by_any_of_its_files(tmp_path, suffix):
    prefix = Net(tmp_path).save(7)
    assert find_checkpoint(prefix + suffix, 'elsewhere') == prefix


def test_folder_means_its_highest_step(tmp_path):
    net = Net(tmp_path)
    for step in (9, 10, 100):
        net.save(step)
    assert find_checkpoint(str(tmp_path), 'elsewhere') == find_checkpoint('', str(tmp_path))
    assert find_checkpoint('', str(tmp_path)).endswith('model.ckpt-100')


def test_best_means_the_folder_of_the_best(tmp_path):
    net = Net(tmp_path)
    net.save(1)
    net.keeper.save_if_best(net.session, 1, 0.5)
    net.save(2)
    assert find_checkpoint('best', str(tmp_path)) == str(tmp_path / 'best' / 'model.ckpt-1')


def test_another_file_is_no_checkpoint(tmp_path):
    path = tmp_path / 'imagenet.mat'
    path.write_bytes(b'MATLAB')
    with pytest.raises(CheckpointError, match='another kind'):
        find_checkpoint(str(path), 'logs')


def test_config_of_the_best_lies_above_it(tmp_path):
    assert config_folder(str(tmp_path / 'best' / 'model.ckpt-1')) == str(tmp_path)
    assert config_folder(str(tmp_path / 'model.ckpt-1')) == str(tmp_path)


def test_only_the_last_five_are_kept_over_a_restart(tmp_path):
    first = Net(tmp_path)
    for step in range(1, 5):
        first.save(step)
    second = Net(tmp_path)
    second.keeper.resume(second.session)
    for step in range(5, 9):
        second.save(step)
    steps = sorted(int(name.split('-')[1].split('.')[0]) for name in os.listdir(str(tmp_path)) if 'index' in name)
    assert steps == [4, 5, 6, 7, 8]


def test_resume_restores_the_last(tmp_path):
    net = Net(tmp_path)
    net.save(3)
    net.save(5)
    again = Net(tmp_path)
    assert again.keeper.resume(again.session).endswith('model.ckpt-5') and again.value() == 5


def test_resume_without_checkpoints_restores_nothing(tmp_path):
    net = Net(tmp_path)
    assert net.keeper.resume(net.session) is None


def truncate(path, part=2):
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) // part)


@pytest.mark.parametrize('damage', [lambda prefix: truncate(prefix + '.data-00000-of-00001'),
                                    lambda prefix: os.remove(prefix + '.data-00000-of-00001'),
                                    lambda prefix: truncate(prefix + '.index')])
def test_resume_passes_over_one_that_is_not_whole(tmp_path, damage, capsys):
    net = Net(tmp_path)
    net.save(3)
    damage(net.save(5))
    again = Net(tmp_path)
    assert again.keeper.resume(again.session).endswith('model.ckpt-3') and again.value() == 3
    assert 'model.ckpt-5 is not whole' in capsys.readouterr().out


def test_resume_stops_when_none_is_whole(tmp_path):
    truncate(Net(tmp_path).save(5) + '.index')
    again = Net(tmp_path)
    with pytest.raises(CheckpointError, match='none of the 1 checkpoints'):
        again.keeper.resume(again.session)


def test_best_changes_only_for_a_higher_score_over_a_restart(tmp_path):
    net = Net(tmp_path)
    assert net.keeper.save_if_best(net.session, 1, 0.5)
    again = Net(tmp_path)
    assert not again.keeper.save_if_best(again.session, 2, 0.4)
    assert again.keeper.save_if_best(again.session, 3, 0.6)
    assert [name for name in os.listdir(str(tmp_path / 'best')) if 'index' in name] == ['model.ckpt-3.index']


def test_prediction_restores_what_best_holds(tmp_path):
    net = Net(tmp_path)
    net.set(4)
    net.keeper.save_if_best(net.session, 1, 0.5)
    other = Net(tmp_path)
    restore_for_prediction(other.session, str(tmp_path / 'best' / 'model.ckpt-1'), [other.weight], 3)
    assert other.value() == 4


def test_checkpoint_of_another_net_names_both_shapes(tmp_path):
    prefix = Net(tmp_path).save(1)
    other = Net(tmp_path / 'other', shape=(2, 4))
    with pytest.raises(CheckpointError.__mro__[1], match=r'\[2, 3\].*\[2, 4\].*--num_classes \(now 4\)'):
        restore_for_prediction(other.session, prefix, [other.weight], 4)
    assert other.value() == 0


def test_truncated_checkpoint_is_refused_for_prediction(tmp_path):
    net = Net(tmp_path)
    prefix = net.save(1)
    truncate(prefix + '.data-00000-of-00001', part=8)
    with pytest.raises(CheckpointError, match='damaged'):
        restore_for_prediction(net.session, prefix, [net.weight], 3)
