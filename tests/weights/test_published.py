"""Published nets by name: fetched once, checked, and used like a run's."""
import functools
import http.server
import json
import os
import threading

import numpy as np
import pytest
import torch_files
from PIL import Image
from scripts import run_script

import FCN_infer
from fcn8s.config import NetOverrides
from fcn8s.nets.published import NUM_CLASSES, PUBLISHED, SMALL
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights import published
from fcn8s.weights.names import torch_names
from fcn8s.weights.published import addresses, fetch_published
from FCN_model import NETS, build
from TensorflowUtils import create_session

WIDTH = 1 / 16
PHOTO = np.random.RandomState(0).randint(0, 256, (64, 96, 3)).astype(np.uint8)


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """(folder with the files of a thin net of random weights as its site has them, its ids of PHOTO)."""
    folder = tmp_path_factory.mktemp('site') / SMALL
    folder.mkdir()
    with tf.Graph().as_default() as graph, create_session(graph) as session:
        tf.set_random_seed(1)
        images = tf.placeholder(tf.uint8, [None, None, None, 3])
        logits, _ = build(PUBLISHED[SMALL].net, images, NUM_CLASSES, WIDTH)
        session.run(tf.global_variables_initializer())
        arrays = dict(zip([v.op.name for v in tf.global_variables()], session.run(tf.global_variables())))
        ids = session.run(logits, {images: PHOTO[np.newaxis]})[0].argmax(2)
    for half in ('encoder', 'decoder'):
        theirs = {their: arrays[name].transpose(3, 2, 0, 1) if arrays[name].ndim == 4 else arrays[name]
                  for name, their in torch_names(arrays).items() if name.startswith(f'inference/{half}/')}
        torch_files.write_stream(str(folder / f'{half}_epoch_20.pth'), torch_files.state_dict(theirs))
    return folder, ids


class Handler(http.server.SimpleHTTPRequestHandler):
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def served(site, tmp_path, monkeypatch):
    """A server with these files in place of the real one, and an empty Model_zoo/; yields what was asked for."""
    handler = type('Asked', (Handler,), {'asked': []})
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0),
                                             functools.partial(handler, directory=str(site[0].parent)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(published, 'SITE', f'http://127.0.0.1:{server.server_address[1]}/')
    monkeypatch.setattr(published, 'MODEL_DIR', str(tmp_path / 'Model_zoo'))
    yield handler.asked
    server.shutdown()
    server.server_close()


def test_name_alone_gives_the_net_and_its_150_classes(served, site):
    with Segmenter(checkpoint=SMALL, overrides=NetOverrides(width=WIDTH), precision='float32') as segmenter:
        assert (segmenter.predict(PHOTO) == site[1]).mean() > 0.999  # near ties may break differently
        assert segmenter.net.classes[13].name.startswith('person;') and len(segmenter.net.classes) == 151


def test_files_are_fetched_once(served):
    fetch_published(SMALL)
    fetch_published(SMALL)
    assert served == [f'/{SMALL}/encoder_epoch_20.pth', f'/{SMALL}/decoder_epoch_20.pth']


def test_files_put_there_by_hand_are_found(served, site, tmp_path):
    folder = tmp_path / 'Model_zoo' / SMALL
    folder.mkdir(parents=True)
    name = 'encoder_epoch_20.pth'
    (folder / name).write_bytes((site[0] / name).read_bytes())
    assert fetch_published(SMALL) == str(folder / name)
    assert served == [f'/{SMALL}/decoder_epoch_20.pth']


def test_without_internet_both_addresses_and_the_folder_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(published, 'SITE', 'http://127.0.0.1:9/')
    monkeypatch.setattr(published, 'MODEL_DIR', str(tmp_path))
    monkeypatch.setattr(published, 'fetch', functools.partial(published.fetch, tries=1))
    with pytest.raises(UserError) as error:
        fetch_published(SMALL)
    assert all(address in str(error.value) for address in addresses(SMALL))
    assert f'into {tmp_path}/{SMALL} and run the same command again' in str(error.value)


@pytest.mark.parametrize('content, why', [
    (b'<html>Log in to this network</html>', 'brought something else than the weights'),
    (None, 'lacks conv1.weight')])
def test_another_file_is_refused_and_removed(served, site, tmp_path, content, why, monkeypatch):
    fetch = published.fetch

    def other_file(url, path, manual):
        fetch(url, path, manual=manual)
        other = content or (site[0] / 'decoder_epoch_20.pth').read_bytes()
        with open(path, 'wb') as file:
            file.write(other)
    monkeypatch.setattr(published, 'fetch', other_file)
    with pytest.raises(UserError, match=why):
        fetch_published(SMALL)
    assert os.listdir(str(tmp_path / 'Model_zoo' / SMALL)) == []


def test_inference_without_a_net_names_one_command(tmp_path):
    (tmp_path / 'logs').mkdir()
    Image.fromarray(PHOTO).save(str(tmp_path / 'street.png'))
    with pytest.raises(UserError, match=f'python FCN_infer.py --checkpoint={SMALL}'):
        run_script(FCN_infer, f'--logs_dir={tmp_path / "logs"}', f'--output_dir={tmp_path / "out"}',
                   str(tmp_path / 'street.png'))


def test_every_published_net_has_its_row():
    assert [net.net for net in PUBLISHED.values() if net.net not in NETS] == []


def test_a_config_describes_the_net_to_every_script(served, tmp_path):
    fetch_published(SMALL)
    with open(str(tmp_path / 'Model_zoo' / SMALL / 'config.json')) as file:
        config = json.load(file)
    assert (config['net'], config['num_classes'], config['width']) == ('resnet18dilated_ppm_deepsup', 151, 1)
