"""Scripts given a wrong checkpoint say what is wrong with it and change no file."""
import os
import shutil

import numpy as np
import pytest
from disks import content
from image_files import cut, save
from scripts import CLASSES_CSV, run_script, write_data_set
from tiny_net import TRAIN

import FCN_infer
import FCN_test
import FCN_train
from fcn8s.utils.errors import UserError

OTHER_NET = ('--net=fcn8s', '--width=0.0625')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A folder with data/ and logs/, which holds model.ckpt-1."""
    folder = tmp_path_factory.mktemp('trained')
    write_data_set(folder / 'data', size=(32, 32))
    assert train(folder) == 0
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of it to spoil."""
    shutil.copytree(str(trained), str(tmp_path / 'copy'))
    return tmp_path / 'copy'


def train(folder, *arguments):
    return run_script(FCN_train, f'--data_dir={folder / "data"}', f'--logs_dir={folder / "logs"}', '--max_steps=1',
                      *(TRAIN + arguments))


def cut_data(folder):
    cut(str(folder / 'logs' / 'model.ckpt-1.data-00000-of-00001'))


def remove_index(folder):
    os.remove(str(folder / 'logs' / 'model.ckpt-1.index'))


def empty(folder):
    shutil.rmtree(str(folder / 'logs'))
    (folder / 'logs').mkdir()


def write_mat(folder):
    (folder / 'vgg.mat').write_bytes(b'MATLAB 5.0 MAT-file')


def remove_config(folder):
    os.remove(str(folder / 'logs' / 'config.json'))


def add_class(folder):
    (folder / 'data' / 'classes.csv').write_text(CLASSES_CSV + '3,middle,9,9,9\n')


def nothing(folder):
    pass


PREDICTION = {
    'another net': (nothing, OTHER_NET, 'model.ckpt-1 is of another net: .*--net'),
    'other classes': (nothing, ('--num_classes=4',), 'model.ckpt-1 was trained with another number of classes'),
    'data cut': (cut_data, (), 'model.ckpt-1 is damaged'),
    'no index': (remove_index, (), 'no checkpoint in .*: model.ckpt-1 is not whole: its .index file is missing'),
    'empty folder': (empty, (), 'no checkpoint in .*logs: the folder is empty'),
    'mat': (write_mat, ('--checkpoint={}/vgg.mat',), 'no checkpoint .*vgg.mat: it is a file of pretrained weights'),
}
TRAINING = {
    'another net': (nothing, OTHER_NET, 'logs holds a run with net tiny, but fcn8s was given'),
    'another net, no config.json': (remove_config, OTHER_NET, 'model.ckpt-1 is of another net'),
    'other classes': (add_class, (), 'logs holds a run with num_classes 3, but 4 was given'),
    'other classes, no config.json': (lambda folder: [remove_config(folder), add_class(folder)], (),
                                              r'model.ckpt-1 does not fit .*\[1, 1, 8192, 3\], .*\[1, 1, 8192, 4\]'),
    'another optimizer': (nothing, ('--optimizer=sgd',), 'model.ckpt-1 was saved by another optimizer'),
    'data cut': (cut_data, (), 'none of the 1 checkpoints in .*logs can be restored'),
    'damaged curve': (lambda folder: (folder / 'logs' / 'validation.csv').write_text('step\nx\n'), (),
                      'validation.csv cannot be read'),
}
START = {
    'nothing fits': (nothing, ('--init_from={}/logs',) + OTHER_NET, 'nothing in .*model.ckpt-1 fits net fcn8s'),
    'data cut': (cut_data, ('--init_from={}/logs',), 'model.ckpt-1 is damaged'),
    'no index': (remove_index, ('--init_from={}/logs',), 'model.ckpt-1 is not whole: its .index file is missing'),
    'mat': (write_mat, ('--init_from={}/vgg.mat',), 'it is a file of pretrained weights.*--pretrained'),
    'damaged mat': (write_mat, OTHER_NET + ('--pretrained={}/vgg.mat',), 'vgg.mat cannot be read'),
}


def spoil(folder, table, kind):
    """Spoils the folder; returns (arguments of the script, words of its error)."""
    change, arguments, words = table[kind]
    change(folder)
    return [argument.format(folder) for argument in arguments], words


@pytest.mark.parametrize('kind', sorted(PREDICTION))
@pytest.mark.parametrize('script', [FCN_test, FCN_infer], ids=['test', 'infer'])
def test_prediction_names_the_fault_and_changes_nothing(folder, script, kind):
    photo = save(str(folder / 'photo.png'), np.full((8, 8, 3), 90, np.uint8))
    arguments, words = spoil(folder, PREDICTION, kind)
    before = content(folder)
    more = [photo, f'--output_dir={folder / "output"}'] if script is FCN_infer else []
    with pytest.raises(UserError, match=words):
        run_script(script, f'--logs_dir={folder / "logs"}', *(arguments + more))
    assert content(folder) == before


@pytest.mark.parametrize('kind', sorted(TRAINING))
def test_training_names_the_fault_and_changes_nothing(folder, kind):
    arguments, words = spoil(folder, TRAINING, kind)
    before = content(folder)
    with pytest.raises(UserError, match=words):
        train(folder, '--max_steps=2', *arguments)
    assert content(folder) == before


@pytest.mark.parametrize('kind', sorted(START))
def test_new_run_names_the_fault_and_leaves_no_run_behind(folder, kind):
    arguments, words = spoil(folder, START, kind)
    with pytest.raises(UserError, match=words):
        train(folder, f'--logs_dir={folder / "new"}', *arguments)
    assert os.listdir(str(folder / 'new')) == ['.lock']
