"""Checkpoints of the older systems restore as they are: for prediction, and as the start of a new run."""
import re

import numpy as np
import pytest
import torch_files
from random_weights import CLASSES, THIN, random_encoder, random_weights
from test_fcn_family import by_hand

from fcn8s.config import NetOverrides
from fcn8s.prediction.segmenter import Segmenter
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights import restore
from fcn8s.weights.initial import load_initial_weights
from fcn8s.weights.pth import find_pth
from fcn8s.weights.restore import find_weights
from FCN_model import NetConfig, build
from TensorflowUtils import create_session

IMAGE = np.random.RandomState(0).randint(0, 256, (1, 64, 96, 3)).astype(np.uint8)


def save_variables(prefix, arrays):
    """A checkpoint of these arrays as tf.train.Saver writes it, with Adam's slots and a step."""
    with tf.Graph().as_default(), create_session() as session:
        for name, array in arrays.items():
            for slot in ('', '/Adam', '/Adam_1'):
                tf.get_variable(name + slot, initializer=array)
        tf.train.get_or_create_global_step()
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, prefix)


def scoped(weights):
    """The same arrays as FCN.tensorflow names them."""
    return {'inference/' + name: array for name, array in weights.items()}


def published_names(weights):
    """The same arrays as tf.layers names them in FCN-tensorflow-ADE20k."""
    names = {'W6': 'conv6', 'W7': 'conv7', 'W8': 'conv8', 'W_t1': 'conv2d_transpose', 'W_t2': 'conv2d_transpose_1',
             'W_t3': 'conv2d_transpose_2'}
    found = {}
    for name, array in weights.items():
        conv = re.match(r'(conv\d_\d)_[wb]$', name)
        layer = conv.group(1) if conv else names['W' + name[1:]]
        found[layer + ('/bias' if array.ndim == 1 else '/kernel')] = array
    return found


def ids_of(checkpoint, net):
    given = NetOverrides(net, CLASSES, THIN, None)
    with Segmenter('none', checkpoint, given) as segmenter:
        return segmenter.predict(IMAGE[0])


def ids_by_hand(net, weights):
    weights = {name: array.astype(np.float64) for name, array in weights.items()}
    return by_hand(net, IMAGE.astype(np.float64), weights).argmax(axis=3)[0]


@pytest.mark.parametrize('net, names', [
    ('fcn8s_vgg19', scoped), ('fcn8s_ade20k', published_names)])
def test_checkpoints_of_the_older_systems_predict(tmp_path, net, names):
    weights = random_weights(net)
    prefix = save_variables(str(tmp_path / 'model.ckpt-7'), names(weights))
    ids, expected = ids_of(prefix, net), ids_by_hand(net, weights)
    assert len(np.unique(expected)) > 1
    assert np.mean(ids == expected) > 0.999  # float32 here, float64 there


def test_checkpoint_of_FCN_tensorflow_may_hold_its_unused_layer(tmp_path):
    weights = dict(random_weights('fcn8s_vgg19'), conv5_4_w=np.ones([3, 3, 32, 32], np.float32))
    prefix = save_variables(str(tmp_path / 'model.ckpt-7'), scoped(weights))
    assert ids_of(prefix, 'fcn8s_vgg19').shape == IMAGE.shape[1:3]


# all variables of each net fit by name and shape, because VGG19 has all layers of VGG16
@pytest.mark.parametrize('trained, names, net, words', [
    ('fcn8s_vgg19', scoped, 'fcn8s', 'inference/conv3_4_b, inference/conv3_4_w, inference/conv4_4_b are in it'),
    ('fcn8s_ade20k', published_names, 'fcn8s', 'are not in it'),
    ('fcn8s_ade20k', published_names, 'fcn8s_vgg19', 'are not in it'),
    ('fcn8s_at_once', scoped, 'fcn8s_paper', 'inference/upscore2_b, .* are in it, which this one does not have')])
def test_checkpoint_of_a_like_net_is_refused(tmp_path, trained, names, net, words):
    prefix = save_variables(str(tmp_path / 'model.ckpt-7'), names(random_weights(trained)))
    with pytest.raises(UserError, match='is of another net: .*' + words):
        ids_of(prefix, net)


def test_checkpoint_of_FCN_tensorflow_ADE20k_starts_a_run(tmp_path, capsys):
    weights = random_weights('fcn8s_ade20k')
    prefix = save_variables(str(tmp_path / 'model.ckpt-7'), published_names(weights))
    with tf.Graph().as_default(), create_session() as session:
        build('fcn8s_ade20k', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES + 2, THIN)
        session.run(tf.global_variables_initializer())
        load_initial_weights(session, NetConfig('fcn8s_ade20k', 2, 1., ()), tf.global_variables(), prefix, 'none', '')
        found = {v.op.name.split('/', 1)[1]: session.run(v) for v in tf.global_variables()}
    assert (found['W6'] == weights['W6']).all() and (found['W_t2'] == weights['W_t2']).all()
    # the other number of classes changes the shapes of score_fr, of upscore2's input and of upscore8's output
    skipped = re.findall(r'skipped +inference/(\w+)', capsys.readouterr().out)
    assert skipped == ['W8', 'b8', 'W_t1', 'W_t3', 'b_t3']


