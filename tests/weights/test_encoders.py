"""fcn8s.weights.encoders: which published encoder a net starts from, found in Model_zoo or fetched from a server."""
import hashlib
import os

import numpy as np
import pytest
import torch_files
from bad_server import Server, running
from random_weights import CLASSES, THIN, random_encoder

from fcn8s.utils.download import DownloadError
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights import encoders
from fcn8s.weights.encoders import ENCODERS, Encoder, Source, download_encoder, encoder_name, find_encoder
from fcn8s.weights.initial import load_initial_weights
from FCN_model import NETS, NetConfig, build
from TensorflowUtils import create_session


@pytest.mark.parametrize('net, file', [
    ('fcn8s', 'imagenet-vgg-verydeep-16.mat'),
    ('fcn8s_vgg19', 'imagenet-vgg-verydeep-19.mat'),
    ('vgg16_dilated8_psp', 'vgg16-397923af.pth'),
    ('vgg19_dilated8_c1', 'vgg19-dcbb9e9d.pth'),
    ('resnet34_dilated16_c1', 'resnet34-places365.pth'),
    ('resnet50_dilated8_psp', 'resnet50-places365.pth'),
    ('resnet18dilated_ppm_deepsup', 'resnet18-imagenet.pth'),
    ('resnet50dilated_ppm_deepsup', 'resnet50-imagenet.pth'),
    ('resnet101dilated_ppm_deepsup', 'resnet101-imagenet.pth'),
    ('resnet50_upernet', 'resnet50-imagenet.pth'),
    ('mobilenetv2dilated_c1_deepsup', 'mobilenet_v2.pth.tar')])
def test_each_net_has_its_encoder(net, file):
    assert encoders.file_names(encoder_name(net))[0] == file


@pytest.mark.parametrize('net', list(NETS))
def test_every_row_has_an_encoder(net):
    assert encoder_name(net) or NETS[net].source == 'the tests'


def test_published_digests():
    assert [source.digest for source in ENCODERS['vgg16'].sources] == [
        'f72d927587ca4c97fbd165ec9cb9997f', '64373286793e3c8b2b4e3219cbf3544b']
    assert [source.digest for source in ENCODERS['vgg19'].sources] == [
        '106118b7cf60435e6d8e04f6a6dc3657', 'cbe5617147190e668d6c5d5026f83318']
    for name in ('vgg16_dilated8', 'vgg19_dilated8'):
        source = ENCODERS[name].sources[0]
        assert source.url.endswith(f'-{source.digest}.pth')


def test_known_files_are_found_in_the_order_of_preference(tmp_path):
    (tmp_path / 'vgg16').mkdir()
    (tmp_path / 'vgg19.npy').write_bytes(b'')
    assert find_encoder('vgg16', str(tmp_path)) is None  # the folder holds no SavedModel, the file is a VGG-19
    (tmp_path / 'vgg16' / 'saved_model.pb').write_bytes(b'')
    assert find_encoder('vgg16', str(tmp_path)) == str(tmp_path / 'vgg16')
    for name in ['vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5', 'vgg16_weights_tf_dim_ordering_tf_kernels.h5',
                 'vgg16_weights.npz', 'vgg16.npy', 'imagenet-vgg-verydeep-16.mat']:
        (tmp_path / name).write_bytes(b'')
        assert find_encoder('vgg16', str(tmp_path)) == str(tmp_path / name)
    assert find_encoder('vgg19', str(tmp_path)) == str(tmp_path / 'vgg19.npy')
    (tmp_path / 'vgg16-397923af.pth').write_bytes(b'')
    assert find_encoder('vgg16_dilated8', str(tmp_path)) == str(tmp_path / 'vgg16-397923af.pth')


FIRST, SECOND = b'the first file', b'the second file'


def md5(data):
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def servers(monkeypatch):
    """Two servers, and an encoder 'both' with the file first.mat on one, second.h5 on the other."""
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with running(Server(FIRST)) as first, running(Server(SECOND)) as second:
        sources = (Source(first.url.replace('file.bin', 'first.mat'), md5(FIRST)),
                   Source(second.url.replace('file.bin', 'second.h5'), md5(SECOND)))
        monkeypatch.setitem(ENCODERS, 'both', Encoder(sources, 1, ('by_hand.npy',)))
        yield first, second


