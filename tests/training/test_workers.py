"""Several workers end with the weights of several towers in one process, bit for bit; a lost one ends all."""
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

if not hasattr(os, 'fork'):
    pytest.skip('Windows cannot fork', allow_module_level=True)

from processes import Script
from project import PROJECT
from scripts import write_data_set
from teams import start_team, train_in_towers, variables, wait_for

STEPS = 30
# the border of class 0 makes the parts of a batch differ in the pixels that count
COMMON = ('--pretrained=none', '--width=0.0625', '--precision=float32', '--deterministic', '--batch_size=6',
          f'--max_steps={STEPS}', '--save_every=10', '--validate_every=30', '--ignore_label=0',
          '--class_weights=median_frequency', '--weight_decay=1e-3', '--flip=0.5')
CASES = {'adam': ('--net=fcn8s', '--learning_rate=1e-3', '--clip_norm=1'),
         'sgd': ('--net=tiny_bn', '--optimizer=sgd', '--learning_rate=1e-2')}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The folder of a data set of seven training photos, data, and of all runs."""
    folder = tmp_path_factory.mktemp('workers')
    write_data_set(folder / 'data', training=7, validation=5, size=(14, 40))
    return folder


def arguments(folder, logs, case):
    return (f'--data_dir={folder / "data"}', f'--logs_dir={folder / logs}') + COMMON + CASES[case]


@pytest.fixture(scope='module', params=[(2, 'adam'), (3, 'adam'), (2, 'sgd'), (3, 'sgd')], ids=str)
def both(request, folder):
    """(logs_dir of workers, logs_dir of towers) after STEPS steps."""
    size, case = request.param
    workers, towers = f'{case}-{size}-workers', f'{case}-{size}-towers'
    team = start_team(folder, size, *arguments(folder, workers, case))
    train_in_towers(folder, size, *arguments(folder, towers, case))
    wait_for(team)
    return folder / workers, folder / towers


def assert_same(found, expected):
    assert set(found) == set(expected)
    assert [name for name in expected if not np.array_equal(found[name], expected[name])] == []


def test_workers_end_with_the_weights_of_towers(both):
    assert_same(*(variables(logs, STEPS) for logs in both))


def test_workers_score_what_towers_score(both):
    workers, towers = ((logs / 'validation.csv').read_text() for logs in both)
    assert workers == towers


def test_one_step_is_that_of_the_whole_batch(folder):
    options = ('--max_steps=1', '--keep_prob=1', '--optimizer=sgd')
    team = start_team(folder, 2, *arguments(folder, 'parts', 'adam'), *options)
    train_in_towers(folder, 1, *arguments(folder, 'whole', 'adam'), *options)
    wait_for(team)
    parts, whole = (variables(folder / logs, 1) for logs in ('parts', 'whole'))
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, atol=1e-6, err_msg=name)


def lose_a_worker(folder, logs, number, rank, timeout):
    """Sends a signal to one of two workers after their first checkpoint; returns (the other, the one)."""
    team = start_team(folder, 2, *arguments(folder, logs, 'sgd'), '--max_steps=100000', timeout=timeout)
    team[0].wait_until(lambda: os.path.exists(str(folder / logs / 'model.ckpt-10.index')))
    team[rank].send(number)
    return team[1 - rank], team[rank]


@pytest.mark.parametrize('rank', [0, 1])
def test_killed_worker_ends_the_other_and_the_next_start_makes_up_for_it(folder, rank):
    left, _ = lose_a_worker(folder, f'killed-{rank}', signal.SIGKILL, rank, 30)
    assert left.wait(15) == 75
    assert f'error: worker {rank} at 127.0.0.1' in left.shown
    for name in os.listdir(str(folder / f'killed-{rank}')):  # however far it came
        if name.startswith('model.ckpt-') and not name.startswith('model.ckpt-10.'):
            os.remove(str(folder / f'killed-{rank}' / name))
    wait_for(start_team(folder, 2, *arguments(folder, f'killed-{rank}', 'sgd')))
    undisturbed = folder / 'sgd-2-workers'
    if not undisturbed.exists():
        wait_for(start_team(folder, 2, *arguments(folder, undisturbed.name, 'sgd')))
    assert_same(variables(folder / f'killed-{rank}', STEPS), variables(undisturbed, STEPS))


def test_stopped_worker_ends_the_other_within_the_timeout_and_fewer_may_go_on(folder):
    left, stopped = lose_a_worker(folder, 'stopped', signal.SIGSTOP, 1, 3)
    start = time.time()
    assert left.wait(30) == 75 and time.time() - start < 10
    assert 'worker 1 at 127.0.0.1' in left.shown and 'silent' in left.shown
    stopped.send(signal.SIGCONT)
    assert stopped.wait() == 75
    alone = Script(folder, 'train', *arguments(folder, 'stopped', 'sgd'), '--max_steps=11')
    assert alone.wait() == 0 and 'resuming from' in alone.shown


def test_other_flags_are_refused_and_both_sides_named(folder):
    team = start_team(folder, 2, *arguments(folder, 'refused', 'sgd'), own={1: ['--seed=7']})
    assert [worker.wait() for worker in team] == [1, 1]
    for worker in team:
        assert '--seed differs: 7 in worker 1 at 127.0.0.1' in worker.shown and '0 in worker 0' in worker.shown
    assert not (folder / 'refused').exists()


def test_launcher_passes_ctrl_c_on_and_all_save(folder):
    launcher = subprocess.Popen(
        [sys.executable, 'FCN_train.py', *arguments(folder, 'launched', 'adam'), '--max_steps=100000', '--workers=2'],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    shown = []
    for line in launcher.stdout:
        shown.append(line)
        if 'loss' in line and launcher.poll() is None and not any('loss' in old for old in shown[:-1]):
            launcher.send_signal(signal.SIGINT)
    assert launcher.wait() == 130, shown
    assert any(line.startswith('[0] stopped at step ') and 'which is saved' in line for line in shown), shown
