"""Finding a checkpoint, and the errors for one that is not whole or belongs to another net."""
import os

import numpy as np
import pytest
from disks import content
from small_net import Net

from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.checkpoints import CheckpointError, config_folder, find_checkpoint
from fcn8s.weights.restore import restore_for_prediction

DATA = '.data-00000-of-00001'


def change(path, change_bytes):
    with open(path, 'rb') as file:
        data = file.read()
    with open(path, 'wb') as file:
        file.write(change_bytes(data))


def test_no_checkpoint_names_the_folder_and_the_command(tmp_path):
    with pytest.raises(CheckpointError, match=str(tmp_path) + ': the folder is empty.*python FCN_train.py'):
        find_checkpoint('', str(tmp_path))


def test_missing_logs_folder_is_reported(tmp_path):
    with pytest.raises(CheckpointError, match='no such folder'):
        find_checkpoint('', str(tmp_path / 'none'))


@pytest.mark.parametrize('suffix', ['', '.index', DATA, '.meta'])
def test_checkpoint_is_found_by_any_of_its_files(tmp_path, suffix):
    prefix = Net(tmp_path).save(7)
    assert find_checkpoint(prefix + suffix, 'elsewhere') == prefix


def test_checkpoint_in_the_current_folder_needs_no_folder(tmp_path, monkeypatch):
    Net(tmp_path).save(7)
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint('model.ckpt-7', 'elsewhere') == 'model.ckpt-7'


def test_folder_means_its_highest_step(tmp_path):
    net = Net(tmp_path)
    for step in (9, 10, 100):
        net.save(step)
    assert find_checkpoint(str(tmp_path), 'elsewhere') == find_checkpoint('', str(tmp_path))
    assert find_checkpoint('', str(tmp_path)).endswith('model.ckpt-100')


def test_best_means_the_folder_of_the_best(tmp_path):
    net = Net(tmp_path)
    net.save(1)
    net.saver.save_if_best(net.session, 1, 0.5)
    net.save(2)
    assert find_checkpoint('best', str(tmp_path)) == str(tmp_path / 'best' / 'model.ckpt-1')


@pytest.mark.parametrize('suffix, lack', [('.index', '.index file is missing'), (DATA, '.data file is missing')])
def test_missing_file_of_a_checkpoint_is_named(tmp_path, suffix, lack):
    prefix = Net(tmp_path).save(7)
    os.remove(prefix + suffix)
    for given in (prefix, str(tmp_path)):
        with pytest.raises(CheckpointError, match=lack):
            find_checkpoint(given, 'logs')


def test_half_written_checkpoint_is_not_the_last(tmp_path):
    net = Net(tmp_path)
    net.save(3)
    os.remove(net.save(5) + '.index')
    assert find_checkpoint('', str(tmp_path)).endswith('model.ckpt-3')


@pytest.mark.parametrize('name, words', [('imagenet.mat', 'pretrained weights.*--pretrained'),
                                         ('notes.txt', 'another kind')])
def test_file_of_another_kind_is_no_checkpoint(tmp_path, name, words):
    path = tmp_path / name
    path.write_bytes(b'MATLAB')
    with pytest.raises(CheckpointError, match=f'{name}.*{words}'):
        find_checkpoint(str(path), 'logs')


def test_saved_model_folder_is_told_from_a_checkpoint(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        image, ids = tf.placeholder(tf.float32, [1]), tf.get_variable('v', [1])
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(tmp_path / 'model'), {'image': image}, {'ids': image + ids})
    with pytest.raises(CheckpointError, match='model: it is a SavedModel'):
        find_checkpoint(str(tmp_path / 'model'), 'logs')


def test_config_of_the_best_lies_above_it(tmp_path):
    assert config_folder(str(tmp_path / 'best' / 'model.ckpt-1')) == str(tmp_path)
    assert config_folder(str(tmp_path / 'model.ckpt-1')) == str(tmp_path)


def test_prediction_restores_what_best_holds(tmp_path):
    net = Net(tmp_path)
    net.set(4)
    net.saver.save_if_best(net.session, 1, 0.5)
    other = Net(tmp_path)
    restore_for_prediction(other.session, str(tmp_path / 'best' / 'model.ckpt-1'), [other.weight], 3)
    assert other.value() == 4


# a net that scores class 0 has a score for each class, a dilated one has one fewer
@pytest.mark.parametrize('num_classes, words', [
    (4, r'another number of classes.*--num_classes=3 \(now 4\)'), (5, r'another number of classes.*=4 \(now 5\)'),
    (9, 'does not fit the net: 0 of its 1 variables match.*--width')])
def test_another_shape_is_named_with_both_shapes(tmp_path, num_classes, words):
    prefix = Net(tmp_path).save(1)
    other = Net(tmp_path / 'other', shape=(2, 4))
    before = content(tmp_path)
    with pytest.raises(UserError, match=words) as caught:
        restore_for_prediction(other.session, prefix, [other.weight], num_classes)
    assert 'inference/W8 has shape [2, 3], the net needs [2, 4]' in str(caught.value)
    assert other.value() == 0 and content(tmp_path) == before


def test_another_net_is_named_with_what_it_lacks(tmp_path):
    prefix = Net(tmp_path).save(1)
    other = Net(tmp_path / 'other')
    with other.session.graph.as_default():
        fuse = tf.get_variable('inference/fuse', [2])
    with pytest.raises(UserError, match='of another net: 1 of its 2 variables match; inference/fuse is not in'):
        restore_for_prediction(other.session, prefix, [other.weight, fuse], 3)


@pytest.mark.parametrize('suffix, damage', [
    (DATA, lambda data: data[:len(data) // 8]),
    (DATA, lambda data: b''),
    (DATA, lambda data: data[:4] + bytes([data[4] ^ 1]) + data[5:]),  # one bit of the first array
    ('.index', lambda data: data[:len(data) // 2]),
    ('.index', lambda data: b''),
], ids=['data cut', 'data empty', 'data flipped', 'index cut', 'index empty'])
def test_damaged_checkpoint_is_refused_and_left_as_it_is(tmp_path, suffix, damage):
    net = Net(tmp_path)
    prefix = net.save(1)
    change(prefix + suffix, damage)
    before = content(tmp_path)
    with pytest.raises(CheckpointError, match='model.ckpt-1 (is damaged|cannot be read as a checkpoint): .*another'):
        restore_for_prediction(net.session, prefix, [net.weight, net.slot], 3)
    assert content(tmp_path) == before


def test_values_come_back_bit_for_bit(tmp_path):
    net, other = Net(tmp_path), Net(tmp_path)
    values = np.random.RandomState(0).normal(size=(2, 3)).astype(np.float32)
    net.weight.load(values, net.session)
    prefix = net.saver.save(net.session, 1)
    restore_for_prediction(other.session, prefix, [other.weight], 3)
    assert other.session.run(other.weight).tobytes() == values.tobytes()
