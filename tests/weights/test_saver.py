"""Which checkpoints a run keeps, which one it resumes from, and what it removes after an interrupted save."""
import os
import shutil

import pytest
from small_net import Net

from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.checkpoints import CheckpointError
from fcn8s.weights.partial_saves import remove_partial_saves
from fcn8s.weights.saver import CheckpointSaver, check_free_space

DATA = '.data-00000-of-00001'


def steps_in(folder):
    return sorted(int(name.split('-')[1].split('.')[0]) for name in os.listdir(str(folder)) if 'index' in name)


def truncate(path, part=2):
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) // part)


def test_only_the_last_five_are_kept_over_a_restart(tmp_path):
    first = Net(tmp_path)
    for step in range(1, 5):
        first.save(step)
    second = Net(tmp_path)
    second.saver.resume(second.session)
    for step in range(5, 9):
        second.save(step)
    assert steps_in(tmp_path) == [4, 5, 6, 7, 8]


def test_resume_restores_the_last(tmp_path):
    net = Net(tmp_path)
    net.save(3)
    net.save(5)
    again = Net(tmp_path)
    assert again.saver.resume(again.session).endswith('model.ckpt-5') and again.value() == 5


def test_resume_without_checkpoints_restores_nothing(tmp_path):
    net = Net(tmp_path)
    assert net.saver.resume(net.session) is None


@pytest.mark.parametrize('damage', [lambda prefix: truncate(prefix + DATA), lambda prefix: os.remove(prefix + DATA),
                                    lambda prefix: os.remove(prefix + '.index'),
                                    lambda prefix: truncate(prefix + '.index')],
                         ids=['data cut', 'no data', 'no index', 'index cut'])
def test_resume_names_and_skips_a_damaged_one(tmp_path, damage, capsys):
    net = Net(tmp_path)
    net.save(3)
    damage(net.save(5))
    before = os.listdir(str(tmp_path))
    again = Net(tmp_path)
    assert again.saver.resume(again.session).endswith('model.ckpt-3') and again.value() == 3
    shown = capsys.readouterr().out
    assert 'warning: ' in shown and 'model.ckpt-5' in shown and 'skipped' in shown
    assert os.listdir(str(tmp_path)) == before


def test_resume_stops_when_none_is_whole(tmp_path):
    truncate(Net(tmp_path).save(5) + '.index')
    again = Net(tmp_path)
    with pytest.raises(CheckpointError, match='none of the 1 checkpoints'):
        again.saver.resume(again.session)


def test_resume_does_not_start_anew_if_the_only_data_file_is_lost(tmp_path):
    os.remove(Net(tmp_path).save(5) + DATA)
    again = Net(tmp_path)
    with pytest.raises(CheckpointError, match='none of the 1 checkpoints'):
        again.saver.resume(again.session)


def test_run_with_another_optimizer_is_refused(tmp_path):
    Net(tmp_path).save(5)
    other = Net(tmp_path)
    with other.session.graph.as_default():
        momentum = tf.get_variable('inference/W8/Momentum', [2, 3])
        keeper = CheckpointSaver(str(tmp_path), [other.weight, momentum], [other.weight])
    with pytest.raises(UserError, match='another optimizer.*inference/W8/Momentum.*--optimizer.*--init_from'):
        keeper.resume(other.session)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
@pytest.mark.parametrize('save', [lambda net: net.saver.save(net.session, 5),
                                  lambda net: net.saver.save_if_best(net.session, 5, 0.9)], ids=['last', 'best'])
def test_values_that_are_not_finite_are_not_saved(tmp_path, value, save):
    net = Net(tmp_path)
    net.save(3)
    net.saver.save_if_best(net.session, 3, 0.5)
    net.set(value)
    with pytest.raises(CheckpointError, match='model.ckpt-5 is not written.*not finite'):
        save(net)
    assert steps_in(tmp_path) == steps_in(tmp_path / 'best') == [3]


def test_best_changes_only_for_a_higher_score_over_a_restart(tmp_path):
    net = Net(tmp_path)
    assert net.saver.save_if_best(net.session, 1, 0.5)
    again = Net(tmp_path)
    assert not again.saver.save_if_best(again.session, 2, 0.4)
    assert again.saver.save_if_best(again.session, 3, 0.6)
    assert steps_in(tmp_path / 'best') == [3]


