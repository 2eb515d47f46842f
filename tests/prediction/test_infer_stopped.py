"""Inference that is stopped or killed: its results are whole, and the next run does the rest."""
import os
import random
import signal
import time

import numpy as np
import pytest

if not hasattr(os, 'fork'):
    pytest.skip('Windows lacks these signals', allow_module_level=True)

from image_files import save
from PIL import Image
from processes import Script
from scripts import run_script, write_data_set
from tiny_net import TRAIN

import FCN_train

PHOTOS = 30


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A folder with logs and photos/0.png, photos/1.png, ..."""
    folder = tmp_path_factory.mktemp('stopped')
    data_dir = write_data_set(folder / 'data', size=(32, 32))
    run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={folder / "logs"}', '--max_steps=1', *TRAIN)
    noise = np.random.RandomState(0).randint(0, 256, (300, 400, 3)).astype(np.uint8)
    (folder / 'photos').mkdir()
    for number in range(PHOTOS):
        save(str(folder / 'photos' / f'{number}.png'), noise)
    return folder


def infer(folder, output):
    return Script(output.parent, 'infer', f'--logs_dir={folder / "logs"}', f'--output_dir={output}', '--skip_done',
                  str(folder / 'photos'))


def results(output):
    """Names of the results, each decoded to its last byte."""
    names = [name for name in os.listdir(str(output)) if not name.startswith('.')] if output.exists() else []
    for name in names:
        with Image.open(str(output / name)) as image:
            image.load()
    return names


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_exits_with_its_code_and_leaves_only_whole_results(folder, tmp_path, number):
    script = infer(folder, tmp_path / 'output')
    script.wait_until(lambda: len(results(tmp_path / 'output')) > 3)
    script.send(number)
    assert script.wait() == 128 + number
    assert len(results(tmp_path / 'output')) == len(os.listdir(str(tmp_path / 'output'))) < 3 * PHOTOS


def test_killed_inference_leaves_whole_results_and_the_next_run_does_the_rest(folder, tmp_path):
    draw, output = random.Random(0), tmp_path / 'output'
    for kill in range(3):
        script = infer(folder, output)
        script.wait_until(lambda least=5 * kill: len(results(output)) > least)
        time.sleep(draw.uniform(0, 0.05))
        script.send(signal.SIGKILL)
        assert script.wait() == -signal.SIGKILL
    assert 0 < len(results(output)) < 3 * PHOTOS
    assert infer(folder, output).wait() == 0
    assert len(results(output)) == 3 * PHOTOS
