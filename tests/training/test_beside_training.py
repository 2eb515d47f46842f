"""Reading checkpoints while a training run replaces them, and a logs_dir that disappears during training."""
import os
import shutil
import threading

import pytest
from small_net import Net

from fcn8s.utils.lock import FolderLost, folder_lock
from fcn8s.weights.checkpoints import CheckpointError
from fcn8s.weights.restore import find_weights, read_found, restore_for_prediction


def read_after_removal(tmp_path, given):
    """The prefix that is read if the one found first is replaced by another before it is read."""
    net = Net(tmp_path, keep=1)
    net.save(3)
    prefix = find_weights(given, str(tmp_path))
    net.save(5)
    return read_found(prefix, lambda path: restore_for_prediction(net.session, path, [net.weight], 3), given,
                      str(tmp_path))[0]


def test_newest_checkpoint_is_read_instead(tmp_path):
    assert read_after_removal(tmp_path, '').endswith('model.ckpt-5')


def test_removed_checkpoint_that_was_asked_for_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match='model.ckpt-3 was removed while it was read: a.*the newest'):
        read_after_removal(tmp_path, str(tmp_path / 'model.ckpt-3'))


@pytest.mark.parametrize('given', ['', 'best'])
def test_reading_beside_a_thread_that_saves_and_removes(tmp_path, given):
    writer, reader, stop = Net(tmp_path, keep=1), Net(tmp_path), threading.Event()

    def save(step):
        writer.save(step)
        writer.saver.save_if_best(writer.session, step, step / 1e6)

    def keep_saving():
        step = 1
        while not stop.is_set():
            step += 1
            save(step)
    save(1)
    thread = threading.Thread(target=keep_saving)
    thread.start()
    try:
        for _ in range(40):
            prefix = find_weights(given, str(tmp_path))
            path, _ = read_found(prefix, lambda found: restore_for_prediction(
                reader.session, found, [reader.weight], 3), given, str(tmp_path))
            assert reader.value() == int(path.rpartition('-')[2])
    finally:
        stop.set()
        thread.join()


@pytest.mark.skipif(os.name == 'nt', reason='Windows removes no folder with an open file')
@pytest.mark.parametrize('lose', [
    shutil.rmtree, lambda folder: os.rename(folder, folder + '-moved'),
    lambda folder: [shutil.rmtree(folder), os.mkdir(folder)],
    lambda folder: [os.rename(folder, folder + '-moved'), shutil.copytree(folder + '-moved', folder)]],
    ids=['deleted', 'moved', 'recreated', 'copied back'])
def test_locked_folder_that_is_lost_is_noticed(tmp_path, lose):
    with folder_lock(str(tmp_path / 'logs')) as locked:
        locked.check()
        lose(str(tmp_path / 'logs'))
        with pytest.raises(FolderLost, match='logs was deleted, moved or replaced'):
            locked.check()
