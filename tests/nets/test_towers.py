"""Several devices that share a batch take the same steps as one; a process may have several CPU devices."""
import numpy as np
import pytest
from scripts import run_script

import FCN_train
from fcn8s.nets.layers import CHANGES
from fcn8s.nets.train_op import StepOptions, in_towers, training_step
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from FCN_model import NetConfig, training_graph

THIN, CLASSES = 1 / 16, 5
RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (4, 32, 64, 3)).astype(np.uint8)
ANNOTATIONS = RANDOM.randint(0, CLASSES, (4, 32, 64)).astype(np.uint8)
ANNOTATIONS[0] = 255  # so that the parts of a batch differ in the number of pixels that count
TWO = ['/cpu:0', '/cpu:1']


def open_session():
    return tf.Session(config=tf.ConfigProto(device_count={'CPU': 2}, allow_soft_placement=True))


def after_two_steps(net, fix_bn, keep_prob, where):
    """(losses and accuracies of two steps, {name: value} of the variables after them) from the same start."""
    with tf.Graph().as_default(), open_session() as session:
        tf.set_random_seed(0)
        options = StepOptions(keep_prob=keep_prob, fix_bn=fix_bn)
        graph = training_graph(NetConfig(net, CLASSES, THIN), options, devices=where)
        session.run(tf.global_variables_initializer())
        feed = {graph.images: IMAGES, graph.annotations: ANNOTATIONS, graph.encoder_rate: 1e-3,
                graph.decoder_rate: 1e-3}
        figures = [session.run([graph.loss, graph.progress['pixel_accuracy'], graph.train], feed)[:2] for _ in 'ab']
        return figures, session.run({variable.op.name: variable for variable in graph.variables})


@pytest.mark.parametrize('net, fix_bn', [('fcn8s', False), ('resnet34_dilated16_c1', True)])
def test_two_devices_take_the_same_steps_as_one(net, fix_bn):
    figures, ours = after_two_steps(net, fix_bn, 1., TWO)
    expected_figures, expected = after_two_steps(net, fix_bn, 1., [None])
    np.testing.assert_allclose(figures, expected_figures, rtol=1e-4)
    assert figures[1][0] < figures[0][0]
    for name, value in expected.items():
        # Adam divides by the gradient's size, so of a small gradient mostly the rounding remains
        np.testing.assert_allclose(ours[name], value, rtol=1e-3, atol=2e-4, err_msg=name)


def test_both_devices_compute_forwards_and_backwards():
    training_graph(NetConfig('fcn8s', CLASSES, THIN), devices=TWO)
    for part in ('inference', 'gradients/'):
        found = [op.device for op in tf.get_default_graph().get_operations()
                 if op.type.startswith('Conv2D') and op.name.startswith(part)]
        assert {device for device in found if device} == {'/device:CPU:0', '/device:CPU:1'}


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def test_each_device_has_its_number_and_an_equal_part():
    towers = in_towers(lambda number, x: (tf.constant(number), x), TWO, tf.range(6))
    with open_session() as session:
        assert [(number, part.tolist()) for number, part in session.run(towers)] == [(0, [0, 1, 2]), (1, [3, 4, 5])]


def test_dropout_differs_between_devices(monkeypatch):
    seeds = []
    monkeypatch.setattr('fcn8s.nets.layers.dropout', lambda x, keep_prob, seed, whole_channels: seeds.append(seed) or x)
    training_graph(NetConfig('fcn8s', CLASSES, THIN), StepOptions(seed=7), devices=TWO)
    with open_session() as session:
        session.run(tf.train.get_global_step().initializer)
        found = [tuple(seed) for seed in session.run(seeds)]
    assert len(set(found)) == 2 * 2  # fc6 and fc7 of each


def test_moving_averages_follow_the_mean_over_the_devices():
    weight = tf.get_variable('weight', initializer=tf.constant([1.]))
    average = tf.get_variable('average', initializer=tf.constant([10.]), trainable=False)

    def tower(number, x):
        tf.add_to_collection(CHANGES, (average, x))
        return tf.reduce_sum(weight)

    losses = in_towers(tower, TWO, tf.constant([1., 2.]))
    train = training_step(sum(losses), 0.1, 0.1, set(), tf.train.get_or_create_global_step(), towers=2).train
    with open_session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(average).tolist() == [10 - 1.5]


def test_training_checks_its_gpus_first(tmp_path):
    with pytest.raises(UserError, match='--num_gpus=3'):
        run_script(FCN_train, f'--data_dir={tmp_path}', '--num_gpus=3')
