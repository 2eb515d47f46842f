"""Folders and files whose names TensorFlow takes for patterns."""
import os

import pytest
from small_net import Net

from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.utils.tf_paths import ReadablePath, check_writable_name
from fcn8s.weights.restore import restore_for_prediction

if os.name == 'nt':
    pytest.skip('no such names on Windows', allow_module_level=True)

NAMES = ['run [v1]', 'a*b', 'a?b', 'a\\b', 'x[!a]', 'ä b']


@pytest.mark.parametrize('name', NAMES)
def test_run_in_such_a_folder_is_resumed(tmp_path, name):
    Net(tmp_path / name).save(5)
    again = Net(tmp_path / name)
    assert again.saver.resume(again.session).endswith('model.ckpt-5') and again.value() == 5


@pytest.mark.parametrize('name', NAMES)
def test_checkpoint_of_such_a_name_is_read(tmp_path, name):
    net = Net(tmp_path)
    prefix = net.save(7)
    for suffix in ('.index', '.data-00000-of-00001'):
        os.rename(prefix + suffix, str(tmp_path / name) + suffix)
    net.set(0)
    restore_for_prediction(net.session, str(tmp_path / name), [net.weight], 3)
    assert net.value() == 7


def test_pattern_does_not_mean_another_folder(tmp_path):
    Net(tmp_path / 'run 1').save(1)
    net = Net(tmp_path / 'run [1]')
    net.save(2)
    restore_for_prediction(net.session, str(tmp_path / 'run [1]' / 'model.ckpt-2'), [net.weight], 3)
    assert net.value() == 2


def test_saved_model_is_loaded(tmp_path):
    folder = str(tmp_path / 'x[1]')
    with tf.Graph().as_default(), tf.Session() as session:
        value = tf.get_variable('v', [1], initializer=tf.constant_initializer(3))
        session.run(value.initializer)
        tf.saved_model.simple_save(session, folder, {'v': value}, {'v': value})
    linked = ReadablePath(folder)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.loader.load(session, ['serve'], linked.path)
        assert session.run('v:0') == [3]


def test_links_go_with_their_object(tmp_path):
    linked = ReadablePath(str(tmp_path / 'a[b'))
    folder = os.path.dirname(linked.path)
    assert os.path.isdir(folder)
    del linked
    assert not os.path.exists(folder)


def test_name_that_is_not_utf8_is_refused_for_writing():
    with pytest.raises(UserError, match=r"--logs_dir=.*byte b'\\xff'.*another name"):
        check_writable_name('logs_dir', os.fsdecode(b'logs-\xff'))