def get(folder):
    return download_encoder('both', str(folder), None, tries=2, wait=0.001, timeout=5)


def test_first_source_that_answers_is_the_only_one_asked(servers, tmp_path):
    assert get(tmp_path) == str(tmp_path / 'first.mat')
    assert (tmp_path / 'first.mat').read_bytes() == FIRST
    assert servers[1].asked == []


@pytest.mark.parametrize('habit', [{'statuses': [404]}, {'data': b'another file'}, {'statuses': [503, 503]}])
def test_second_source_follows_a_failure_or_a_wrong_digest(servers, tmp_path, capsys, habit):
    for name, value in habit.items():
        setattr(servers[0], name, value)
    assert get(tmp_path) == str(tmp_path / 'second.h5')
    assert os.listdir(str(tmp_path)) == ['second.h5']
    assert 'failed: ' + ENCODERS['both'].sources[0].url in capsys.readouterr().out


def test_without_internet_all_addresses_and_the_way_by_hand_are_said(servers, tmp_path):
    for server in servers:
        server.statuses = [404]
    with pytest.raises(DownloadError) as error:
        get(tmp_path / 'Model_zoo')
    for source in ENCODERS['both'].sources:
        assert source.url in str(error.value)
    assert f'by hand into {tmp_path / "Model_zoo"} as first.mat or second.h5' in str(error.value)


