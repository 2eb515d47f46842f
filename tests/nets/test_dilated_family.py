"""The rows of semantic-segmentation-pytorch as FCN_model builds and trains them; their layers have their own tests."""
import numpy as np
import pytest
import vgg_files
from nets_by_hand import overfit

from fcn8s.nets.train_op import StepOptions
from fcn8s.utils.tf1 import tf
from fcn8s.weights.initial import load_initial_weights
from FCN_model import NETS, NetConfig, build, ignored_labels, training_graph
from TensorflowUtils import create_session

THIN, CLASSES = 1 / 16, 13
OF_2017 = [name for name, net in NETS.items() if net.source == 'semantic-segmentation-pytorch']
OF_TODAY = [name for name, net in NETS.items() if net.source == 'mit-semseg']
FAMILY = OF_2017 + OF_TODAY


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


def photos(batch=2, size=(64, 96)):
    return np.random.RandomState(0).randint(0, 256, (batch,) + size + (3,)).astype(np.uint8)


def test_2017_has_six_encoders_with_two_decoders_each():
    encoders = ('vgg16_dilated8', 'vgg19_dilated8', 'resnet34_dilated16', 'resnet34_dilated8', 'resnet50_dilated16',
                'resnet50_dilated8')
    assert [encoder + decoder for encoder in encoders for decoder in ('_c1', '_psp')] == OF_2017


# Encoders, and the channels of their features: VGG16's and VGG19's convolutions with fc6 and fc7; a ResNet's stem,
# blocks and normalizations, a scale and a bias each: torchvision's counts, less its 7x7 stem of 9,408 + 128 and its
# classifier, plus a stem of three 3x3, 3 -> 64 -> 64 -> 64 in 2017 and 3 -> 64 -> 64 -> 128 (wide) today.
FC = 7 * 7 * 512 * 4096 + 4096 + 4096 * 4096 + 4096
STEM, WIDE_STEM = 1728 + 2 * 36864 + 3 * 128, 1728 + 36864 + 73728 + 128 + 128 + 256
ENCODERS = {'vgg16': (14714688 + FC, 4096), 'vgg19': (20024384 + FC, 4096),
            'resnet34': (21797672 - 9408 - 128 - 513000 + STEM, 512),
            'resnet50': (25557032 - 9408 - 128 - 2049000 + STEM, 2048)}
# The wide stem gives the first block 64 more inputs: a basic block then needs a 1x1 shortcut from 128 to 64 channels,
# and its 3x3 takes 64 more; in a bottleneck the 1x1 to 64 and the shortcut to 256 take 64 more each.
BASIC, BOTTLENECK = 128 * 64 + 128 + 9 * 64 * 64, 64 * (64 + 256)
# torchvision counts 3,504,872 for MobileNetV2, of which the classifier and the last 1x1 convolution are left out
WIDE = {'mobilenetv2': (3504872 - 1281000 - (320 * 1280 + 2 * 1280), 320),
        'resnet18': (11689512 - 9408 - 128 - 513000 + WIDE_STEM + BASIC, 512),
        'resnet50': (25557032 - 9408 - 128 - 2049000 + WIDE_STEM + BOTTLENECK, 2048),
        'resnet101': (44549160 - 9408 - 128 - 2049000 + WIDE_STEM + BOTTLENECK, 2048)}


def conv_bn(size, inputs, outputs):
    return size * size * inputs * outputs + 2 * outputs


