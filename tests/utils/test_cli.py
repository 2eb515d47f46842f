"""Command lines: help, wrong flags and exit codes, as a user meets them."""
import io
import signal
import subprocess
import sys

import pytest
from absl import flags
from project import PROJECT
from scripts import fresh_flags

import FCN_export
import FCN_infer
import FCN_test
import FCN_train
from fcn8s.utils.cli import help_text, parse
from fcn8s.utils.errors import UsageError
from fcn8s.utils.script import run


@pytest.mark.parametrize('script', [FCN_train, FCN_test, FCN_infer, FCN_export])
def test_help_lists_every_flag(script, capsys):
    with pytest.raises(SystemExit) as stop:
        script.main([script.__name__ + '.py', '--help'])
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    assert all(f'--{name}\n' in shown for name in script.FLAGS)


def test_help_shows_defaults_and_groups():
    values = flags.FlagValues()
    flags.DEFINE_integer('size', 7, 'how large', flag_values=values, module_name='things')
    assert help_text(values) == '\nthings:\n  --size\n        how large (default: 7)'


@pytest.mark.parametrize('argument, named', [('--batch_sise=3', 'batch_sise'), ('--batch_size=0', 'batch_size'),
                                             ('--width=2', 'width'), ('--width=nan', 'width'),
                                             ('--learning_rate=inf', 'learning_rate=inf: expected a finite number'),
                                             ('--num_classes=1', 'num_classes')])
def test_wrong_flag_is_named(argument, named):
    with fresh_flags(FCN_train.FLAGS), pytest.raises(UsageError, match=named):
        parse(FCN_train.FLAGS, ['FCN_train.py', argument], '')


def test_second_command_line_keeps_nothing_of_the_first():
    with fresh_flags(FCN_infer.FLAGS) as values:
        parse(values, ['FCN_infer.py', '--softmax', '--fps=5', '--nopredict_class_0'], '')
        values.num_classes = 7  # as a script notes what it found
        parse(values, ['FCN_infer.py', '--view=ids'], '')
        assert (values.view, values.softmax, values.fps, values.predict_class_0) == ('ids', False, 25., True)
        assert values.num_classes is None and not values['fps'].present


@pytest.mark.parametrize('script', [FCN_train, FCN_test])
def test_what_belongs_to_no_flag_is_not_passed_over(script):
    with fresh_flags(script.FLAGS), pytest.raises(UsageError, match='^my_data: expected flags alone'):
        script.main(['FCN.py', 'my_data'])


def test_defaults_are_those_of_the_card():
    values = FCN_train.FLAGS
    defaults = {name: values[name].default for name in values}
    assert (defaults['net'], defaults['batch_size'], defaults['learning_rate']) == ('fcn8s', 2, 1e-5)
    assert (defaults['max_steps'], defaults['save_every'], defaults['validate_every']) == (100001, 500, 500)
    assert defaults['data_dir'].endswith('ADEChallengeData2016') and defaults['logs_dir'] == 'logs'
    assert FCN_test.TEST_NUM == FCN_test.FLAGS['test_num'].default == 100


def test_streams_of_a_notebook_will_do(monkeypatch):
    for name in ('stdout', 'stderr'):
        monkeypatch.setattr(sys, name, io.StringIO())  # which has no `reconfigure`, like a notebook's
    monkeypatch.setattr(signal, 'signal', lambda number, handler: None)
    with pytest.raises(SystemExit) as stop:
        run(lambda argv: 3)
    assert stop.value.code == 3


def test_user_error_is_a_message_without_a_traceback(tmp_path):
    done = subprocess.run([sys.executable, 'FCN_train.py', f'--data_dir={tmp_path / "none"}'], cwd=PROJECT,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('error: ') and str(tmp_path / 'none') in done.stderr
    assert 'Traceback' not in done.stderr
