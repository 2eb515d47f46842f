"""Full disks and folders that cannot be written: existing files stay whole."""
import os
import re
import shutil

import numpy as np
import pytest

if not hasattr(os, 'fork'):
    pytest.skip('needs mounted disks or limits on the size of files', allow_module_level=True)

import resource

from disks import closed, fill, small_disk, unwritable
from processes import Script
from scripts import write_data_set
from small_net import Net
from tiny_net import TRAIN

from fcn8s.training.log import EventFile
from fcn8s.utils.errors import UserError
from fcn8s.utils.lock import folder_lock
from fcn8s.utils.tf1 import tf
from fcn8s.weights.checkpoints import CheckpointError, checkpoints_in

LIMIT = 3 << 20  # bytes; a checkpoint of the tiny net takes 6.7 MB
OFTEN = ('--save_every=25', '--max_steps=100')


@pytest.fixture
def data_dir(tmp_path):
    return write_data_set(tmp_path / 'data', size=(32, 32))


@pytest.fixture
def file_limit():
    """Files cannot grow beyond LIMIT; Python ignores the signal, so writing fails with EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def train(tmp_path, logs_dir, *arguments, before=None):
    return Script(tmp_path, 'train', f'--data_dir={tmp_path / "data"}', f'--logs_dir={logs_dir}',
                  *(TRAIN + ('--validate_every=100000',) + arguments), before=before)


def checkpoint_names(folder):
    return sorted(name for name in os.listdir(folder) if 'ckpt' in name or 'tmp' in name or 'partial' in name)


def is_whole(prefix):
    """Whether each array can be read; a checksum is stored with each."""
    reader = tf.train.load_checkpoint(prefix)
    return all(np.all(np.isfinite(reader.get_tensor(name))) for name in reader.get_variable_to_shape_map())


def test_training_does_not_start_if_its_checkpoints_do_not_fit(tmp_path, data_dir):
    with small_disk(tmp_path / 'disk', 8) as disk:
        script = train(tmp_path, disk + '/logs')
        assert script.wait() == 1
        # 64*8*8*3 + 8192*64 + 8192*3 + 3 = 561155 values of 4 bytes; with Adam 3 times, and step and its 2 powers
        assert f'but its first checkpoints take {4 * 561155 * 4 + 8 + 2 * 4:,}.' in script.shown
        assert checkpoints_in(disk + '/logs') == []


@pytest.fixture(scope='module')
def full_disk(tmp_path_factory):
    """(folder, logs_dir, output) of a training whose disk filled up after its checkpoint of step 25."""
    folder = tmp_path_factory.mktemp('full')
    write_data_set(folder / 'data', size=(32, 32))
    with small_disk(folder / 'disk', 30) as disk:
        logs_dir = disk + '/logs'
        script = train(folder, logs_dir, *OFTEN)
        script.wait_until(lambda: os.path.exists(logs_dir + '/checkpoint'))
        fill(disk)
        assert script.wait() == 1
        yield folder, logs_dir, script.shown


def test_full_disk_is_reported_with_the_bytes_needed(full_disk):
    _, logs_dir, shown = full_disk
    for words in (logs_dir + '/model.ckpt-50 cannot be written', 'No space left on device',
                  'It takes 6,733,876 bytes, 0 are free'):
        assert words in shown


def test_full_disk_leaves_the_last_checkpoint_whole_and_no_part_of_the_next(full_disk):
    _, logs_dir, _ = full_disk
    assert checkpoint_names(logs_dir) == ['model.ckpt-25.data-00000-of-00001', 'model.ckpt-25.index']
    assert tf.train.latest_checkpoint(logs_dir) == logs_dir + '/model.ckpt-25' and is_whole(logs_dir + '/model.ckpt-25')


def test_run_resumes_after_a_full_disk(full_disk, tmp_path):
    folder, logs_dir, _ = full_disk
    script = train(folder, shutil.copytree(logs_dir, str(tmp_path / 'logs')), *OFTEN)
    assert script.wait() == 0 and '(step 25)' in script.shown


def test_checkpoint_too_large_for_a_file_leaves_the_one_before(tmp_path, data_dir):
    logs_dir = str(tmp_path / 'logs')
    assert train(tmp_path, logs_dir, '--max_steps=5').wait() == 0
    script = train(tmp_path, logs_dir, '--max_steps=9', before=limit_files)
    assert script.wait() == 1
    assert 'model.ckpt-9 cannot be written' in script.shown and 'File too large' in script.shown
    assert checkpoint_names(logs_dir) == ['model.ckpt-5.data-00000-of-00001', 'model.ckpt-5.index']
    assert tf.train.latest_checkpoint(logs_dir) == logs_dir + '/model.ckpt-5' and is_whole(logs_dir + '/model.ckpt-5')


def test_folder_that_becomes_unwritable_keeps_its_last_checkpoint(tmp_path, data_dir):
    logs_dir = str(tmp_path / 'logs')
    script = train(tmp_path, logs_dir, '--save_every=25', '--max_steps=100000')
    script.wait_until(lambda: os.path.exists(logs_dir + '/checkpoint'))
    with closed(logs_dir):
        assert script.wait() == 1
        assert re.search('model.ckpt-.* cannot be written: .*It takes 6,733,876 bytes', script.shown)
        assert is_whole(tf.train.latest_checkpoint(logs_dir))


def test_file_in_place_of_the_folder_stops_the_run_and_is_kept(tmp_path, data_dir):
    logs_dir = str(tmp_path / 'logs')
    script = train(tmp_path, logs_dir, '--save_every=25', '--max_steps=100000')
    script.wait_until(lambda: os.path.exists(logs_dir + '/checkpoint'))
    os.rename(logs_dir, logs_dir + '-moved')
    (tmp_path / 'logs').write_text('mine')
    assert script.wait() == 1
    assert re.search(r'error: .*logs was deleted, moved or replaced .* stops at step \d+; ', script.shown)
    assert 'Traceback' not in script.shown
    assert is_whole(tf.train.latest_checkpoint(logs_dir + '-moved'))
    assert (tmp_path / 'logs').read_text() == 'mine'


def test_folder_that_disappears_stops_the_run_and_is_not_recreated(tmp_path, data_dir):
    logs_dir = str(tmp_path / 'logs')
    script = train(tmp_path, logs_dir, '--save_every=25', '--max_steps=100000')
    script.wait_until(lambda: os.path.exists(logs_dir + '/checkpoint'))
    os.rename(logs_dir, logs_dir + '-moved')
    assert script.wait() == 1
    assert 'logs was deleted, moved or replaced' in script.shown and 'Traceback' not in script.shown
    assert not os.path.exists(logs_dir)


def test_failed_save_of_the_best_leaves_the_best_before_it(tmp_path, file_limit):
    net = Net(tmp_path, shape=(1000, 500))  # 2 MB
    net.set(1)
    net.saver.save_if_best(net.session, 1, 0.5)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with pytest.raises(CheckpointError, match='best/model.ckpt-2 cannot be written: .*File too large.*2,000,000 bytes'):
        net.saver.save_if_best(net.session, 2, 0.6)
    assert checkpoint_names(str(tmp_path / 'best')) == ['model.ckpt-1.data-00000-of-00001', 'model.ckpt-1.index']
    assert is_whole(str(tmp_path / 'best' / 'model.ckpt-1'))


def test_data_file_is_removed_if_its_index_does_not_fit(tmp_path):
    with small_disk(tmp_path / 'disk', 12) as disk:
        net = Net(disk, shape=(1000, 500))
        net.save(1)
        filler = fill(disk)
        os.truncate(filler, os.path.getsize(filler) - 977 * 4096)  # 2 arrays of 2 MB take 977 pages, the index one more
        with pytest.raises(CheckpointError, match='model.ckpt-2 cannot be written: .*No space left on device'):
            net.save(2)
        assert checkpoint_names(disk) == ['model.ckpt-1.data-00000-of-00001', 'model.ckpt-1.index']


def test_event_file_that_cannot_be_written_gives_one_warning(tmp_path, file_limit, capsys):
    events = EventFile(str(tmp_path), 0)
    large = tf.Summary(value=[tf.Summary.Value(tag=1000000 * 'x', simple_value=1.)])
    for step in range(6):
        events.add(step, large)
    events.close()
    shown = capsys.readouterr().out
    assert shown.count('warning') == 1 and events.path in shown and 'File too large' in shown


def test_events_before_the_failure_can_be_read(tmp_path, file_limit):
    events = EventFile(str(tmp_path), 0)
    large = tf.Summary(value=[tf.Summary.Value(tag=1000000 * 'x', simple_value=1.)])
    for step in range(6):
        events.add(step, large)
    steps = []
    with pytest.raises(tf.errors.DataLossError):  # the truncated one
        for event in tf.train.summary_iterator(events.path):
            steps += [event.step] if event.summary.value else []
    assert steps == [0, 1, 2]  # of a million bytes each, and the limit is 3.1 million


@pytest.mark.parametrize('logs, words', [('', '.lock cannot be written'), ('logs', 'logs cannot be made')])
def test_folder_that_cannot_be_written_is_named(tmp_path, logs, words):
    with unwritable(tmp_path / 'disk') as disk, pytest.raises(UserError, match=words) as caught, \
            folder_lock(os.path.join(disk, logs)):
        pass
    assert disk in str(caught.value)
