"""A loss that is not finite: the step is not applied, and the run stops, or skips it if asked to."""
import os

import numpy as np
import pytest
from image_files import save
from scripts import run_script, write_data_set
from tiny_net import TRAIN, encoder

import FCN_train
from fcn8s.training.steps import MAX_SKIPPED
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from FCN_model import NETS


def touchy(pixels, build):
    """The tiny net's encoder, but a black photo has features that are not finite; pixels are less 128."""
    end_points = encoder(pixels, build)
    return {'wide': end_points['wide'] + 0. * tf.log(tf.reduce_max(pixels) + 128.)}


@pytest.fixture(autouse=True)
def net(monkeypatch):
    monkeypatch.setitem(NETS, 'touchy', NETS['tiny']._replace(encoder=touchy))


@pytest.fixture
def data_dir(tmp_path):
    """Four training photos, of which p2 is black."""
    data_dir = write_data_set(tmp_path / 'data', size=(32, 32))
    save(os.path.join(data_dir, 'images', 'training', 'p2.png'), np.zeros((38, 28, 3), np.uint8))
    return data_dir


def train(data_dir, logs_dir, *arguments):
    """Trains on one photo after the other without dropout, so that each step depends on its photo alone."""
    return run_script(FCN_train, f'--data_dir={data_dir}', f'--logs_dir={logs_dir}', *(TRAIN + (
        '--net=touchy', '--batch_size=1', '--noshuffle', '--keep_prob=1', '--validate_every=1000') + arguments))


def variables(logs_dir, step):
    reader = tf.train.load_checkpoint(os.path.join(str(logs_dir), f'model.ckpt-{step}'))
    return {name: np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}


def test_run_stops_before_the_step_and_names_step_rate_and_photo(data_dir, tmp_path):
    with pytest.raises(UserError, match=r'not finite at step 2 \(loss nan, learning rate 0.001, batch \S*p2.png\)'):
        train(data_dir, tmp_path / 'logs', '--save_every=1')
    found = variables(tmp_path / 'logs', 2)
    assert found['global_step'] == 2 and all(np.isfinite(value).all() for value in found.values())
    assert not os.path.exists(str(tmp_path / 'logs' / 'model.ckpt-3.index'))


@pytest.mark.filterwarnings('ignore:overflow')
def test_step_whose_weights_are_not_finite_is_not_saved(data_dir, tmp_path):
    with pytest.raises(UserError, match='model.ckpt-1 is not written.*not finite'):  # 1e39 is infinite as a float32
        train(data_dir, tmp_path / 'logs', '--save_every=1', '--learning_rate=1e39')
    assert not [name for name in os.listdir(str(tmp_path / 'logs')) if 'ckpt' in name]


def test_steps_since_the_last_checkpoint_are_not_saved(data_dir, tmp_path):
    with pytest.raises(UserError, match='last checkpoint is unchanged'):
        train(data_dir, tmp_path / 'logs')
    assert not [name for name in os.listdir(str(tmp_path / 'logs')) if 'ckpt' in name]


def test_skipped_steps_change_nothing_but_the_step_count(data_dir, tmp_path):
    assert train(data_dir, tmp_path / 'logs', '--max_steps=12', '--skip_nonfinite') == 0  # steps 2, 6 and 10 are p2's
    for kind in ('images', 'annotations'):
        os.remove(os.path.join(data_dir, kind, 'training', 'p2.png'))
    assert train(data_dir, tmp_path / 'without', '--max_steps=9') == 0
    skipping, without = variables(tmp_path / 'logs', 12), variables(tmp_path / 'without', 9)
    assert skipping.pop('global_step') == 12 and without.pop('global_step') == 9
    for name, value in without.items():
        np.testing.assert_allclose(skipping[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_skipped_steps_are_named_and_counted(data_dir, tmp_path, capsys):
    train(data_dir, tmp_path / 'logs', '--max_steps=12', '--skip_nonfinite')
    shown, progress = capsys.readouterr()
    for step in (2, 6, 10):
        assert f'skipped: the loss or its gradient is not finite at step {step} ' in shown
    assert '3 steps were skipped: their loss or gradient was not finite' in shown
    assert ', 3 steps skipped' in progress


def test_skipped_steps_are_counted_in_tensorboard(data_dir, tmp_path):
    train(data_dir, tmp_path / 'logs', '--max_steps=12', '--skip_nonfinite')
    folder = str(tmp_path / 'logs' / 'train')
    counts = {event.step: value.simple_value for name in os.listdir(folder)
              for event in tf.train.summary_iterator(os.path.join(folder, name)) for value in event.summary.value
              if value.tag == 'steps_skipped'}
    assert counts == {0: 0, 10: 3}


def test_debug_reports_a_non_finite_step_as_usual(data_dir, tmp_path, capsys):
    # steps with histograms are 0, 10, ...
    save(os.path.join(data_dir, 'images', 'training', 'p0.png'), np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(UserError, match=r'not finite at step 0 .*p0.png'):
        train(data_dir, tmp_path / 'logs', '--debug')
    assert train(data_dir, tmp_path / 'logs', '--debug', '--skip_nonfinite', '--max_steps=3') == 0
    assert 'skipped: the loss or its gradient is not finite at step 0 ' in capsys.readouterr().out


def test_run_that_skips_resumes_where_it_ended(data_dir, tmp_path):
    train(data_dir, tmp_path / 'logs', '--max_steps=12', '--skip_nonfinite')
    for max_steps in (7, 12):
        train(data_dir, tmp_path / 'parts', f'--max_steps={max_steps}', '--skip_nonfinite')
    whole, parts = variables(tmp_path / 'logs', 12), variables(tmp_path / 'parts', 12)
    for name, value in whole.items():
        np.testing.assert_allclose(parts[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_run_that_only_skips_stops(data_dir, tmp_path):
    with pytest.raises(UserError, match=rf'not finite at step \d+.*as in the {MAX_SKIPPED - 1} steps before it'):
        train(data_dir, tmp_path / 'logs', '--learning_rate=1e30', '--skip_nonfinite', '--max_steps=1000')
