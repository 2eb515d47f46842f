"""Inference and testing with a bad photo, too little memory or a full disk: the rest is done, failures are named."""
import os
import re
import sys

import numpy as np
import pytest
from bad_pairs import BAD
from image_files import save, save_png
from PIL import Image
from scripts import run_script, write_data_set
from tiny_net import TRAIN

import FCN_infer
import FCN_train
from fcn8s.data.records import Record
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf

GREY = np.full((40, 50, 3), 90, np.uint8)


@pytest.fixture(scope='module')
def logs_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp('trained')
    data_dir = write_data_set(folder / 'data', size=(32, 32))
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={folder / "logs"}', '--max_steps=1', *TRAIN)
    return str(folder / 'logs')


@pytest.fixture
def photos(tmp_path):
    """A folder with the photos a.png, b.png and c.png."""
    (tmp_path / 'photos').mkdir()
    for name in 'abc':
        save(str(tmp_path / 'photos' / (name + '.png')), GREY)
    return tmp_path / 'photos'


def infer(logs_dir, tmp_path, *arguments):
    return run_script(FCN_infer, f'--logs_dir={logs_dir}', f'--output_dir={tmp_path / "output"}', *arguments)


def done(tmp_path):
    """Stems of the photos with results."""
    return {name[:-len('_legend.png')] for name in os.listdir(str(tmp_path / 'output')) if name.endswith('_legend.png')}


def start_infer(logs_dir, tmp_path, output_dir, *arguments, **options):
    if not hasattr(os, 'fork'):
        pytest.skip('starts a process as Unix does')
    from processes import Script
    return Script(tmp_path, 'infer', f'--logs_dir={logs_dir}', f'--output_dir={output_dir}', *arguments, **options)


def test_odd_names_and_sizes_are_done(logs_dir, tmp_path):
    (tmp_path / 'photos').mkdir()
    sizes = {'a b': (1, 1), 'Straße 北京': (20000, 1), 'line\nbreak': (1, 20000), 'UPPER': (40, 50)}
    for name, size in sizes.items():
        save(str(tmp_path / 'photos' / (name + '.PNG')), np.full(size + (3,), 90, np.uint8))
    assert infer(logs_dir, tmp_path, str(tmp_path / 'photos')) == 0
    for name, size in sizes.items():
        assert Image.open(str(tmp_path / 'output' / (name + '.png'))).size == size[::-1]
        assert Image.open(str(tmp_path / 'output' / (name + '_overlay.jpg'))).size == size[::-1]


PHOTO_KINDS = ('truncated JPEG', 'empty photo', 'text', 'dangling link', 'pipe', 'bomb')


def test_every_kind_of_bad_photo_is_named_and_the_rest_done(logs_dir, photos, tmp_path, capsys):
    for kind in PHOTO_KINDS:
        record = Record(str(photos / (kind + '.png')), None)
        save(record.image, GREY)
        BAD[kind][0](record)
    assert infer(logs_dir, tmp_path, str(photos)) == 1
    assert done(tmp_path) == {'a', 'b', 'c'}
    failures = [line for line in capsys.readouterr().out.splitlines() if line.startswith('failed: ')]
    assert len(failures) == len(PHOTO_KINDS)
    for kind in PHOTO_KINDS:
        words = BAD[kind][1].replace('0.png', kind + '.png')
        assert any(re.search(words, line) for line in failures), kind


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems have no such file')
def test_photo_that_even_root_cannot_read_is_named_and_the_rest_done(logs_dir, photos, tmp_path, capsys):
    os.remove(str(photos / 'b.png'))
    os.symlink('/proc/self/mem', str(photos / 'b.png'))
    assert infer(logs_dir, tmp_path, str(photos)) == 1
    assert done(tmp_path) == {'a', 'c'}
    assert 'b.png: the image cannot be read: Input/output error' in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems have no names that are not Unicode')
def test_name_that_cannot_be_printed_is_done(logs_dir, photos, tmp_path):
    os.rename(str(photos / 'a.png'), os.path.join(os.fsencode(str(photos)), b'\xff\xfe.png'))
    script = start_infer(logs_dir, tmp_path, tmp_path / 'output', str(photos))
    assert script.wait() == 0 and r'\udcff\udcfe.png: ' in script.shown


def test_photo_that_vanishes_after_it_was_listed_is_named_and_the_rest_done(logs_dir, photos, tmp_path, monkeypatch,
                                                                           capsys):
    def open_late(*arguments, **options):
        os.remove(str(photos / 'b.png'))
        return Segmenter(logs_dir)
    monkeypatch.setattr(FCN_infer, 'open_net', open_late)
    assert infer(logs_dir, tmp_path, str(photos)) == 1
    assert done(tmp_path) == {'a', 'c'}
    assert f'failed: {photos / "b.png"}: the image cannot be read: No such file' in capsys.readouterr().out


def test_result_that_cannot_be_written_is_named_and_the_rest_done(logs_dir, photos, tmp_path, capsys):
    (tmp_path / 'output' / 'b.png').mkdir(parents=True)
    assert infer(logs_dir, tmp_path, str(photos)) == 1
    assert done(tmp_path) == {'a', 'b', 'c'}  # of b its other pictures
    assert 'b.png cannot be written: it is a folder' in capsys.readouterr().out.split('failed: ')[1]


