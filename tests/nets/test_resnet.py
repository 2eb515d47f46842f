"""fcn8s.nets.resnet builds the dilated ResNets: their variables, sizes, dilations and, beside torch, their values."""
import numpy as np
import pytest

from fcn8s.nets.layers import CHANGES, Build
from fcn8s.nets.resnet import dilated_resnet
from fcn8s.utils.tf1 import tf

THIN = 1 / 16.


@pytest.fixture
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def placeholder():
    return tf.placeholder(tf.float32, [None, None, None, 3])


def layer_names(name):
    return ['encoder/%s_w' % name.replace('bn', 'conv')] + [
        'encoder/%s_%s' % (name, part) for part in ('scale', 'bias', 'mean', 'variance')]


def test_the_variables_of_resnet50(session):
    dilated_resnet(placeholder(), Build(THIN), 50, 8)
    expected = [name for i in '123' for name in layer_names('bn' + i)]
    for layer, blocks in (('layer1', '012'), ('layer2', '0123'), ('layer3', '012345'), ('layer4', '012')):
        for block in blocks:
            for bn in ('bn1', 'bn2', 'bn3') + (('downsample/bn',) if block == '0' else ()):
                expected += layer_names('%s/%s/%s' % (layer, block, bn))
    assert [variable.op.name for variable in tf.global_variables()] == expected


# Published sizes without the classifier (torchvision: 21,797,672 - 513,000 and 25,557,032 - 2,049,000), less the stem's
# 7x7 convolution and its normalization, plus three 3x3 ones and theirs.
@pytest.mark.parametrize('depth, published', [(34, 21284672), (50, 23508032)])
def test_the_number_of_weights_at_full_width(session, depth, published):
    dilated_resnet(placeholder(), Build(), depth, 8)
    stem = 9 * 3 * 64 + 2 * 9 * 64 * 64 + 3 * 2 * 64
    count = sum(variable.shape.num_elements() for variable in tf.trainable_variables())
    assert count == published - (49 * 3 * 64 + 2 * 64) + stem


@pytest.mark.parametrize('depth, output_stride, channels', [(34, 16, 32), (50, 8, 128)])
def test_sizes_of_the_end_points(session, depth, output_stride, channels):
    x = placeholder()
    end_points = dilated_resnet(x, Build(THIN), depth, output_stride)
    assert list(end_points) == ['conv1', 'conv2', 'conv3', 'pool1', 'layer1', 'layer2', 'layer3', 'layer4',
                                'deepsup_features', 'features']
    session.run(tf.global_variables_initializer())
    strides = dict(conv1=2, conv2=2, conv3=2, pool1=4, layer1=4, layer2=8, layer3=output_stride, layer4=output_stride,
                   features=output_stride)
    sizes = {name: tf.shape(end_points[name])[1:3] for name in strides}
    for height, width in ((64, 96), (61, 75)):
        expected = {name: [-(-height // stride), -(-width // stride)] for name, stride in strides.items()}
        found = session.run(sizes, {x: np.zeros((2, height, width, 3))})
        assert {name: size.tolist() for name, size in found.items()} == expected
    assert end_points['features'].shape[3] == channels


def seen(session, end_points, source, target, stride, radius):
    """How far from its own place a position of `target` sees `source`, in positions: up, left, down and right."""
    x, y = end_points[source], end_points[target]
    middle = radius // stride + 2
    size = 2 * stride * middle + 1
    values = np.ones((1, size, size, int(x.shape[3])), np.float32)
    gradient = session.run(tf.gradients(y[0, middle, middle, 0], x)[0], {x: values})[0].any(axis=2)
    rows, columns = gradient.any(axis=1).nonzero()[0], gradient.any(axis=0).nonzero()[0]
    center = stride * middle
    return center - rows[0], center - columns[0], rows[-1] - center, columns[-1] - center


# In positions, 3x3 by 3x3: resnet34's layer3 has two in each of six blocks, layer4 two in each of three; resnet50's
# have one. Only where layer2's stride is on the 3x3 does its first block see one position around its own.
@pytest.mark.parametrize('depth, output_stride, radii', [
    (34, 8, dict(layer3=(1 + 2) + 5 * 2 * 2, layer4=(2 + 4) + 2 * 2 * 4)),
    (50, 8, dict(layer2=1 + 3 * 2, layer3=1 + 5 * 2, layer4=2 + 2 * 4)),
    (50, 16, dict(layer4=1 + 2 * 2)),
])
def test_dilation_starts_after_the_stride_it_replaces(session, depth, output_stride, radii):
    end_points = dilated_resnet(placeholder(), Build(1 / 64.), depth, output_stride)
    positive = {variable.initializer.inputs[1]: np.full(variable.shape.as_list(), 0.1)
                for variable in tf.global_variables() if variable.op.name.endswith('_w')}
    session.run(tf.global_variables_initializer(), positive)  # so that nothing is cut off or cancels
    before = dict(layer2=('layer1', 2), layer3=('layer2', 1), layer4=('layer3', 1))
    for layer, radius in radii.items():
        source, stride = before[layer]
        assert seen(session, end_points, source, layer, stride, radius) == (radius,) * 4


def test_every_weight_gets_a_gradient_and_a_second_net_shares_them_all(session):
    x = placeholder()
    with tf.variable_scope('inference', reuse=tf.AUTO_REUSE):
        features = dilated_resnet(x, Build(THIN, training=True), 34, 8)['features']
        variables = tf.trainable_variables()
        updates = len(tf.get_collection(CHANGES))
        dilated_resnet(x, Build(THIN), 34, 8)
    assert tf.trainable_variables() == variables
    assert len(tf.get_collection(CHANGES)) == updates == 2 * (3 + 2 * 16 + 3)  # 16 blocks, 3 shortcuts
    session.run(tf.global_variables_initializer())
    pixels = np.random.RandomState(0).normal(size=(2, 61, 75, 3))
    for gradient in session.run(tf.gradients(tf.reduce_sum(features ** 2), variables), {x: pixels}):
        assert np.isfinite(gradient).all() and gradient.any()


@pytest.mark.parametrize('depth, output_stride, training', [(34, 8, True), (50, 8, True), (50, 16, False)])
def test_the_whole_net_gives_the_values_of_torch(session, depth, output_stride, training):
    pytest.importorskip('torch')
    import torch_nets
    reference = torch_nets.randomized(torch_nets.ResNet(depth, output_stride, base=4))
    x = placeholder()
    features = dilated_resnet(x, Build(THIN, training), depth, output_stride)['features']
    torch_nets.load(session, reference)
    reference.train(training)
    for height, width in ((64, 96), (61, 75)):
        pixels = np.random.RandomState(height).normal(size=(2, height, width, 3)).astype(np.float32)
        expected = torch_nets.nhwc(reference(torch_nets.nchw(pixels)))
        found = session.run(features, {x: pixels})
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * abs(expected).max())