def decoder_parameters(name, features):
    """Those of a decoder for 150 scores."""
    score = 512 * 150 + 150
    pyramid = 4 * conv_bn(1, features, 512) + conv_bn(3, features + 2048, 512)
    if name.endswith('_c1'):
        return features * 150
    if name.endswith(('_psp', 'ppm_deepsup')):
        return pyramid + score
    if name.endswith('c1_deepsup'):
        return conv_bn(3, features, features // 4) + features // 4 * 150 + 150
    laterals = sum(conv_bn(1, channels, 512) for channels in (256, 512, 1024))
    return pyramid + laterals + 3 * conv_bn(3, 512, 512) + conv_bn(3, 4 * 512, 512) + score


@pytest.mark.parametrize('name', FAMILY)
def test_full_size_has_the_parameters_of_its_layers(name):
    encoder, features = (ENCODERS if name in OF_2017 else WIDE)[name.split('_')[0].replace('dilated', '')]
    build(name, tf.placeholder(tf.uint8, [None, None, None, 3]), 151)
    found = sum(v.shape.num_elements() for v in tf.trainable_variables())
    assert found == encoder + decoder_parameters(name, features)


@pytest.mark.parametrize('name', OF_2017)
def test_net_learns_four_images_by_heart(name):
    assert overfit(name, steps=400, rate=3e-3, options=StepOptions(keep_prob=1.)) > 0.95


@pytest.mark.parametrize('name', OF_TODAY)
def test_net_learns_four_images_by_heart_but_for_their_edges(name):
    """Its loss compares every 8th (4th) pixel, so that edges stay unlearned within that distance."""
    assert overfit(name, steps=400, rate=3e-3, options=StepOptions(keep_prob=1.), enough=0.9) > 0.9


@pytest.mark.parametrize('name', ['vgg16_dilated8_c1', 'resnet34_dilated8_psp'])
def test_class_0_is_neither_learned_nor_predicted(name):
    net = training_graph(NetConfig(name, CLASSES, THIN), ignored=ignored_labels(name, None))
    annotations = np.zeros((2, 64, 96), np.uint8)
    feed = {net.images: photos(), net.annotations: annotations, net.encoder_rate: 0., net.decoder_rate: 0.}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        ids, loss, _ = session.run(net.validate, feed)
        annotations[:, 10:20] = 3
        _, loss_with_labels, _ = session.run(net.validate, feed)
    assert ids.min() >= 1
    assert loss == 0  # nothing but class 0: nothing to learn
    assert loss_with_labels == pytest.approx(np.log(CLASSES - 1), rel=0.05)  # twelve scores, all about equal


@pytest.mark.parametrize('fix_bn', [False, True])
def test_fix_bn_keeps_the_moving_averages(fix_bn):
    net = training_graph(NetConfig('resnet34_dilated16_c1', CLASSES, THIN), StepOptions(fix_bn=fix_bn))
    mean = [v for v in net.variables if v.op.name == 'inference/encoder/bn1_mean'][0]
    feed = {net.images: photos(), net.annotations: np.ones((2, 64, 96), np.uint8),
            net.encoder_rate: 1e-3, net.decoder_rate: 1e-3}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        session.run(net.train, feed)
        assert (session.run(mean) == 0).all() == fix_bn


def test_moving_averages_are_saved_with_the_net():
    net = training_graph(NetConfig('resnet34_dilated16_c1', CLASSES, THIN))
    names = {variable.op.name for variable in net.variables}
    assert {'inference/encoder/bn1_mean', 'inference/encoder/layer4/2/bn2_variance'} <= names


def test_vgg_weights_see_the_pixels_that_they_were_trained_on(tmp_path):
    """conv1_1 on normalized pixels gives what VGG's gives on pixels minus their mean."""
    blobs = vgg_files.caffe_blobs(16)
    path = vgg_files.write_mat(str(tmp_path / 'vgg.mat'), blobs)
    images = tf.constant(photos(1))
    _, dilated = build('vgg16_dilated8_c1', images, CLASSES, THIN)
    kernel, bias = (tf.constant(array) for array in vgg_files.convolutions(blobs)['conv1_1'])
    mean = 255 * np.array([0.485, 0.456, 0.406], np.float32)
    plain = tf.nn.relu(tf.nn.conv2d(tf.cast(images, tf.float32) - mean, kernel, [1] * 4, 'SAME') + bias)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        load_initial_weights(session, NetConfig('vgg16_dilated8_c1', 2, 1., ()), tf.global_variables(), '', path, '')
        found, expected = session.run([dilated['conv1_1'], plain])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3 * expected.max())


def test_row_gives_the_scores_of_torch():
    torch = pytest.importorskip('torch')
    import torch_nets
    encoder = torch_nets.randomized(torch_nets.ResNet(50, 8, base=4), 0)
    decoder = torch_nets.randomized(torch_nets.Psp(128, CLASSES - 1, hidden=32), 1)
    image = photos(2, (61, 75))
    pixels = (image / 255. - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        expected = torch_nets.nhwc(decoder(encoder(torch_nets.nchw(pixels.astype(np.float32))), (61, 75)))
    logits, _ = build('resnet50_dilated8_psp', tf.constant(image), CLASSES, THIN)
    with create_session() as session:
        torch_nets.load(session, encoder, decoder)
        found = session.run(logits)
    np.testing.assert_allclose(found[..., 1:], expected, rtol=0, atol=1e-4 * abs(expected).max())
