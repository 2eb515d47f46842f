"""Each benchmark runs, its ratios are right, and the peers compute the same net and the same scores."""
import importlib
import sys

import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.compare import summary
from benchmarks.measure import last_json, spread, time_steps
from benchmarks.peers.plain_testing import count_pixels, scores
from benchmarks.peers.tf1_step import plain_net
from fcn8s.evaluation.metrics import confusion_matrix, per_image_scores
from fcn8s.utils.tf1 import tf
from FCN_model import build
from TensorflowUtils import create_session

SIZE = ['--height=64', '--width=96']
THIN = SIZE + ['--net_width=0.0625', '--num_classes=13', '--steps=2', '--precision=float32']
NUM_CLASSES, NET_WIDTH = 13, 1 / 16
with_torch = pytest.mark.skipif(importlib.util.find_spec('torch') is None, reason='torch is not installed')


@pytest.fixture
def run(monkeypatch, capsys):
    """Function (module of benchmarks, flags) -> what its main prints, and the JSON of its last line."""
    # a process of its own takes seconds to start
    monkeypatch.setattr(workloads, 'untrained_run', workloads.write_untrained)
    monkeypatch.setattr(workloads, 'assume_frozen_weights', lambda: None)  # here other tests train after it

    def run(module, *arguments):
        monkeypatch.setattr(sys, 'argv', [module] + list(arguments))
        assert not importlib.import_module('benchmarks.' + module).main()
        shown = capsys.readouterr().out
        return shown, last_json(shown)
    return run


@pytest.mark.parametrize('mode', ['infer', 'train'])
def test_step_reports_the_request_that_it_timed(run, mode):
    _, result = run('step', *THIN, f'--mode={mode}')
    asked = {'mode': mode, 'net': 'fcn8s', 'height': 64, 'width': 96, 'batch_size': 1, 'precision': 'float32',
             'steps': 2, 'num_classes': 13, 'net_width': 0.0625, 'xla': 'off'}
    assert {key: result[key] for key in asked} == asked
    assert result['versions']['tensorflow'] == tf.version.VERSION


@with_torch
def test_step_of_torch_runs(run):
    assert run('peers.torch_step', *THIN, '--mode=train')[1]['mode'] == 'train'


def test_the_comparison_goes_on_without_a_peer_that_fails(run):
    shown, result = run('compare', *THIN, '--mode=infer', '--rounds=1', '--torch_python=no_such_python')
    ours, plain = result['results']['ours float32'], result['results']['plain TensorFlow float32']
    assert ours['over_ours'] == 1
    assert plain['over_ours'] == pytest.approx(plain['median_seconds'] / ours['median_seconds'])
    assert 'no_such_python' in result['failures']['PyTorch float32']
    assert '| ours float32 |' in shown


def test_ratios_are_taken_within_a_round():
    def rounds(*medians):
        return [dict(spread([seconds]), first_seconds=1, cpu_seconds=1, peak_rss_mb=1, device='CPU',
                     precision='float32', versions={}) for seconds in medians]
    table = summary({'ours': rounds(1, 10, 100), 'peer': rounds(2, 40, 300)}, 'ours')  # in rounds 2, 4 and 3 times
    assert table['peer']['over_ours'] == 3


def test_the_profile_names_the_convolutions(run):
    shown, result = run('profile_step', *THIN, '--mode=train')
    # oneDNN's kind of op is called _MklNativeConv2DBackpropFilter, with a bias ...WithBias
    assert sum(milliseconds for kind, milliseconds in result['kinds'].items() if 'Conv2DBackpropFilter' in kind) > 0
    assert any(name.endswith('Conv2DBackpropFilter') for _, name, _ in result['ops'])
    assert 'by kind' in shown


def test_the_reader_is_timed_beside_two_others(run):
    _, result = run('reader', *SIZE, '--photos=8', '--rounds=1')
    assert result['ours_over_bare'] == pytest.approx(result['images_per_second'] / result['bare_images_per_second'])
    assert result['ours_over_plain'] == pytest.approx(result['images_per_second'] / result['plain_images_per_second'])


@pytest.mark.parametrize('mode', ['test', 'train'])
def test_the_shares_of_a_whole_step_add_up(run, mode):
    _, result = run('end_to_end', *THIN, f'--mode={mode}')
    for side in [result] + ([result['plain']] if mode == 'test' else []):
        assert sum(side['shares'].values()) == pytest.approx(1)
        assert side['shares']['net'] > 0


def test_first_step_is_kept_apart():
    ticks, cpu_ticks = iter([0, 5, 10, 12, 20, 23]), iter([0, 9, 9, 13, 13, 19])  # before and after each of three steps
    timing = time_steps(lambda: None, 2, clock=lambda: next(ticks), cpu_clock=lambda: next(cpu_ticks))
    assert timing == (5, [2, 3], [4, 6])


def test_plain_scoring_agrees_with_metrics():
    random = np.random.RandomState(0)
    truth, ids = random.randint(0, 5, (2, 20, 30))
    truth[truth == 3] = 4  # a class that is predicted, but not there
    matrix = count_pixels(truth, ids, 6)
    assert (matrix == confusion_matrix(truth, ids, 6)).all()
    np.testing.assert_allclose(scores(matrix), per_image_scores(matrix))


@pytest.fixture(scope='module')
def ours():
    """(photos, the net's arrays in the order of its layers, its scores)."""
    photos = np.random.RandomState(0).randint(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(3)
        logits, _ = build('fcn8s', tf.constant(photos), NUM_CLASSES, NET_WIDTH)
        session.run(tf.global_variables_initializer())
        biases = [v for v in tf.global_variables() if len(v.shape) == 1]
        session.run([tf.assign(v, tf.random.stateless_normal(v.shape, [7, i])) for i, v in enumerate(biases)])
        return photos, session.run(tf.global_variables()), session.run(logits)


def assert_same_scores(scores, expected):
    """Equal to a thousandth of the scores' size."""
    np.testing.assert_allclose(scores, expected, atol=1e-3 * np.abs(expected).max(), rtol=0)


def test_the_plain_graph_is_the_same_net(ours):
    photos, arrays, expected = ours
    with tf.Graph().as_default(), create_session() as session:
        logits = plain_net(tf, tf.constant(photos, tf.float32), 1., NUM_CLASSES, NET_WIDTH)
        for variable, array in zip(tf.global_variables(), arrays):
            variable.load(array, session)
        assert_same_scores(session.run(logits), expected)


@with_torch
def test_the_torch_net_is_the_same_net(ours):
    import torch

    from benchmarks.peers.torch_net import FCN8s
    photos, arrays, expected = ours
    net = FCN8s(NUM_CLASSES, NET_WIDTH).eval()
    with torch.inference_mode():
        for parameter, array in zip(net.parameters(), arrays):
            # both of [h, w, in, out] -> [out, in, h, w] and, transposed, of [h, w, out, in] -> [in, out, h, w]
            parameter.copy_(torch.from_numpy(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array))
        assert_same_scores(net(torch.from_numpy(photos)).permute(0, 2, 3, 1).numpy(), expected)
