"""Ctrl-C, SIGTERM, a lost terminal or pipe: the run saves and leaves with a code that says why."""
import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

if not hasattr(os, 'fork'):
    pytest.skip('Windows has not these signals', allow_module_level=True)

from processes import Script
from project import PROJECT
from scripts import write_data_set
from tiny_net import TRAIN

from fcn8s.utils.script import StopSignal
from fcn8s.utils.tf1 import tf

NEVER = '--save_every=100000'


@pytest.fixture
def data_dir(tmp_path):
    return write_data_set(tmp_path / 'data', size=(32, 32))


def train(tmp_path, *arguments, before=None, logs='logs'):
    return Script(tmp_path, 'train', f'--data_dir={tmp_path / "data"}', f'--logs_dir={tmp_path / logs}',
                  *(TRAIN + arguments), before=before)


def checkpoints(tmp_path, logs='logs'):
    folder = str(tmp_path / logs)
    return sorted(name for name in os.listdir(folder) if name.endswith('.index')) if os.path.isdir(folder) else []


def validated_steps(tmp_path):
    path = str(tmp_path / 'logs' / 'validation.csv')
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [int(row['step']) for row in csv.DictReader(file)]


def read_slowly():
    """Makes each photo of a validation take its time."""
    from fcn8s.evaluation import evaluate as evaluation
    quick = evaluation.read_eval_example

    def slow(*arguments, **options):
        print('reading slowly', flush=True)
        time.sleep(0.2)
        return quick(*arguments, **options)
    evaluation.read_eval_example = slow


def validate_for_ages():
    """Makes a validation last longer than any test waits."""
    from fcn8s.training import validation

    def endless(*arguments, **options):
        print('validating for ages', flush=True)
        time.sleep(600)
    validation.evaluate = endless


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_saves_and_leaves_with_its_code(tmp_path, data_dir, number):
    script = train(tmp_path, NEVER, '--validate_every=100000')
    script.wait_until(lambda: 'loss' in script.shown)
    script.send(number)
    assert script.wait() == 128 + number
    saved, = checkpoints(tmp_path)
    assert f'stopped at step {saved[len("model.ckpt-"):-len(".index")]}, which is saved' in script.shown


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_before_the_first_step_leaves_with_its_code_and_no_remains(tmp_path, data_dir, number):
    script = train(tmp_path)
    script.wait_until(lambda: os.path.exists(str(tmp_path / 'logs' / '.lock')))
    script.send(number)
    assert script.wait() == 128 + number
    assert checkpoints(tmp_path) == []
    assert not [name for name in os.listdir(str(tmp_path / 'logs')) if 'partial' in name or 'tempstate' in name]


def test_signal_in_a_validation_ends_it_and_the_next_start_makes_up_for_it(tmp_path, data_dir):
    often = ('--save_every=5', '--validate_every=5', '--validation_num=2')
    script = train(tmp_path, *often, before=read_slowly)
    script.wait_until(lambda: 'reading slowly' in script.shown)
    script.send(signal.SIGTERM)
    assert script.wait() == 128 + signal.SIGTERM
    assert checkpoints(tmp_path) == ['model.ckpt-5.index'] and validated_steps(tmp_path) == []
    assert train(tmp_path, *(often + ('--max_steps=6',))).wait() == 0
    assert validated_steps(tmp_path) == [5, 6]


def test_second_signal_interrupts_at_once(tmp_path, data_dir):
    script = train(tmp_path, '--save_every=5', '--validate_every=5', before=validate_for_ages)
    script.wait_until(lambda: 'validating for ages' in script.shown)
    script.send(signal.SIGTERM)
    time.sleep(0.5)  # a first signal that comes together with the second could be heard after it
    script.send(signal.SIGINT)
    assert script.wait() in (128 + signal.SIGINT, 128 + signal.SIGTERM)


def test_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignal() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stop.code is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_before_afterwards():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with StopSignal():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_lost_pipe_saves_too(tmp_path, data_dir):
    """As in `python FCN_train.py 2>&1 | tee log.txt`, where Ctrl-C ends tee first."""
    command = [sys.executable, 'FCN_train.py', f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', NEVER,
               '--validate_every=100000', '--pretrained=none', '--width=0.0625']
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    shown = b''
    while b'loss' not in shown:
        piece = os.read(process.stdout.fileno(), 1000)
        assert piece, shown
        shown += piece
    process.stdout.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) in (128 + signal.SIGINT, 141)
    assert len(checkpoints(tmp_path)) == 1


def test_fcn8s_that_was_interrupted_ends_bit_for_bit_as_one_that_was_not(tmp_path, data_dir):
    thin = ('--net=fcn8s', '--width=0.0625', '--deterministic', '--max_steps=7', '--validate_every=100')
    assert train(tmp_path, *thin, logs='whole').wait() == 0
    script = train(tmp_path, *thin)
    script.wait_until(lambda: 'loss' in script.shown)  # after its first step or a little later
    script.send(signal.SIGTERM)
    assert script.wait() == 128 + signal.SIGTERM and 'model.ckpt-7.index' not in checkpoints(tmp_path)
    assert train(tmp_path, *thin).wait() == 0
    readers = [tf.train.load_checkpoint(str(tmp_path / logs / 'model.ckpt-7')) for logs in ('whole', 'logs')]
    for name in readers[0].get_variable_to_shape_map():
        one, other = (np.asarray(reader.get_tensor(name)) for reader in readers)
        assert one.tobytes() == other.tobytes(), name