def test_damaged_score_of_the_best_is_named(tmp_path):
    net = Net(tmp_path)
    net.saver.save_if_best(net.session, 1, 0.5)
    (tmp_path / 'best' / 'score.json').write_text('{"step": 1')
    with pytest.raises(UserError, match='score.json cannot be read'):
        net.saver.save_if_best(net.session, 2, 0.6)


def test_files_of_killed_saves_are_removed_and_no_others(tmp_path):
    net = Net(tmp_path)
    net.save(3)
    net.save(5)
    kept = set(os.listdir(str(tmp_path)))
    remains = ['model.ckpt-7' + DATA + '.tempstate123', 'model.ckpt-7.index.tempstate9', 'model.ckpt-6' + DATA,
               'checkpoint.tmp' + 32 * 'a']
    of_others = ['notes.txt', 'my.ckpt-6' + DATA, 'model.ckpt-6' + DATA + '.bak', 'model.ckpt-7.index',
                 '.partial-' + 32 * '0' + '.csv', '.partial-x']
    for name in remains + of_others:
        (tmp_path / name).write_bytes(b'x')
    assert remove_partial_saves(str(tmp_path), keep=5) == sorted(remains)
    assert set(os.listdir(str(tmp_path))) == kept | set(of_others)


def test_data_without_index_stays_where_no_other_checkpoint_is_known(tmp_path):
    (tmp_path / ('model.ckpt-6' + DATA)).write_bytes(b'x')  # a first save that was killed, or an unfinished copy
    net = Net(tmp_path)
    assert net.saver.resume(net.session) is None
    assert (tmp_path / ('model.ckpt-6' + DATA)).exists()
    net.save(6)
    assert net.saver.resume(net.session).endswith('model.ckpt-6') and net.value() == 6


def test_checkpoint_whose_removal_was_stopped_goes_at_the_next_start(tmp_path):
    net = Net(tmp_path, keep=2)
    for step in (3, 5, 7):
        net.save(step)
    (tmp_path / ('model.ckpt-3' + DATA)).write_bytes(b'x')
    (tmp_path / 'checkpoint').write_text(''.join(f'{key}: "model.ckpt-{step}"\n' for key, step in (
        ('model_checkpoint_path', 7), ('all_model_checkpoint_paths', 3), ('all_model_checkpoint_paths', 5),
        ('all_model_checkpoint_paths', 7))))
    again = Net(tmp_path, keep=2)
    assert again.saver.resume(again.session).endswith('model.ckpt-7')
    assert not (tmp_path / ('model.ckpt-3' + DATA)).exists() and steps_in(tmp_path) == [5, 7]


def test_checkpoint_that_somebody_put_there_stays(tmp_path):
    net = Net(tmp_path, keep=2)
    prefix = net.save(2)
    for suffix in ('.index', DATA):
        shutil.copy(prefix + suffix, str(tmp_path / ('model.ckpt-1' + suffix)))
    again = Net(tmp_path, keep=2)
    again.saver.resume(again.session)
    for step in (3, 4):
        again.save(step)
    assert steps_in(tmp_path) == [1, 3, 4]


def test_whole_checkpoint_that_is_not_listed_yet_is_resumed(tmp_path):
    net = Net(tmp_path)
    net.save(3)
    listed_checkpoints = (tmp_path / 'checkpoint').read_bytes()
    net.save(5)
    (tmp_path / 'checkpoint').write_bytes(listed_checkpoints)  # killed between the index and the list
    again = Net(tmp_path, keep=2)
    assert again.saver.resume(again.session).endswith('model.ckpt-5')
    for step in (7, 9):
        again.save(step)
    assert steps_in(tmp_path) == [7, 9]  # 7 counts among the kept ones and is removed in its turn


def test_too_little_space_for_the_first_checkpoints_is_refused(tmp_path):
    with pytest.raises(UserError, match=r'bytes free, but its first checkpoints take 1,000,000,000,000,000,000\.'):
        check_free_space(str(tmp_path), 10 ** 18, 0)


def test_too_little_space_for_all_checkpoints_is_warned_of(tmp_path, capsys):
    check_free_space(str(tmp_path), 1, 10 ** 18)
    assert 'warning: ' in capsys.readouterr().out


def test_enough_space_prints_nothing(tmp_path, capsys):
    Net(tmp_path).saver.check_space()
    assert capsys.readouterr().out == ''
