"""The graph of fcn8s: its variables, its size, its steps and its predictions."""
import numpy as np
import pytest

from fcn8s.nets.scores import predict_ids
from fcn8s.nets.train_op import StepOptions
from fcn8s.utils.tf1 import tf
from FCN_model import NETS, NetConfig, build, net_row, training_graph
from TensorflowUtils import create_session

THIN = 1 / 16
CLASSES = 13


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


def run(fetches, feed=None):
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


def photos(height=64, width=96, batch=2):
    return np.random.RandomState(0).randint(0, 256, (batch, height, width, 3)).astype(np.uint8)


def test_variables_carry_the_names_of_FCN_tensorflow():
    build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
    convs = ['1_1', '1_2', '2_1', '2_2', '3_1', '3_2', '3_3', '4_1', '4_2', '4_3', '5_1', '5_2', '5_3']
    expected = [f'conv{conv}_{part}' for conv in convs for part in 'wb']
    expected += ['W6', 'b6', 'W7', 'b7', 'W8', 'b8', 'W_t1', 'b_t1', 'W_t2', 'b_t2', 'W_t3', 'b_t3']
    assert [v.op.name for v in tf.global_variables()] == ['inference/' + name for name in expected]


def test_full_size_has_the_parameters_of_its_layers():
    build('fcn8s', tf.placeholder(tf.uint8, [None, None, None, 3]), 151)
    # VGG16's 13 convolutions 14,714,688; fc6 7*7*512*4096 + 4096; fc7 4096*4096 + 4096; score_fr 4096*151 + 151;
    # upscore2 4*4*512*151 + 512; upscore_pool4 4*4*256*512 + 256; upscore8 16*16*151*256 + 151
    expected = 14714688 + 102764544 + 16781312 + 618647 + 1237504 + 2097408 + 9896087
    assert sum(v.shape.num_elements() for v in tf.trainable_variables()) == expected


def test_full_size_takes_a_step_and_predicts():
    net = training_graph(NetConfig('fcn8s', 151))
    feed = {net.images: photos(32, 64), net.annotations: np.full((2, 32, 64), 5, np.uint8),
            net.encoder_rate: 1e-5, net.decoder_rate: 1e-5}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        loss, _ = session.run([net.loss, net.train], feed)
        ids, after, _ = session.run(net.validate, feed)
    assert ids.shape == (2, 32, 64) and ids.max() < 151
    assert loss == pytest.approx(np.log(151), rel=0.1)  # before training all classes are equally likely
    assert after < loss


def test_unknown_net_is_named_with_the_available_ones():
    with pytest.raises(ValueError, match="'fcn9s'.*fcn8s"):
        net_row('fcn9s')


def test_training_and_validation_share_their_variables():
    net = training_graph(NetConfig('fcn8s', CLASSES, THIN))
    assert len(net.variables) == 2 * 13 + 12 == len(tf.trainable_variables())


def test_dropout_is_off_in_validation():
    net = training_graph(NetConfig('fcn8s', CLASSES, THIN), StepOptions(keep_prob=0.1))
    feed = {net.images: photos(), net.annotations: np.ones((2, 64, 96), np.uint8),
            net.encoder_rate: 0., net.decoder_rate: 0.}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        first, training = session.run([net.validate, net.loss], feed)
        session.run(net.train, feed)  # a learning rate of 0: only the step, which seeds dropout, advances
        second, training_again = session.run([net.validate, net.loss], feed)
    assert first[1] == second[1] and training != training_again


@pytest.mark.parametrize('border, expected', [(0, 2 * 64 * 96 * 0.5), (255, 0.)])
def test_validation_returns_the_weight_of_the_pixels_that_count(border, expected):
    net = training_graph(NetConfig('fcn8s', CLASSES, THIN), ignored=(255,), class_weights=CLASSES * [0.5])
    feed = {net.images: photos(), net.annotations: np.full((2, 64, 96), border, np.uint8)}
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(net.validate[2], feed) == expected


@pytest.mark.parametrize('with_class_0, expected', [(True, [0, 2]), (False, [1, 2])])
def test_class_0_can_be_excluded_from_predictions(with_class_0, expected):
    logits = tf.constant([[[[3., 2., 1.], [0., 1., 2.]]]])
    assert run(predict_ids(logits, with_class_0))[0, 0].tolist() == expected


def test_net_accepts_any_size():
    logits, _ = build('fcn8s', tf.constant(photos(61, 75)), CLASSES, THIN)
    assert run(logits).shape == (2, 61, 75, CLASSES)


@pytest.mark.parametrize('name', [name for name, net in NETS.items() if net.reach])
def test_no_score_depends_on_a_pixel_beyond_the_reach(name):
    images = tf.placeholder(tf.float32, [1, 1024, 32, 3])
    logits, _ = build(name, images, CLASSES, THIN)
    around = slice(496, 528)  # each phase of a stride of 32
    gradient, = tf.gradients(tf.reduce_sum(logits[:, around, 16]), images)
    # positive, so that nothing cancels; sums that neither vanish nor reach the 6 at which MobileNet clips
    positive = [tf.assign(v, tf.random_uniform(v.shape, 0.3, 0.6) / np.prod(v.shape.as_list()[:-1]))
                for v in tf.trainable_variables()]
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        session.run(positive)
        gradient = session.run(gradient, {images: np.full(images.shape.as_list(), 200.)})
    rows = np.flatnonzero(np.abs(gradient[0]).sum(axis=(1, 2)))
    farthest = max(around.start - rows.min(), rows.max() - around.stop + 1)
    assert 200 < farthest <= NETS[name].reach