def test_result_too_wide_for_a_jpeg_fails_alone(logs_dir, tmp_path, capsys):
    save(str(tmp_path / 'wide.png'), np.full((2, 65501, 3), 90, np.uint8))
    assert infer(logs_dir, tmp_path, '--max_side=256', str(tmp_path / 'wide.png')) == 1
    assert sorted(os.listdir(str(tmp_path / 'output'))) == ['wide.png', 'wide_legend.png']
    assert 'wide_overlay.jpg: the picture has 65501 x 2 pixels, but a JPEG at most 65500' in capsys.readouterr().out


def leave_little_memory():
    """Limits the memory to 600 MB beyond its use once the net is loaded."""
    import resource
    describe = Segmenter.describe

    def then_limit(segmenter):
        segmenter.predict(GREY)  # allocates what only the first prediction needs
        with open('/proc/self/statm') as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (600 << 20), used + (600 << 20)))
        return describe(segmenter)
    Segmenter.describe = then_limit


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems do not hold the limit')
@pytest.mark.parametrize('side, words', [(14000, 'not enough memory to decode'), (5000, 'memory')])
def test_photo_too_large_for_the_memory_is_named_and_the_rest_done(logs_dir, photos, tmp_path, side, words):
    if side == 5000 and tf.version.VERSION.startswith('1.'):
        pytest.skip('TensorFlow 1.15 ends the process where a kernel of it gets no memory on the CPU')
    save_png(str(photos / 'b.png'), side, side, 1, 0, bytes(side * (1 + -(-side // 8))))
    script = start_infer(logs_dir, tmp_path, tmp_path / 'output', str(photos), before=leave_little_memory)
    assert script.wait() == 1
    assert done(tmp_path) == {'a', 'c'}
    assert re.search('failed: .*b.png: .*' + words, script.shown)


@pytest.mark.parametrize('error', [UserError('memory ran out'), MemoryError()])
def test_photo_of_a_batch_that_needs_too_much_memory_fails_alone(error, logs_dir, photos, tmp_path, monkeypatch,
                                                                        capsys):
    predict, batches = Segmenter.predict, []

    def little_memory(segmenter, photos):
        batches.append(len(photos))
        if any((photo == 200).any() for photo in photos):
            raise error
        return predict(segmenter, photos)

    save(str(photos / 'b.png'), np.full_like(GREY, 200))
    monkeypatch.setattr('fcn8s.prediction.segmenter.onednn_caches_kernels', lambda: True)
    monkeypatch.setattr(Segmenter, 'predict', little_memory)
    assert infer(logs_dir, tmp_path, str(photos)) == 1
    assert batches == [3, 1, 1, 1] and done(tmp_path) == {'a', 'c'}
    assert re.findall(r'failed: .*?(\w+\.png: memory ran out)', capsys.readouterr().out) == ['b.png: memory ran out']


def test_too_little_memory_for_probabilities_is_reported(logs_dir, photos, tmp_path, monkeypatch, capsys):
    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(Segmenter, 'predict_both', no_memory)
    assert infer(logs_dir, tmp_path, '--softmax', str(photos)) == 1
    assert capsys.readouterr().out.count('memory ran out. --softmax, --scales and --flip need') == 3


def test_full_disk_stops_inference_and_leaves_no_half_file(logs_dir, photos, tmp_path):
    from disks import fill, small_disk
    (photos / 'a.png').write_text('no photo')
    for name in 'bc':
        save(str(photos / (name + '.png')), np.random.RandomState(0).randint(0, 255, (400, 400, 3)).astype(np.uint8))
    with small_disk(tmp_path / 'disk', 1) as disk:
        filler = fill(disk)
        with open(filler, 'ab') as file:
            file.truncate(os.path.getsize(filler) - 40000)  # the ids find room, the overlay does not
        script = start_infer(logs_dir, tmp_path, disk, str(photos))
        assert script.wait() == 1
        assert re.search('[bc]_overlay.jpg cannot be written: No space left on device', script.shown)
        assert f'failed: {photos / "a.png"}: ' in script.shown
        written = set(os.listdir(disk)) - {'filler'}
        assert written and written <= {'b.png', 'c.png'}  # the photo beside, already in the net, may find room too
        for name in written:
            Image.open(os.path.join(disk, name)).load()


def test_full_disk_stops_testing_and_keeps_the_earlier_scores(logs_dir, tmp_path):
    import shutil

    from disks import fill, small_disk
    from processes import Script
    with small_disk(tmp_path / 'disk', 30) as disk:
        shutil.copytree(logs_dir, disk + '/logs')
        assert Script(tmp_path, 'test', f'--logs_dir={disk}/logs').wait() == 0
        with open(disk + '/logs/test/scores.json', 'rb') as file:
            before = file.read()
        fill(disk)
        script = Script(tmp_path, 'test', f'--logs_dir={disk}/logs', '--test_num=1')
        assert script.wait() == 1
        assert 'scores.json cannot be written: No space left on device' in script.shown
        assert 'pixel accuracy' in script.shown.lower()  # the scores are at least shown
        with open(disk + '/logs/test/scores.json', 'rb') as file:
            assert file.read() == before
        assert os.listdir(disk + '/logs/test') == ['scores.json']
