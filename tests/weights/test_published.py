"""fcn8s.weights.published: nets trained by others, fetched once or put there by hand."""
import os

import numpy as np
import published_files
import pytest
import torch_files
from published_files import NAME, ROW

from fcn8s.config import config_of
from fcn8s.nets.layers import Build
from fcn8s.utils.download import DownloadError
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights import published
from fcn8s.weights.published import PUBLISHED, SUGGESTED, fetch_published, file_names, urls
from fcn8s.weights.restore import find_weights
from FCN_model import NETS, build_scores

ENCODER, DECODER = 'encoder_epoch_20.pth', 'decoder_epoch_20.pth'
QUICK = {'tries': 2, 'wait': 0.001, 'timeout': 5}


@pytest.fixture
def zoo(tmp_path):
    return tmp_path / 'Model_zoo'


@pytest.fixture
def halves(monkeypatch):
    monkeypatch.setattr(published, 'WIDTH', 1 / 16)
    return published_files.random_halves()


@pytest.fixture
def server(tmp_path, zoo, halves, monkeypatch):
    """Paths asked of a server that has both files."""
    published_files.write_halves(tmp_path / 'served', halves)
    return published_files.use(monkeypatch, zoo, tmp_path / 'served')


def files(zoo):
    return sorted(os.listdir(str(zoo / NAME)))


def test_addresses_are_those_of_the_publisher():
    assert urls('baseline-resnet34_dilated8-psp_bilinear') == [
        'http://sceneparsing.csail.mit.edu/model/pytorch/baseline-resnet34_dilated8-psp_bilinear/' + file
        for file in ('encoder_best.pth', 'decoder_best.pth')]


def test_net_that_is_suggested_exists():
    assert SUGGESTED in PUBLISHED


@pytest.mark.parametrize('name', ['ade20k-resnet18dilated-c1_deepsup', 'ade20k-resnet50dilated-ppm_deepsup',
                                  'baseline-resnet34_dilated8-psp_bilinear', 'ade20k-resnet50-upernet'])
def test_megabytes_are_four_for_each_million_numbers(name):
    row = PUBLISHED[name].row
    with tf.Graph().as_default():
        _, end_points = build_scores(row, tf.placeholder(tf.uint8, [1, 64, 96, 3]), 151)
        if NETS[row].deepsup:
            with tf.variable_scope('inference', reuse=tf.AUTO_REUSE):
                NETS[row].deepsup(end_points, 151, Build(1., False))
        count = sum(variable.shape.num_elements() for variable in tf.global_variables())
    assert PUBLISHED[name].megabytes == round(4 * count / 1e6)


def test_both_files_are_fetched_once(server, zoo):
    assert find_weights(NAME, 'logs') == str(zoo / NAME / ENCODER)
    assert files(zoo) == [DECODER, ENCODER]
    find_weights(NAME, 'logs')
    assert server == [f'/{NAME}/{ENCODER}', f'/{NAME}/{DECODER}']


def test_files_put_there_by_hand_need_no_network(zoo, halves, monkeypatch):
    published_files.use(monkeypatch, zoo, None)
    published_files.write_halves(zoo, halves)
    assert fetch_published(NAME) == str(zoo / NAME / ENCODER)


@pytest.mark.parametrize('there', [ENCODER, DECODER])
def test_of_a_net_with_one_file_the_other_is_fetched(server, zoo, halves, there):
    published_files.write_halves(zoo, halves)
    missing = {ENCODER: DECODER, DECODER: ENCODER}[there]
    os.remove(str(zoo / NAME / missing))
    fetch_published(NAME)
    assert server == [f'/{NAME}/{missing}']


def test_without_network_both_addresses_and_the_folder_are_named(zoo, monkeypatch):
    published_files.use(monkeypatch, zoo, None)
    with pytest.raises(DownloadError) as error:
        fetch_published(NAME, **QUICK)
    for part in urls(NAME) + [f'put them into {zoo / NAME},', 'refused']:
        assert part in str(error.value)
    assert files(zoo) == []


@pytest.mark.parametrize('change, words', [
    ({'cbr.0.weight': None}, 'not the decoder of .*: cbr.0.weight is not in it'),
    ({'conv_last.bias': np.ones(21, np.float32)}, r'conv_last.bias has shape \[21\], expected \[150\]'),
    ({'cbr.1.weight': np.full(8, np.nan, np.float32)}, 'cbr.1.weight holds values that are NaN')])
def test_download_of_another_structure_is_not_kept(server, zoo, tmp_path, halves, change, words):
    changed = {name: array for name, array in dict(halves['decoder'], **change).items() if array is not None}
    published_files.write_halves(tmp_path / 'served', dict(halves, decoder=changed))
    with pytest.raises(DownloadError, match=words):
        fetch_published(NAME)
    assert files(zoo) == [ENCODER]


def test_page_in_place_of_a_file_is_not_kept(server, zoo, tmp_path):
    (tmp_path / 'served' / NAME / ENCODER).write_bytes(b'<html>moved</html>')
    with pytest.raises(DownloadError, match='cannot be read'):
        fetch_published(NAME)
    assert files(zoo) == []


def test_name_alone_gives_net_classes_and_size(server):
    config = config_of(find_weights(NAME, 'logs'))
    assert (config['net'], config['num_classes'], config['flags']) == (ROW, 151, {'max_side': 800})
    assert [config['classes'][index]['name'] for index in (0, 1, 150)] == ['others', 'wall', 'flag']


def test_config_of_another_folder_with_such_files_is_not_guessed(tmp_path):
    assert config_of(str(tmp_path / ENCODER)) is None


@pytest.mark.parametrize('write', torch_files.WRITERS.values())
def test_files_that_are_there_and_wrong_are_to_be_moved_away(zoo, halves, monkeypatch, write):
    from fcn8s.prediction.segmenter import Segmenter
    published_files.use(monkeypatch, zoo, None)
    del halves['decoder']['cbr.0.weight']
    published_files.write_halves(zoo, halves, write=write)
    with pytest.raises(UserError, match='cbr/conv_w is not in it. Move it and the decoder away and run again'):
        Segmenter(checkpoint=NAME)


def test_names_of_files_say_what_they_hold():
    assert {half for name in PUBLISHED for half in (file.split('_')[0] for file in file_names(name))} == {
        'encoder', 'decoder'}
