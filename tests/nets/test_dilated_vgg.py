"""fcn8s.nets.vgg builds the dilated VGGs: their variables, sizes, dilations and, beside torch, their values."""
import numpy as np
import pytest

from fcn8s.nets.layers import Build
from fcn8s.nets.vgg import dilated_vgg
from fcn8s.utils.tf1 import tf

THIN = 1 / 16.


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 3])


def test_the_variables_of_vgg16(session):
    dilated_vgg(placeholder(), Build(THIN), 16)
    layers = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2', 'conv3_3', 'conv4_1', 'conv4_2',
              'conv4_3', 'conv5_1', 'conv5_2', 'conv5_3', 'conv6', 'conv7']
    assert [variable.op.name for variable in tf.trainable_variables()] == [
        'encoder/%s_%s' % (layer, part) for layer in layers for part in 'wb']


# Published sizes (torchvision: 138,357,544 and 143,667,240) less the classifier's last layer, 4097 * 1000
@pytest.mark.parametrize('depth, published', [(16, 138357544 - 4097000), (19, 143667240 - 4097000)])
def test_the_number_of_weights_at_full_width(session, depth, published):
    dilated_vgg(placeholder(), Build(), depth)
    assert sum(variable.shape.num_elements() for variable in tf.global_variables()) == published


def test_sizes_of_the_end_points(session):
    x = placeholder()
    end_points = dilated_vgg(x, Build(THIN), 19)
    assert list(end_points) == [
        'conv1_1', 'conv1_2', 'pool1', 'conv2_1', 'conv2_2', 'pool2', 'conv3_1', 'conv3_2', 'conv3_3', 'conv3_4',
        'pool3', 'conv4_1', 'conv4_2', 'conv4_3', 'conv4_4', 'conv5_1', 'conv5_2', 'conv5_3', 'conv5_4', 'conv6',
        'conv7', 'features']
    session.run(tf.global_variables_initializer())
    names = ('conv1_2', 'pool1', 'pool2', 'pool3', 'conv5_4', 'conv6', 'features')
    shapes = session.run([tf.shape(end_points[name]) for name in names], {x: np.zeros((2, 61, 75, 3))})
    assert [shape[1:].tolist() for shape in shapes] == [  # an odd last row or column is left out
        [61, 75, 4], [30, 37, 4], [15, 18, 8], [7, 9, 16], [7, 9, 32], [7, 9, 256], [7, 9, 256]]


def test_dilation_starts_behind_conv4(session):
    end_points = dilated_vgg(placeholder(), Build(1 / 64.), 16)
    positive = {variable.initializer.inputs[1]: np.full(variable.shape.as_list(), 0.1)
                for variable in tf.global_variables() if variable.op.name.endswith('_w')}
    session.run(tf.global_variables_initializer(), positive)  # so that nothing is cut off or cancels
    x, y = end_points['pool3'], end_points['features']
    gradient = session.run(tf.gradients(y[0, 30, 30, 0], x)[0], {x: np.ones((1, 61, 61, 4))})[0].any(axis=2)
    # on each side: three of conv4, three of conv5 at 2, three kernel places of conv6 at 4
    radius = 3 * 1 + 3 * 2 + 3 * 4
    assert gradient.any(axis=1).nonzero()[0].tolist()[::2 * radius] == [30 - radius, 30 + radius]
    assert gradient.any(axis=0).nonzero()[0].tolist()[::2 * radius] == [30 - radius, 30 + radius]


def test_half_of_conv6_and_conv7_is_dropped(session):
    calls = []

    def drop(x, layer, keep_prob, whole_channels):
        calls.append((layer, keep_prob))
        return x * 0 + layer

    x = placeholder()
    end_points = dilated_vgg(x, Build(THIN, drop=drop), 16)
    assert calls == [(6, 0.5), (7, 0.5)]
    session.run(tf.global_variables_initializer())
    assert (session.run(end_points['features'], {x: np.ones((1, 8, 8, 3))}) == 7).all()


def test_a_new_net_keeps_the_size_of_activations(session):
    x = placeholder()
    end_points = dilated_vgg(x, Build(0.25), 16)
    session.run(tf.global_variables_initializer())
    pixels = np.random.RandomState(0).normal(size=(1, 96, 96, 3))
    for name in ('conv1_1', 'conv3_3', 'conv5_3'):
        assert 0.1 < np.sqrt((session.run(end_points[name], {x: pixels}) ** 2).mean()) < 10, name


@pytest.mark.parametrize('depth', [16, 19])
def test_the_whole_net_gives_the_values_of_torch(session, depth):
    pytest.importorskip('torch')
    import torch_nets
    reference = torch_nets.randomized(torch_nets.Vgg(depth, base=4))
    x = placeholder()
    features = dilated_vgg(x, Build(THIN), depth)['features']
    torch_nets.load(session, reference)
    for height, width in ((64, 96), (61, 75)):
        pixels = np.random.RandomState(height).normal(size=(2, height, width, 3)).astype(np.float32)
        expected = torch_nets.nhwc(reference(torch_nets.nchw(pixels)))
        np.testing.assert_allclose(session.run(features, {x: pixels}), expected, rtol=0, atol=1e-4 * expected.max())
