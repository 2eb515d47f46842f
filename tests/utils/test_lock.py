"""The lock on a folder, between real processes."""
import os
import signal
import socket
import subprocess
import sys

import pytest
from project import PROJECT

from fcn8s.utils.errors import UserError
from fcn8s.utils.lock import folder_lock

HOLD = 'import sys, time; from fcn8s.utils.lock import folder_lock\n' \
       'with folder_lock(sys.argv[1]):\n    print("held", flush=True)\n    time.sleep(60)'


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock on tmp_path."""
    process = subprocess.Popen([sys.executable, '-c', HOLD, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b'held\n' or os.name == 'nt'
    yield process
    process.kill()
    process.communicate()


def take(folder):
    with folder_lock(str(folder)):
        return True


def test_held_lock_names_folder_process_and_host(holder, tmp_path):
    with pytest.raises(UserError) as caught:
        take(tmp_path)
    for word in (str(tmp_path), f'process {holder.pid} ', socket.gethostname()):
        assert word in str(caught.value)


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no SIGKILL')
def test_lock_of_a_killed_process_is_free(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / '.lock').exists() and take(tmp_path)


def test_lock_is_free_again_after_its_block(tmp_path):
    assert take(tmp_path) and take(tmp_path)


def test_folders_do_not_lock_each_other(holder, tmp_path):
    assert take(tmp_path / 'other')


def test_lock_file_names_its_holder(tmp_path):
    with folder_lock(str(tmp_path)):
        assert (tmp_path / '.lock').read_text() == f'process {os.getpid()} on {socket.gethostname()}'


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='starts a training as Unix does')
def test_second_training_is_refused_and_testing_is_not(tmp_path):
    from processes import Script
    from scripts import write_data_set
    from tiny_net import TRAIN
    arguments = (f'--data_dir={write_data_set(tmp_path / "data")}', f'--logs_dir={tmp_path / "logs"}') + TRAIN
    assert Script(tmp_path, 'train', *(arguments + ('--max_steps=1',))).wait() == 0
    first = Script(tmp_path, 'train', *(arguments + ('--save_every=100000',)))
    first.wait_until(lambda: 'resuming' in first.shown)
    second = Script(tmp_path, 'train', *arguments)
    assert second.wait() == 1 and f'logs is in use by process {first.pid} on' in second.shown
    testing = Script(tmp_path, 'test', f'--logs_dir={tmp_path / "logs"}')
    assert testing.wait() == 0, testing.shown
    first.send(signal.SIGTERM)
    assert first.wait() == 128 + signal.SIGTERM


def test_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / 'logs').write_text('')
    with pytest.raises(UserError, match='logs cannot be made: File exists'):
        take(tmp_path / 'logs')


def test_file_system_that_cannot_be_written_is_named():
    with pytest.raises(UserError, match='/proc/logs'):
        take('/proc/logs')
