"""Training, validation and testing on data with bad files."""
import json
import os
import re
import sys

import numpy as np
import pytest
from bad_pairs import BAD
from image_files import cut, save, save_png
from scripts import run_script, write_data_set
from tiny_net import TRAIN

import FCN_test
import FCN_train
from fcn8s.data.records import Record
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from read_data import read_dataset


@pytest.fixture
def spoilt(tmp_path):
    """(data_dir, logs_dir): the third training photo and the second validation photo are cut short."""
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    for split, name in (('training', 'p2.png'), ('validation', 'p1.png')):
        cut(os.path.join(data_dir, 'images', split, name))
    return data_dir, str(tmp_path / 'logs')


def train(spoilt, *arguments):
    data_dir, logs_dir = spoilt
    return run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', '--batch_size=1', '--noshuffle',
                      '--save_every=100', *(TRAIN + arguments))


def test_bad_photo_stops_training_and_the_steps_before_it_are_saved(spoilt):
    with pytest.raises(UserError, match='p2.png: .*cut short.*Everything up to step 2 is saved'):
        train(spoilt, '--max_steps=9')
    assert os.path.exists(os.path.join(spoilt[1], 'model.ckpt-2.index'))


def test_run_that_took_no_step_leaves_its_folder_free(spoilt):
    cut(os.path.join(spoilt[0], 'images', 'training', 'p0.png'))
    with pytest.raises(UserError, match=r'p0.png: .*cut short.*\. Nothing was trained yet\.$'):
        train(spoilt, '--max_steps=9')
    with pytest.raises(UserError, match='p0.png: .*cut short'):  # another net is no reason
        train(spoilt, '--max_steps=9', '--net=fcn8s', '--width=0.0625')


def test_skipped_files_are_listed_at_the_end(spoilt, capsys):
    assert train(spoilt, '--max_steps=9', '--bad_data=skip', '--validate_every=4') == 0
    shown = capsys.readouterr().out
    end = shown[shown.index('2 files were left out:'):].splitlines()
    assert 'training/p2.png: ' in end[1] and 'validation/p1.png' in end[1] and len(end) == 2  # both are cut short
    assert shown.count('left out: ') == 2
    assert 'on 1 photos' in shown  # of the two for validation


def test_skipped_files_are_listed_also_after_an_error(spoilt, capsys):
    with pytest.raises(UserError, match='not finite'):
        train(spoilt, '--bad_data=skip', '--learning_rate=1e30', '--max_steps=99')
    assert '1 files were left out:' in capsys.readouterr().out


def add_bad_pairs(data_dir):
    """Adds a bad training pair of each kind, and two photos of one name; returns the ends of the 14 bad paths."""
    names = []
    for kind in sorted(BAD):
        record = Record(*(os.path.join(data_dir, part, 'training', kind + '.png')
                          for part in ('images', 'annotations')))
        save(record.image, np.zeros((8, 8, 3), np.uint8))
        save(record.annotation, np.zeros((8, 8), np.uint8))
        BAD[kind][0](record)
        names.append(f'training/{kind}.png')  # of the photo or the annotation
    for name in ('images/training/twin.png', 'images/training/twin.bmp', 'annotations/training/twin.png'):
        save(os.path.join(data_dir, name), np.zeros((8, 8), np.uint8))
        names.append(name)
    return names


def test_every_kind_of_bad_file_is_skipped_and_named(tmp_path, capsys):
    data_dir = write_data_set(tmp_path / 'data', training=2, size=(32, 32))
    names = add_bad_pairs(data_dir)
    assert train((data_dir, str(tmp_path / 'logs')), '--max_steps=14', '--bad_data=skip') == 0
    shown = capsys.readouterr().out
    end = shown[shown.index('14 files were left out:'):]
    assert [name for name in names if name not in end] == []


@pytest.mark.parametrize('name, words', [
    ('images/training/x.png', '1 image with no annotation .*x.png'),
    ('annotations/validation/x.png', '1 annotation with no image .*x.png'),
    ('images/training/p1.bmp', '3 files with one name .*p1.bmp.*p1.png')])
def test_file_without_a_partner_stops_training_before_it_starts(tmp_path, name, words):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    save(os.path.join(data_dir, name), np.zeros((8, 8), np.uint8))
    with pytest.raises(UserError, match=words):
        train((data_dir, str(tmp_path / 'logs')), '--max_steps=9')
    assert not os.path.exists(str(tmp_path / 'logs'))


def test_photos_in_subfolders_are_noted_at_the_start(spoilt, capsys):
    os.makedirs(os.path.join(spoilt[0], 'images', 'training', 'city'))
    save(os.path.join(spoilt[0], 'images', 'training', 'city', 'x.png'), np.zeros((8, 8), np.uint8))
    train(spoilt, '--max_steps=1', '--bad_data=skip')
    assert re.search(r'note: 1 photos in subfolders of \S+training, such as \S+x.png, are not', capsys.readouterr().out)


def test_list_needs_no_training_split_and_skips_missing_photos(spoilt, tmp_path, capsys):
    for kind in ('images', 'annotations'):
        os.rename(os.path.join(spoilt[0], kind, 'training'), os.path.join(spoilt[0], kind, 'mine'))
    (tmp_path / 'list.txt').write_text('mine/p0.png\nmine/none.png\n')
    assert train(spoilt, '--max_steps=1', '--bad_data=skip', f'--list={tmp_path / "list.txt"}') == 0
    shown = capsys.readouterr().out
    assert '1 training photos' in shown and re.search('there is no .*none.png', shown)
    assert run_script(FCN_test, f'--logs_dir={spoilt[1]}', f'--list={tmp_path / "list.txt"}') == 0  # as trained
    assert 'none.png' in capsys.readouterr().out


