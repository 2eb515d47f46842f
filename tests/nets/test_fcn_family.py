"""Every row of the FCN family against a forward pass written in numpy from the papers' and nets' descriptions."""
import numpy as np
import pytest
from test_TensorflowUtils import transposed_by_hand

from fcn8s.utils.tf1 import tf
from FCN_model import NETS, build, training_graph
from TensorflowUtils import create_session

THIN, CLASSES = 1 / 16, 13
FAMILY = ['fcn8s', 'fcn8s_paper', 'fcn16s_paper', 'fcn32s_paper', 'fcn8s_at_once', 'fcn8s_ade20k', 'fcn8s_vgg19']


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


def conv(x, kernel, bias):
    size = kernel.shape[0]
    rows, columns = x.shape[1:3]
    x = np.pad(x, [(0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)], 'constant')
    return bias + sum(x[:, i:i + rows, j:j + columns] @ kernel[i, j] for i in range(size) for j in range(size))


def pooled(x, kind):
    """2x2 blocks; an odd last row or column is a block of what there is."""
    rows, columns = (-(-side // 2) for side in x.shape[1:3])
    blocks = [[x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2] for j in range(columns)] for i in range(rows)]
    return np.array([[getattr(block, kind)(axis=(1, 2)) for block in row] for row in blocks]).transpose(2, 0, 1, 3)


def relu(x):
    return np.maximum(x, 0)


def encode(x, w, convs, kinds, last_relu=True):
    pools = []
    for block, (count, kind) in enumerate(zip(convs, kinds), 1):
        for i in range(1, count + 1):
            x = conv(x, w[f'conv{block}_{i}_w'], w[f'conv{block}_{i}_b'])
            x = x if (block, i) == (5, count) and not last_relu else relu(x)
        x = pooled(x, kind)
        pools.append(x)
    return pools[2:]


def up(x, kernel, stride, like, bias=0.):
    return transposed_by_hand(x, kernel, stride, *like.shape[1:3]) + bias


def fcn_decode(image, pools, w, score_relu=False):
    pool3, pool4, pool5 = pools
    fc7 = relu(conv(relu(conv(pool5, w['W6'], w['b6'])), w['W7'], w['b7']))
    score = conv(fc7, w['W8'], w['b8'])
    score = relu(score) if score_relu else score
    fuse4 = up(score, w['W_t1'], 2, pool4, w['b_t1']) + pool4
    fuse3 = up(fuse4, w['W_t2'], 2, pool3, w['b_t2']) + pool3
    return up(fuse3, w['W_t3'], 8, image, w['b_t3'])


def skip_decode(image, pools, w, stride, scales=(1., 1.)):
    pool3, pool4, pool5 = pools
    fc7 = relu(conv(relu(conv(pool5, w['fc6_w'], w['fc6_b'])), w['fc7_w'], w['fc7_b']))
    score = conv(fc7, w['score_fr_w'], w['score_fr_b'])
    if stride == 32:
        return up(score, w['upscore32_w'], 32, image)
    fuse4 = up(score, w['upscore2_w'], 2, pool4, w.get('upscore2_b', 0.))
    fuse4 = fuse4 + conv(scales[1] * pool4, w['score_pool4_w'], w['score_pool4_b'])
    if stride == 16:
        return up(fuse4, w['upscore16_w'], 16, image)
    fuse3 = up(fuse4, w['upscore_pool4_w'], 2, pool3, w.get('upscore_pool4_b', 0.))
    fuse3 = fuse3 + conv(scales[0] * pool3, w['score_pool3_w'], w['score_pool3_b'])
    return up(fuse3, w['upscore8_w'], 8, image, w.get('upscore8_b', 0.))


MEAN = np.array([123.68, 116.779, 103.939])
VGG16, VGG19 = (2, 2, 3, 3, 3), (2, 2, 4, 4, 3)  # VGG19 ends at conv5_3 here
MAX = ('max',) * 5


def by_hand(name, image, w):
    if name == 'fcn8s':
        return fcn_decode(image, encode(image - MEAN, w, VGG16, MAX), w)
    if name == 'fcn8s_ade20k':
        return fcn_decode(image, encode(image, w, VGG19, ('mean',) * 5), w, score_relu=True)
    if name == 'fcn8s_vgg19':
        return fcn_decode(image, encode(image - MEAN, w, VGG19, ('mean',) * 4 + ('max',), last_relu=False), w)
    pools = encode(image - MEAN, w, VGG16, MAX)
    if name == 'fcn8s_at_once':
        return skip_decode(image, pools, w, 8, scales=(0.0001, 0.01))
    return skip_decode(image, pools, w, int(name[3:-len('s_paper')]))


@pytest.mark.parametrize('size', [(64, 96), (61, 75)])
@pytest.mark.parametrize('name', FAMILY)
def test_logits_are_those_of_the_published_layers(name, size):
    random = np.random.RandomState(0)
    image = random.randint(0, 256, (1,) + size + (3,)).astype(np.float64)
    logits, _ = build(name, tf.constant(image.astype(np.uint8)), CLASSES, THIN)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():  # what starts at zero must take part too
            value = session.run(variable)
            scale = value.std() or 0.05
            variable.load((value + scale * random.randn(*value.shape)).astype(np.float32), session)
        found, values = session.run([logits, {v.op.name.split('/')[1]: v for v in tf.global_variables()}])
    expected = by_hand(name, image, {key: value.astype(np.float64) for key, value in values.items()})
    assert expected.std() > 1e-3
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize('size', [(64, 96), (61, 75)])
@pytest.mark.parametrize('name', FAMILY)
def test_end_points_have_the_sizes_of_their_strides(name, size):
    _, end_points = build(name, tf.zeros((2,) + size + (3,)), CLASSES, THIN)
    stride = {'conv': lambda key: 2 ** (int(key[4]) - 1), 'pool': lambda key: 2 ** int(key[4])}
    late = {'fc6': 32, 'fc7': 32, 'score_fr': 32, 'upscore2': 16, 'score_pool4': 16, 'fuse_pool4': 16,
            'upscore_pool4': 8, 'score_pool3': 8, 'fuse_pool3': 8, 'upscore8': 1, 'upscore16': 1, 'upscore32': 1}
    for key, tensor in end_points.items():
        by = late[key] if key in late else stride[key[:4]](key)
        assert tensor.shape.as_list()[:3] == [2] + [-(-side // by) for side in size], key


# Multiplied out from the tables of the papers and of fcn8s.nets.vgg; 151 classes. VGG16's 13 convolutions have 14,714,688
# parameters, VGG19 without its conv5_4 20,024,384 - 2,359,808 = 17,664,576, fc6 and fc7 119,545,856 together.
FC = 7 * 7 * 512 * 4096 + 4096 + 4096 * 4096 + 4096
SCORE_FR = 4096 * 151 + 151
FCN_HEAD = FC + SCORE_FR + (16 * 512 * 151 + 512) + (16 * 256 * 512 + 256) + (256 * 151 * 256 + 151)
POOL4, POOL3 = 512 * 151 + 151, 256 * 151 + 151
COUNTS = {
    'fcn8s': 14714688 + FCN_HEAD,
    'fcn8s_paper': 14714688 + FC + SCORE_FR + POOL4 + POOL3 + (16 + 16 + 256) * 151 ** 2,
    'fcn16s_paper': 14714688 + FC + SCORE_FR + POOL4 + (16 + 1024) * 151 ** 2,
    'fcn32s_paper': 14714688 + FC + SCORE_FR + 4096 * 151 ** 2,
    'fcn8s_at_once': 14714688 + FC + SCORE_FR + POOL4 + POOL3 + (16 + 16 + 256) * 151 ** 2 + 3 * 151,
    'fcn8s_ade20k': 17664576 + FCN_HEAD,
    'fcn8s_vgg19': 17664576 + FCN_HEAD,
}


@pytest.mark.parametrize('name', FAMILY)
def test_full_size_has_the_parameters_of_its_layers(name):
    build(name, tf.placeholder(tf.uint8, [None, None, None, 3]), 151)
    assert sum(v.shape.num_elements() for v in tf.trainable_variables()) == COUNTS[name]


def test_paper_head_starts_with_equal_scores():
    logits, _ = build('fcn8s_paper', tf.constant(np.full((1, 32, 32, 3), 200, np.uint8)), CLASSES, THIN)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        assert (session.run(logits) == 0).all()


def overfit(name, steps=300, rate=2e-3, **options):
    """Pixel accuracy on four images after up to `steps` steps on them."""
    random = np.random.RandomState(1)
    ids = np.zeros((4, 64, 96), np.uint8)
    for i, picture in enumerate(ids):
        picture[:] = 1 + i
        picture[10 + 5 * i:40 + 5 * i, 20:70] = 5 + i
    colours = random.randint(0, 256, (CLASSES, 3))
    images = np.clip(colours[ids] + random.randint(-20, 20, ids.shape + (3,)), 0, 255).astype(np.uint8)
    net = training_graph(name, CLASSES, THIN, **options)
    feed = {net.images: images, net.annotations: ids, net.encoder_rate: rate, net.decoder_rate: rate}
    accuracy = 0.
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(1, steps + 1):
            session.run(net.train, feed)
            if step % 20 == 0:
                predicted, _, _ = session.run(net.validate, feed)
                accuracy = np.mean(predicted == ids)
                if accuracy > 0.95:
                    break
    return accuracy


@pytest.mark.parametrize('name', FAMILY)
def test_net_learns_four_images_by_heart(name):
    assert overfit(name) > 0.95


def test_every_row_belongs_to_a_family_that_is_tested():
    assert set(FAMILY) == {name for name, net in NETS.items() if net.vgg and net.scores_0}