@pytest.fixture
def pth(tmp_path):
    """A pair of files of semantic-segmentation-pytorch, and the ids that torch predicts with them."""
    torch = pytest.importorskip('torch')
    import torch_nets
    encoder = torch_nets.randomized(torch_nets.ResNet(34, 8, base=4), 0)
    decoder = torch_nets.randomized(torch_nets.C1(32, CLASSES - 1), 1)
    for name, module in (('encoder', encoder), ('decoder', decoder)):
        torch.save(module.state_dict(), str(tmp_path / (name + '_epoch_20.pth')))
    pixels = (IMAGE / 255. - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        scores = decoder(encoder(torch_nets.nchw(pixels.astype(np.float32))), (64, 96))
    return tmp_path, torch_nets.nhwc(scores).argmax(axis=3)[0] + 1


@pytest.mark.parametrize('given', ['encoder_epoch_20.pth', 'decoder_epoch_20.pth', ''])
def test_pth_pair_predicts_what_torch_does(pth, given):
    folder, expected = pth
    ids = ids_of(str(folder / given), 'resnet34_dilated8_c1')
    assert len(np.unique(expected)) > 1
    assert np.mean(ids == expected) > 0.999


# fc belongs to the original classifier; the decoder starts anew
@pytest.mark.parametrize('name', ['resnet34-imagenet.pth', 'encoder_epoch_3.pth', 'resnet34.pth.tar'])
def test_single_encoder_starts_a_run(tmp_path, capsys, name):
    state = random_encoder('resnet34_dilated8_c1')
    arrays = dict(state, **{'fc.weight': np.ones((9, 32))})
    torch_files.write_stream(str(tmp_path / name), torch_files.state_dict(arrays))
    with tf.Graph().as_default(), create_session() as session:
        build('resnet34_dilated8_c1', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        session.run(tf.global_variables_initializer())
        net = NetConfig('resnet34_dilated8_c1', 2, 1., ())
        load_initial_weights(session, net, tf.global_variables(), str(tmp_path / name), 'none', '')
        found = {v.op.name.split('/', 1)[1]: session.run(v) for v in tf.global_variables()}
    assert (found['encoder/conv3_w'] == state['conv3.weight'].transpose(2, 3, 1, 0)).all()
    assert (found['encoder/layer4/2/bn2_variance'] == state['layer4.2.bn2.running_var']).all()
    assert re.findall(r'not in it +inference/(\S+)', capsys.readouterr().out) == ['decoder/conv_last_w']


def test_folder_of_pth_means_the_best_or_the_last_epoch(tmp_path):
    for ending in ('_epoch_9', '_epoch_10'):
        for half in ('encoder', 'decoder'):
            (tmp_path / (half + ending + '.pth')).write_bytes(b'')
    assert find_pth(str(tmp_path)) == str(tmp_path / 'encoder_epoch_10.pth')
    for half in ('encoder', 'decoder'):
        (tmp_path / (half + '_best.pth')).write_bytes(b'')
    assert find_weights(str(tmp_path), 'logs') == str(tmp_path / 'encoder_best.pth')


def test_half_a_pair_is_refused(tmp_path):
    (tmp_path / 'encoder_best.pth').write_bytes(b'')
    with pytest.raises(UserError, match='decoder_best.pth is not there'):
        find_pth(str(tmp_path / 'encoder_best.pth'))


def test_pth_of_another_name_is_refused(tmp_path):
    (tmp_path / 'net.pth').write_bytes(b'')
    with pytest.raises(UserError, match='expected encoder_....pth and decoder_....pth'):
        find_pth(str(tmp_path / 'net.pth'))


@pytest.mark.parametrize('net, refused', [('resnet50_dilated8_c1', True), ('vgg16_dilated8_c1', False)])
def test_only_a_resnet_refuses_the_stem_of_torchvision(tmp_path, monkeypatch, net, refused):
    """A VGG has no layer of that name."""
    path = str(tmp_path / 'resnet50-0676ba61.pth')
    arrays = {'conv1.weight': np.zeros((7, 7, 3, 64), np.float32), 'bn1.weight': np.ones(64, np.float32)}
    monkeypatch.setattr(restore, 'read_pair', lambda path: arrays)
    with tf.Graph().as_default():
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        names = [v.op.name for v in tf.global_variables()]
    if refused:
        with pytest.raises(UserError, match=r'resnet50-0676ba61.pth is a ResNet .* 7x7 .* 3x3.*--pretrained=download'):
            restore.open_source(path, names)
    else:
        assert restore.open_source(path, names).shapes == {}


def test_resnet_with_the_stem_of_the_dilated_nets_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(restore, 'read_pair', lambda path: {'conv1.weight': np.zeros((3, 3, 3, 64), np.float32)})
    source = restore.open_source(str(tmp_path / 'a.pth'), ['inference/encoder/conv1_w'])
    assert source.shapes == {'inference/encoder/conv1_w': (3, 3, 3, 64)}