def test_preview_lists_the_skipped_photos(spoilt, tmp_path, capsys):
    train(spoilt, '--bad_data=skip', '--flip=1', f'--preview_augmentation={tmp_path / "sheet.png"}')
    assert re.search('1 files were left out:\n.*p2.png: .*cut short', capsys.readouterr().out)


def test_bad_validation_photo_stops_training(spoilt):
    with pytest.raises(UserError, match='p1.png: .*up to step 2 is saved'):
        train(spoilt, '--max_steps=2')


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems do not enforce the limit')
def test_validation_photo_too_large_for_the_memory_costs_no_steps(tmp_path):
    if tf.version.VERSION.startswith('1.'):
        pytest.skip('TensorFlow 1.15 aborts if an op on the CPU gets no memory')
    from processes import Script
    data_dir, logs_dir = write_data_set(tmp_path / 'data', size=(32, 32)), str(tmp_path / 'logs')
    for kind in ('images', 'annotations'):
        save_png(os.path.join(data_dir, kind, 'validation', 'p1.png'), 5000, 5000, 1, 0, bytes(5000 * 626))
    arguments = (f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', '--max_steps=2') + TRAIN
    script = Script(tmp_path, 'train', *arguments, '--validation_max_side=5000',
                    before=leave_little_memory_for_validation)
    assert script.wait() == 1
    assert re.search('memory ran out on the validation photo .*p1.png.* --validation_max_side=2512 or less'
                     '.*up to step 2 is saved: the same command resumes', script.shown)
    assert os.path.exists(logs_dir + '/model.ckpt-2.index')
    assert run_script(FCN_train, *arguments, '--validation_max_side=64') == 0


def leave_little_memory_for_validation():
    """Limits memory to 900 MB beyond what is in use when a validation begins."""
    import resource

    from fcn8s.training import validation
    evaluate = validation.evaluate

    def limited(*arguments, **options):
        with open('/proc/self/statm') as file:
            limit = int(file.read().split()[0]) * resource.getpagesize() + (900 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        return evaluate(*arguments, **options)
    validation.evaluate = limited


def test_testing_takes_bad_data_from_training_unless_given(spoilt, capsys):
    save(os.path.join(spoilt[0], 'images', 'validation', 'alone.png'), np.zeros((8, 8), np.uint8))
    train(spoilt, '--max_steps=2', '--bad_data=skip')
    capsys.readouterr()
    assert run_script(FCN_test, f'--logs_dir={spoilt[1]}') == 0
    shown = capsys.readouterr().out
    assert shown.count('left out: ') == 2  # when each is read
    end = shown[shown.index('2 files were left out:'):].splitlines()
    assert 'alone.png: ' in end[1] and 'p1.png: ' in end[2] and len(end) == 3
    with open(os.path.join(spoilt[1], 'test', 'scores.json')) as file:
        scores = json.load(file)
    assert scores['images'] == 1 and sorted(map(os.path.basename, scores['left_out'])) == ['alone.png', 'p1.png']
    with pytest.raises(UserError, match='alone.png'):
        run_script(FCN_test, f'--logs_dir={spoilt[1]}', '--bad_data=stop')


def test_testing_stops_at_a_bad_photo_if_training_did(spoilt):
    with pytest.raises(UserError, match='up to step 1 is saved'):
        train(spoilt, '--max_steps=1')
    with pytest.raises(UserError, match='p1.png: '):
        run_script(FCN_test, f'--logs_dir={spoilt[1]}')


def test_odd_names_odd_sizes_and_links_train(tmp_path):
    data_dir = write_data_set(tmp_path / 'data', training=1, validation=1)
    sizes = {'a b': (1, 1), 'Straße 北京': (20000, 1), 'line\nbreak': (1, 300), 'UPPER': (40, 40)}
    for name, size in sizes.items():
        save(os.path.join(data_dir, 'images', 'training', name + '.PNG'), np.zeros(size + (3,), np.uint8))
        save(os.path.join(data_dir, 'annotations', 'training', name + '.Png'), np.ones(size, np.uint8))
    for kind in ('images', 'annotations'):
        os.symlink(os.path.join(data_dir, kind, 'validation', 'p0.png'),
                   os.path.join(data_dir, kind, 'training', 'linked.png'))
    assert len(read_dataset(data_dir, 'training').records) == 6
    assert run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={tmp_path / "logs"}', '--max_steps=6',
                      '--batch_size=1', *TRAIN) == 0


@pytest.mark.parametrize('flag, words', [('stop', r'p\d.png: the image cannot be read: No such file.* is saved'),
                                         ('skip', 'none of the 4 photos.*can be used.* is saved')])
def test_folder_of_photos_that_disappears_costs_no_steps(tmp_path, monkeypatch, flag, words):
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    from fcn8s.training.log import TrainingLog
    training = TrainingLog.training

    def vanish(log, step, figures):
        if step == 10:
            os.rename(os.path.join(data_dir, 'images', 'training'), os.path.join(data_dir, 'gone'))
        training(log, step, figures)
    monkeypatch.setattr(TrainingLog, 'training', vanish)
    with pytest.raises(UserError, match=words):
        train((data_dir, str(tmp_path / 'logs')), '--max_steps=1000', '--bad_data=' + flag)
    assert [name for name in os.listdir(str(tmp_path / 'logs')) if name.endswith('.index')]
