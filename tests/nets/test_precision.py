"""Nets in half precision against the same nets in float32."""
import json
import shutil

import numpy as np
import pytest
from scripts import run_script, write_data_set

import FCN_infer
import FCN_test
import FCN_train
from fcn8s.nets.train_op import INITIAL_SCALE, StepOptions, training_step
from fcn8s.utils.tf1 import tf
from FCN_model import NetConfig, build, build_scores, training_graph
from TensorflowUtils import create_session

THIN, CLASSES = 1 / 16, 13
IS_TF1 = tf.version.VERSION.startswith('1.')
HALVES = ['float16'] if IS_TF1 else ['float16', 'bfloat16']  # 1.15 has no bfloat16 layers
IMAGES = np.random.RandomState(0).randint(0, 256, (2, 64, 96, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        yield


@pytest.mark.parametrize('name', ['fcn8s', 'fcn8s_ade20k', 'resnet34_dilated16_psp', 'vgg16_dilated8_c1'])
@pytest.mark.parametrize('half', HALVES)
def test_half_precision_logits_are_those_of_float32_up_to_rounding(name, half):
    full, _ = build(name, IMAGES, CLASSES, THIN)
    rounded, points = build(name, IMAGES, CLASSES, THIN, precision=half)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        full, rounded = session.run([full, rounded])
    assert points['pool1' if 'pool1' in points else 'conv1'].dtype == half and rounded.dtype == np.float32
    full, rounded = full[..., 1:], rounded[..., 1:]
    # bfloat16 keeps 8 bits: a rounding is within 0.4 %, and some twenty layers follow each other
    assert 0 < np.abs(full - rounded).max() <= 0.05 * np.abs(full).max()


@pytest.mark.parametrize('half', HALVES)
def test_ids_in_half_precision_are_those_of_its_logits(half):
    scores, _ = build_scores('fcn8s', IMAGES, CLASSES, THIN, precision=half)
    with create_session() as session:
        session.run(tf.global_variables_initializer())
        logits, ids = session.run([tf.cast(scores.logits, tf.float32), scores.ids()])
    best, theirs = logits.max(axis=3), np.take_along_axis(logits, ids[..., None].astype(int), 3)[..., 0]
    # the two forms sum in different orders, so that near ties may fall to either
    assert (best - theirs).max() <= 0.02 * np.abs(logits).max() and (ids == logits.argmax(axis=3)).mean() > 0.9


@pytest.mark.parametrize('half', HALVES)
def test_weights_for_training_are_stored_in_float32(half):
    build('resnet34_dilated16_psp', IMAGES, CLASSES, THIN, precision=half)
    assert {variable.dtype.base_dtype for variable in tf.global_variables()} == {tf.float32}


@pytest.mark.parametrize('half', HALVES)
def test_kernels_for_prediction_are_stored_in_half_precision(half):
    build('resnet34_dilated16_psp', IMAGES, CLASSES, THIN, precision=half, master_weights=False)
    stored = {variable.op.name: variable.dtype.base_dtype for variable in tf.global_variables()}
    assert {dtype for name, dtype in stored.items() if '/bn' not in name and not name.startswith('bn')} == {
        tf.as_dtype(half)}
    assert {dtype for name, dtype in stored.items() if name.endswith('_variance')} == {tf.float32}


@pytest.mark.parametrize('half', HALVES)
def test_training_in_half_precision_follows_that_in_float32(half):
    curves = []
    for kind in ('float32', half):
        with tf.Graph().as_default(), create_session() as session:
            tf.set_random_seed(0)
            net = training_graph(NetConfig('fcn8s', CLASSES, THIN), StepOptions(keep_prob=1., precision=kind))
            session.run(tf.global_variables_initializer())
            feed = {net.images: IMAGES, net.annotations: IMAGES[..., 0] // 64, net.encoder_rate: 1e-3,
                    net.decoder_rate: 1e-3}
            losses = [session.run([net.loss, net.train], feed)[0] for _ in range(15)]
            # a step that is skipped because of float16's scale repeats the loss; compare applied steps
            curves.append([loss for loss, after in zip(losses, losses[1:]) if loss != after][:9])
    full, rounded = curves
    assert full[-1] < full[0] - 0.3
    np.testing.assert_allclose(rounded, full, rtol=0.1)


class ScaledSteps:
    """Steps on a loss, the float16 product of a weight and a factor, or a function of it."""

    def __init__(self, loss):
        self.weight = tf.get_variable('weight', initializer=tf.constant(1.))
        self.step = tf.train.get_or_create_global_step()
        self.factor = tf.placeholder(tf.float32, [])
        product = tf.cast(tf.cast(self.weight, tf.float16) * tf.cast(self.factor, tf.float16), tf.float32)
        taken = training_step(product if loss is None else loss(product), 0.5, 0.5, (), self.step,
                              StepOptions(precision='float16'))
        self.train, self.finite = taken.train, taken.finite
        self.scale, = (variable for variable in tf.global_variables() if variable.op.name.endswith('_loss_scale'))
        self.session = create_session()
        self.session.run(tf.global_variables_initializer())

    def __call__(self, factor):
        """(whether finite, weight, step, scale) after a step."""
        finite, _ = self.session.run([self.finite, self.train], {self.factor: factor})
        return (bool(finite),) + tuple(self.session.run([self.weight, self.step, self.scale]))


def test_overflow_halves_the_scale_and_skips_the_step():
    steps = ScaledSteps(None)
    assert steps(4.)[1:] == (1., 1, INITIAL_SCALE / 2)  # 4 * 2 ** 15 is more than float16 holds
    assert steps(4.)[1:] == (1., 2, INITIAL_SCALE / 4)
    finite, weight, step, scale = steps(1.)
    assert finite and weight == pytest.approx(0.5, abs=1e-4) and (step, scale) == (3, INITIAL_SCALE / 4)


def test_loss_that_is_not_finite_is_reported_at_any_scale():
    steps = ScaledSteps(tf.log)
    finite, weight, step, _ = steps(-1.)
    assert (finite, weight, step) == (False, 1., 0)


def test_gradient_that_is_infinite_at_every_scale_is_reported():
    steps = ScaledSteps(lambda product: tf.sqrt(product * 0.))  # slope inf at 0
    results = [steps(1.) for _ in range(17)]
    assert results[14][0] and results[14][3] == 1. and not results[15][0] and not results[16][0]
    assert results[16][1] == 1.


def test_scale_is_in_no_checkpoint():
    net = training_graph(NetConfig('fcn8s', CLASSES, THIN), StepOptions(precision='float16'))
    others = {variable.op.name for variable in tf.global_variables()} - {variable.op.name for variable in net.saved}
    assert len(others) == 2 and all(name.startswith('loss_scale/') for name in others)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """(data_dir, logs_dir) of a run trained for two steps in half precision."""
    folder = tmp_path_factory.mktemp('run')
    data_dir, logs_dir = write_data_set(folder / 'data', size=(32, 32)), str(folder / 'logs')
    assert train(data_dir, logs_dir, 2, HALVES[-1]) == 0
    return data_dir, logs_dir


def train(data_dir, logs_dir, steps, precision):
    return run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', '--width=0.0625',
                      '--pretrained=none', '--validate_every=100', '--batch_size=1', f'--max_steps={steps}',
                      f'--precision={precision}')


def test_precision_of_a_run_is_in_its_config(run):
    with open(run[1] + '/config.json') as file:
        assert json.load(file)['flags']['precision'] == HALVES[-1]


@pytest.mark.parametrize('steps, precision', [(3, 'float32'), (4, 'float16')])
def test_run_may_resume_in_another_precision(run, tmp_path, capsys, steps, precision):
    logs_dir = shutil.copytree(run[1], str(tmp_path / 'logs'))
    assert train(run[0], logs_dir, steps, precision) == 0
    shown = capsys.readouterr().out
    assert f', {precision}; net fcn8s' in shown and '(step 2)' in shown


def test_run_may_be_tested_in_another_precision(run, tmp_path):
    logs_dir = shutil.copytree(run[1], str(tmp_path / 'logs'))
    assert run_script(FCN_test, f'--logs_dir={logs_dir}', '--precision=float16') == 0
    with open(logs_dir + '/test/scores.json') as file:
        assert json.load(file)['predictions']['precision'] == 'float16'


def test_run_may_infer_in_another_precision(run, tmp_path, capsys):
    photo = run[0] + '/images/validation/p0.png'
    assert run_script(FCN_infer, f'--logs_dir={run[1]}', f'--output_dir={tmp_path}', '--precision=float16', photo) == 0
    assert 'float16; net fcn8s' in capsys.readouterr().out
