"""fcn8s.weights.names names the layers as semantic-segmentation-pytorch does: its nets predict the same here."""
import numpy as np
import pytest

from fcn8s.nets.dilated_heads import c1_bilinear, psp_bilinear
from fcn8s.nets.layers import Build
from fcn8s.nets.resnet import dilated_resnet
from fcn8s.nets.vgg import dilated_vgg
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names
from fcn8s.weights.pth import read_pair, read_pth

THIN = Build(1 / 16.)
NETS = {'vgg16_dilated8_c1': lambda x: c1_bilinear(dilated_vgg(x, THIN, 16), x, 14, THIN).logits,
        'resnet50_dilated8_psp': lambda x: psp_bilinear(dilated_resnet(x, THIN, 50, 8), x, 14, THIN).logits}


@pytest.mark.parametrize('variable, expected', [
    ('encoder/conv1_w', 'conv1.weight'),
    ('encoder/bn3_scale', 'bn3.weight'),
    ('encoder/layer3/0/conv2_w', 'layer3.0.conv2.weight'),
    ('encoder/layer3/5/bn2_bias', 'layer3.5.bn2.bias'),
    ('encoder/layer4/2/bn3_mean', 'layer4.2.bn3.running_mean'),
    ('encoder/layer4/2/bn3_variance', 'layer4.2.bn3.running_var'),
    ('encoder/layer2/0/downsample/conv_w', 'layer2.0.downsample.0.weight'),
    ('encoder/layer2/0/downsample/bn_scale', 'layer2.0.downsample.1.weight'),
    ('encoder/conv6_w', 'conv6.weight'),
    ('encoder/conv7_b', 'conv7.bias'),
    ('decoder/conv_last_w', 'conv_last.weight'),
    ('decoder/psp/3/conv_w', 'psp.3.1.weight'),
    ('decoder/psp/3/bn_variance', 'psp.3.2.running_var'),
    ('decoder/conv_last/conv_w', 'conv_last.0.weight'),
    ('decoder/conv_last/bn_mean', 'conv_last.1.running_mean'),
    ('decoder/conv_last/score_b', 'conv_last.4.bias'),
    ('inference/encoder/layer1/0/conv1_w', 'layer1.0.conv1.weight'),
    ('decoder/cbr/conv_w', 'cbr.0.weight'),
    ('decoder/cbr/bn_scale', 'cbr.1.weight'),
    ('decoder/conv_last_b', 'conv_last.bias'),
    ('decoder/cbr_deepsup/conv_w', 'cbr_deepsup.0.weight'),
    ('decoder/cbr_deepsup/bn_mean', 'cbr_deepsup.1.running_mean'),
    ('decoder/conv_last_deepsup_w', 'conv_last_deepsup.weight'),
    ('decoder/ppm/2/conv_w', 'ppm.2.1.weight'),
    ('decoder/ppm/2/bn_bias', 'ppm.2.2.bias'),
    ('decoder/ppm_conv/3/conv_w', 'ppm_conv.3.0.weight'),
    ('decoder/ppm_conv/3/bn_variance', 'ppm_conv.3.1.running_var'),
    ('decoder/ppm_last_conv/conv_w', 'ppm_last_conv.0.weight'),
    ('decoder/ppm_last_conv/bn_bias', 'ppm_last_conv.1.bias'),
    ('decoder/fpn_in/1/conv_w', 'fpn_in.1.0.weight'),
    ('decoder/fpn_in/1/bn_scale', 'fpn_in.1.1.weight'),
    ('decoder/fpn_out/0/conv_w', 'fpn_out.0.0.0.weight'),
    ('decoder/fpn_out/0/bn_scale', 'fpn_out.0.0.1.weight'),
    ('decoder/fusion/conv_w', 'conv_last.0.0.weight'),
    ('decoder/fusion/bn_mean', 'conv_last.0.1.running_mean'),
    ('decoder/fusion/score_w', 'conv_last.1.weight'),
])
def test_names(variable, expected):
    assert torch_names([variable]) == {variable: expected}


@pytest.mark.parametrize('found, expected', [
    (['ppm.0.2.weight'], 'ppm.0.2.weight'), (['psp.0.2.weight'], 'psp.0.2.weight'), ([], 'psp.0.2.weight')])
def test_files_of_later_releases_call_the_pyramid_ppm(found, expected):
    assert torch_names(['decoder/psp/0/bn_scale'], found) == {'decoder/psp/0/bn_scale': expected}


# torchvision's numbers, where a ReLU follows each convolution and a pool each block; pool4 is left out here
@pytest.mark.parametrize('blocks, expected', [
    ((2, 2, 3, 3, 3), [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24 - 1, 26 - 1, 28 - 1]),
    ((2, 2, 4, 4, 4), [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28 - 1, 30 - 1, 32 - 1, 34 - 1])])
def test_convolutions_of_vgg_are_counted(blocks, expected):
    names = ['encoder/conv%d_%d_w' % (b, i) for b, count in enumerate(blocks, 1) for i in range(1, count + 1)]
    assert torch_names(names) == {name: 'features.%d.weight' % n for name, n in zip(names, expected)}


def test_variables_outside_of_the_net_are_left_out():
    assert torch_names(['global_step', 'inference/W6', 'encoder/conv1_w/Momentum']) == {}


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match='encoder_best.pth does not exist'):
        read_pth(str(tmp_path / 'encoder_best.pth'))


@pytest.mark.parametrize('net', ['vgg16_dilated8_c1', 'resnet50_dilated8_psp'])
def test_both_files_of_a_net_give_its_scores(tmp_path, net):
    torch = pytest.importorskip('torch')
    import torch_nets
    if net == 'vgg16_dilated8_c1':
        modules = torch_nets.Vgg(16, base=4), torch_nets.C1(256, 13)
    else:
        modules = torch_nets.ResNet(50, 8, base=4), torch_nets.Psp(128, 13, hidden=32)
    encoder, decoder = (torch_nets.randomized(module, seed) for seed, module in enumerate(modules))
    pixels = np.random.RandomState(0).normal(size=(2, 61, 75, 3)).astype(np.float32)
    expected = torch_nets.nhwc(decoder(encoder(torch_nets.nchw(pixels)), (61, 75)))

    for name, module in (('encoder', encoder), ('decoder', decoder)):
        torch.save(module.state_dict(), str(tmp_path / (name + '_best.pth')))
    arrays = read_pair(str(tmp_path / 'encoder_best.pth'))
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, None, None, 3])
        with tf.variable_scope('inference', reuse=tf.AUTO_REUSE):
            scores = NETS[net](x)[..., 1:]
        names = torch_names(variable.op.name for variable in tf.global_variables())
        assert len(names) == len(tf.global_variables())
        assert sorted(names.values()) == sorted(arrays)
        torch_nets.assign(session, {name: arrays[torch_name] for name, torch_name in names.items()})
        found = session.run(scores, {x: pixels})
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * abs(expected).max())
