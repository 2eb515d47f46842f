"""A net's initial weights: from a VGG file, by name and shape, with an account of every array."""
import pytest
import vgg_files
from scripts import run_script

import FCN_train
from fcn8s.training.checks import check_pretrained
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.initial import load_initial_weights
from FCN_model import NetConfig, build
from TensorflowUtils import create_session

THIN = 1 / 16
BLOBS = vgg_files.caffe_blobs(16)


def start(net, pretrained, model_dir='', width=THIN, names=('conv1_1', 'W6', 'W7', 'W8')):
    """The weights of `names` in a net that has loaded its initial weights."""
    with tf.Graph().as_default(), create_session() as session:
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), 13, width)
        variables = tf.global_variables()
        session.run(tf.global_variables_initializer())
        load_initial_weights(session, NetConfig(net, 2, 1., ()), variables, '', pretrained, model_dir)
        values = session.run({v.op.name: v for v in variables})
    return {name: values['inference/' + name + ('_w' if name.startswith('conv') else '')] for name in names}


def test_vgg_fills_convolutions_and_fully_connected_layers(tmp_path):
    loaded = start('fcn8s', vgg_files.write_mat(str(tmp_path / 'vgg.mat'), BLOBS))
    expected = vgg_files.convolutions(BLOBS)
    for variable, layer in (('conv1_1', 'conv1_1'), ('W6', 'fc6'), ('W7', 'fc7')):
        assert (loaded[variable] == expected[layer][0]).all()


def test_every_array_is_accounted_for(tmp_path, capsys):
    start('fcn8s', vgg_files.write_mat(str(tmp_path / 'vgg.mat'), BLOBS))
    shown = capsys.readouterr().out
    # 15 layers with a kernel and a bias each are VGG's; score_fr and the three transposed convolutions are not
    assert shown.count('  loaded ') == 30 and shown.count('  not in it ') == 8


def test_auto_takes_the_file_in_model_dir(tmp_path):
    vgg_files.write_mat(str(tmp_path / 'imagenet-vgg-verydeep-16.mat'), BLOBS)
    loaded = start('fcn8s', 'auto', str(tmp_path))
    assert (loaded['conv1_1'] == vgg_files.convolutions(BLOBS)['conv1_1'][0]).all()


def test_auto_without_a_file_warns_and_says_how_to_get_one(tmp_path, capsys):
    start('fcn8s', 'auto', str(tmp_path))
    assert 'training from scratch' in capsys.readouterr().out


def test_auto_leaves_a_thin_net_to_chance(tmp_path, capsys):
    vgg_files.write_mat(str(tmp_path / 'imagenet-vgg-verydeep-16.mat'), BLOBS)
    with tf.Graph().as_default(), create_session() as session:
        load_initial_weights(session, NetConfig('fcn8s', 2, 0.25, ()), [], '', 'auto', str(tmp_path))
    assert '--width=1 only' in capsys.readouterr().out


def test_vgg16_does_not_start_a_net_on_vgg19(tmp_path):
    with pytest.raises(UserError, match='VGG-16.*VGG-19'):
        start('fcn8s_vgg19', vgg_files.write_mat(str(tmp_path / 'vgg.mat'), BLOBS))


def test_published_weights_fit_full_width_only(tmp_path):
    with pytest.raises(UserError, match='--width=1'):
        start('fcn8s', vgg_files.write_mat(str(tmp_path / 'vgg.mat'), BLOBS), width=1 / 8)


def test_a_file_that_does_not_exist_stops_before_anything_else(tmp_path):
    with pytest.raises(UserError, match='none.mat.*auto, none, download'):
        run_script(FCN_train, f'--pretrained={tmp_path / "none.mat"}')


@pytest.mark.parametrize('net, width, init_from, words', [
    ('resnet34_dilated8_c1', 0.5, '', 'download: .*--width=1 only, found --width=0.5'),
    ('fcn8s', 0.25, '', 'download: .*--width=1 only, found --width=0.25'),
    ('fcn8s', 1., 'logs/old', '--pretrained=download and --init_from=logs/old .*Leave one')])
def test_download_that_cannot_be_used_is_refused_before_it_is_fetched(net, width, init_from, words):
    with pytest.raises(UserError, match=words):
        check_pretrained('download', init_from, net, width)


def test_file_that_cannot_be_used_is_refused(tmp_path):
    path = vgg_files.write_mat(str(tmp_path / 'vgg.mat'), BLOBS)
    for net, init_from, words in (('resnet34_dilated8_c1', '', 'not built on VGG'), ('fcn8s', 'old', 'two sources')):
        with pytest.raises(UserError, match=words):
            check_pretrained(path, init_from, net, 1.)


@pytest.mark.parametrize('pretrained', ['auto', 'none'])
def test_pretrained_without_a_file_suits_any_net_and_checkpoint(pretrained):
    check_pretrained(pretrained, 'logs/old', 'resnet34_dilated8_c1', 0.25)


def test_training_checks_weights_first(tmp_path):
    with pytest.raises(UserError, match='--pretrained=download: published weights fit --width=1 only'):
        run_script(FCN_train, '--pretrained=download', '--width=0.0625', f'--data_dir={tmp_path / "none"}')


def test_auto_says_that_a_resnet_starts_from_scratch(tmp_path, capsys):
    load_initial_weights(None, NetConfig('resnet34_dilated8_c1', 2, 1., ()), [], '', 'auto', str(tmp_path))
    assert f'no resnet34-places365.pth in {tmp_path}: training from scratch' in capsys.readouterr().out


@pytest.mark.parametrize('name', ['', 'none'])
def test_missing_checkpoint_is_requested_by_its_own_flag(tmp_path, name):
    with pytest.raises(UserError, match=r'no checkpoint .*\. Name one with --init_from=PREFIX') as error:
        load_initial_weights(None, NetConfig('fcn8s', 2, 1., ()), [], str(tmp_path / name), 'none', '')
    assert '--checkpoint' not in str(error.value) and '--logs_dir' not in str(error.value)


@pytest.mark.parametrize('given', ['model.ckpt-5', 'model.ckpt-5.index', '', 'decoder_best.pth'])
def test_weights_of_a_whole_net_are_pointed_to_init_from(tmp_path, given):
    for name in ('model.ckpt-5.index', 'model.ckpt-5.data-00000-of-00001', 'encoder_best.pth', 'decoder_best.pth'):
        (tmp_path / name).write_bytes(b'')
    path = str(tmp_path / given)
    with pytest.raises(UserError) as error:
        check_pretrained(path, '', 'fcn8s', 1.)
    assert f'Give --init_from={path} instead' in str(error.value)
