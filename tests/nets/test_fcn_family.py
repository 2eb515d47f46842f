"""Every row of the FCN family against a forward pass written in numpy from the papers' and nets' descriptions."""
import numpy as np
import pytest
from nets_by_hand import by_hand, overfit

from fcn8s.utils.tf1 import tf
from FCN_model import NETS, build
from TensorflowUtils import create_session

THIN, CLASSES = 1 / 16, 13
FAMILY = ['fcn8s', 'fcn8s_paper', 'fcn16s_paper', 'fcn32s_paper', 'fcn8s_at_once', 'fcn8s_ade20k', 'fcn8s_vgg19']


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


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


# Multiplied out from the tables of the papers and of fcn8s.nets.vgg; 151 classes. VGG16's 13 convolutions have
# 14,714,688 parameters, VGG19 without its conv5_4 20,024,384 - 2,359,808 = 17,664,576, fc6 and fc7 together
# 119,545,856.
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


@pytest.mark.parametrize('name', FAMILY)
def test_net_learns_four_images_by_heart(name):
    assert overfit(name) > 0.95


def test_every_row_belongs_to_a_family_that_is_tested():
    assert set(FAMILY) == {name for name, net in NETS.items() if net.vgg and net.scores_0}