@pytest.mark.parametrize('name, data', [('first.mat', FIRST), ('second.h5', SECOND), ('by_hand.npy', b'any')])
def test_file_put_there_by_hand_is_taken_without_a_request(servers, tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert get(tmp_path) == str(tmp_path / name)
    assert servers[0].asked == servers[1].asked == []


@pytest.mark.parametrize('name', ['first.mat', 'second.h5'])
def test_wrong_file_put_there_by_hand_is_named_and_kept(servers, tmp_path, name):
    (tmp_path / name).write_bytes(b'<html>')
    with pytest.raises(DownloadError, match=name + ' is not the expected file: its digest is ' + md5(b'<html>')):
        get(tmp_path)
    assert (tmp_path / name).read_bytes() == b'<html>'


NET = 'resnet34_dilated8_c1'


def start(pretrained, model_dir=''):
    """{name: array} of a thin net that has loaded its initial weights."""
    with tf.Graph().as_default(), create_session() as session:
        build(NET, tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        session.run(tf.global_variables_initializer())
        net = NetConfig(NET, CLASSES, 1., ())
        load_initial_weights(session, net, tf.global_variables(), '', pretrained, str(model_dir))
        return {variable.op.name: session.run(variable) for variable in tf.global_variables()}


@pytest.fixture(scope='module')
def state():
    """The published file of NET's encoder, thin: {name: array}, with ImageNet's classifier."""
    return dict(random_encoder(NET), **{'fc.weight': np.ones((5, 32)), 'fc.bias': np.ones(5)})


def assert_loaded(found, state):
    assert (found['inference/encoder/conv3_w'] == state['conv3.weight'].transpose(2, 3, 1, 0)).all()
    assert (found['inference/encoder/layer4/2/bn2_mean'] == state['layer4.2.bn2.running_mean']).all()


def test_encoder_is_downloaded_checked_and_loaded(tmp_path, monkeypatch, state):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    path = torch_files.write_stream(str(tmp_path / 'served.pth'), torch_files.state_dict(state))
    with open(path, 'rb') as file, running(Server(file.read())) as server:
        source = Source(server.url.replace('file.bin', 'resnet34-places365.pth'), None)
        monkeypatch.setitem(ENCODERS, 'resnet34_dilated', Encoder((source,), 1))
        assert_loaded(start('download', tmp_path / 'zoo'), state)
    assert os.listdir(str(tmp_path / 'zoo')) == ['resnet34-places365.pth']
    assert_loaded(start('auto', tmp_path / 'zoo'), state)


def test_download_of_another_file_is_not_kept(tmp_path, monkeypatch, state):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with running(Server(b'<html>moved</html>')) as server:
        url = server.url.replace('file.bin', 'resnet34-places365.pth')
        monkeypatch.setitem(ENCODERS, 'resnet34_dilated', Encoder((Source(url, None),), 1))
        with pytest.raises(DownloadError, match=f'{url}: .*cannot be read.* by hand'):
            start('download', tmp_path)
    assert os.listdir(str(tmp_path)) == []


def test_encoder_is_loaded_from_a_file(tmp_path, state):
    assert_loaded(start(torch_files.write_zip(str(tmp_path / 'mine.pth.tar'), torch_files.state_dict(state))), state)


@pytest.mark.parametrize('change, words', [
    ({'layer2.0.conv1.weight': None}, 'encoder/layer2/0/conv1_w is not in it'),
    ({'bn2.bias': np.ones(5)}, r'encoder/bn2_bias has shape \[5\], the net needs \[4\]'),
    ({'layer4.3.bn1.bias': np.ones(32)}, 'the net has no layer4.3.bn1.bias'),
    ({'conv1.weight': np.ones((4, 3, 7, 7))}, 'begins with one 7x7 convolution'),
    ({'bn1.bias': np.full(4, np.nan)}, 'bn1.bias holds values that are NaN')])
def test_file_of_another_structure_is_refused(tmp_path, state, change, words):
    arrays = {name: array for name, array in dict(state, **change).items() if array is not None}
    path = torch_files.write_zip(str(tmp_path / 'resnet34.pth'), torch_files.state_dict(arrays))
    with pytest.raises(UserError, match='resnet34.pth.*' + words):
        start(path)


def test_torchvision_vgg_keeps_its_weights_in_a_net_of_the_same_pixels(tmp_path):
    import vgg_files
    blobs = vgg_files.caffe_blobs(16)
    vgg_files.write_torchvision(str(tmp_path / 'vgg16-397923af.pth'), blobs)
    with tf.Graph().as_default(), create_session() as session:
        build('vgg16_dilated8_c1', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        session.run(tf.global_variables_initializer())
        net = NetConfig('vgg16_dilated8_c1', CLASSES, 1., ())
        load_initial_weights(session, net, tf.global_variables(), '', 'auto', str(tmp_path))
        found = {v.op.name[len('inference/encoder/'):]: session.run(v) for v in tf.global_variables()}
    expected = vgg_files.convolutions(blobs)
    for variable, layer in (('conv1_1', 'conv1_1'), ('conv5_3', 'conv5_3'), ('conv6', 'fc6'), ('conv7', 'fc7')):
        np.testing.assert_array_equal(found[variable + '_w'], expected[layer][0])
        np.testing.assert_array_equal(found[variable + '_b'], expected[layer][1])


def test_torchvision_vgg_given_as_init_from_is_pointed_to_pretrained(tmp_path):
    import vgg_files
    path = vgg_files.write_torchvision(str(tmp_path / 'vgg.pth'), vgg_files.caffe_blobs(16))
    with pytest.raises(UserError, match='Give it with --pretrained='), tf.Graph().as_default():
        build('vgg16_dilated8_c1', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        load_initial_weights(None, NetConfig('vgg16_dilated8_c1', CLASSES, 1., ()), tf.global_variables(), path, '', '')


def test_torchvision_vgg_takes_other_pixels_in_an_fcn(tmp_path):
    """Its conv1_1 takes (RGB / 255 - mean) / std; the fcn nets give RGB 0..255 minus the mean."""
    import vgg_files
    blobs = vgg_files.caffe_blobs(16)
    path = vgg_files.write_torchvision(str(tmp_path / 'vgg.pth'), blobs)
    with tf.Graph().as_default(), create_session() as session:
        build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        session.run(tf.global_variables_initializer())
        load_initial_weights(session, NetConfig('fcn8s', CLASSES, 1., ()), tf.global_variables(), '', path, '')
        found, = [session.run(v) for v in tf.global_variables() if v.op.name == 'inference/conv1_1_w']
    expected = vgg_files.convolutions(blobs)['conv1_1'][0] / np.reshape([58.395, 57.12, 57.375], [3, 1])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
