"""Every script takes a published net by its name: nothing else is given, and its files come from a server here."""
import json
import os
import shutil

import numpy as np
import published_files
import pytest
from PIL import Image
from published_files import NAME, ROW
from random_weights import THIN
from scripts import run_script, write_data_set

import FCN_export
import FCN_infer
import FCN_test
import FCN_train
from fcn8s.config import read_config
from fcn8s.data.classes import read_classes
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.weights import published

GIVEN = f'--checkpoint={NAME}'


@pytest.fixture(scope='module')
def served(tmp_path_factory):
    """Folder of the published files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, 'WIDTH', THIN)
        halves = published_files.random_halves()
    folder = tmp_path_factory.mktemp('served')
    published_files.write_halves(folder, halves)
    return folder


@pytest.fixture(autouse=True)
def clone(tmp_path, served, monkeypatch):
    """The working folder, in which nothing is trained."""
    published_files.use(monkeypatch, tmp_path / 'Model_zoo', served)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photo(clone):
    pixels = np.random.RandomState(0).randint(0, 256, (75, 110, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(str(clone / 'photo.png'))
    return pixels


def test_photo_is_segmented_in_ade20k_classes(clone, photo):
    assert run_script(FCN_infer, GIVEN, 'photo.png') == 0
    assert sorted(os.listdir('output')) == ['photo.png', 'photo_legend.png', 'photo_overlay.jpg']
    with Image.open('output/photo.png') as ids:
        palette = np.reshape(ids.getpalette(), [-1, 3])
        ids = np.array(ids)
    assert ids.shape == (75, 110) and ids.min() >= 1 and ids.max() <= 150
    for c in read_classes(published.CLASSES):
        assert tuple(palette[c.index]) == c.colour


def test_output_k_is_id_k_plus_1(served, monkeypatch, clone, photo):
    halves = published_files.random_halves()
    halves['decoder']['conv_last.bias'][41] = 1e4
    published_files.write_halves(clone / 'biased', halves)
    published_files.use(monkeypatch, clone / 'biased', None)
    with Segmenter(checkpoint=NAME) as segmenter:
        assert (segmenter.predict(photo) == 42).all()
        assert segmenter.net.classes[42].name == 'box'


def test_large_photo_is_scaled_down_to_the_longer_side_of_the_training(monkeypatch, photo):
    monkeypatch.setattr(published, 'MAX_SIDE', 64)
    sizes = []
    with Segmenter(checkpoint=NAME) as segmenter:
        run = segmenter._run
        monkeypatch.setattr(segmenter, '_run', lambda fetch, images: sizes.append(images.shape) or run(fetch, images))
        assert segmenter.predict(photo).shape == (75, 110)
    assert sizes == [(1, 64, 64, 3)]


def test_segmenter_takes_the_name(photo):
    with Segmenter(checkpoint=NAME) as segmenter:
        assert (segmenter.net.net, segmenter.net.num_classes) == (ROW, 151)
        assert segmenter.predict(photo, argmax=False).shape == (75, 110, 151)


def test_test_takes_the_name(clone):
    data = write_data_set(clone / 'data')
    shutil.copyfile(published.CLASSES, str(clone / 'data' / 'classes.csv'))
    assert run_script(FCN_test, GIVEN, f'--data_dir={data}') == 0
    with open(str(clone / 'Model_zoo' / NAME / 'test' / 'scores.json')) as file:
        assert json.load(file)


def test_export_takes_the_name(clone):
    assert run_script(FCN_export, GIVEN, '--export_dir=export/ade') == 0
    with open('export/ade/export.json') as file:
        assert json.load(file)['classes'][150]['name'] == 'flag'


def test_training_starts_from_the_name_with_its_net_and_your_classes(clone, capsys):
    data = write_data_set(clone / 'data')
    assert run_script(FCN_train, f'--init_from={NAME}', f'--data_dir={data}', f'--width={THIN}', '--max_steps=1',
                      '--logs_dir=logs/new') == 0
    printed = capsys.readouterr().out
    assert 'loaded     inference/encoder/layer4/1/bn2_scale' in printed
    assert 'skipped    inference/decoder/conv_last_w: shape [1, 1, 8, 150], the net needs [1, 1, 8, 2]' in printed
    config = read_config('logs/new')
    assert (config['net'], config['num_classes']) == (ROW, 3)


def test_name_as_pretrained_is_pointed_to_init_from(clone):
    with pytest.raises(UserError, match=f'Give --init_from={NAME} instead'):
        run_script(FCN_train, f'--pretrained={NAME}')
    assert not os.path.exists(str(clone / 'Model_zoo'))


@pytest.mark.parametrize('arguments, command', [
    ([], f'python FCN_infer.py {GIVEN} photo.jpg'),
    (['my photo.png', '--softmax'], f"python FCN_infer.py {GIVEN} 'my photo.png' --softmax")])
def test_with_nothing_trained_one_command_is_said(arguments, command):
    with pytest.raises(UserError) as error:
        run_script(FCN_infer, *arguments)
    assert str(error.value).splitlines()[1:] == ['    ' + command.replace(NAME, published.SUGGESTED)]


def test_photos_in_infer_are_not_named_in_that_command(clone):
    os.makedirs(str(clone / 'infer'))
    (clone / 'infer' / 'a.jpg').write_bytes(b'')
    with pytest.raises(UserError, match=f'--checkpoint={published.SUGGESTED}$'):
        run_script(FCN_infer)


@pytest.mark.parametrize('script', [FCN_test, FCN_export])
def test_other_scripts_name_a_published_net_too(script):
    with pytest.raises(UserError, match=f'--checkpoint={published.SUGGESTED}'):
        run_script(script)
