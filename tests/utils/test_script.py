"""What every script does around its main: exit codes, closed pipes, Ctrl-C, missing packages."""
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from image_files import save
from project import PROJECT

from fcn8s.utils import packages
from fcn8s.utils.errors import UsageError, UserError
from fcn8s.utils.script import CLOSED_PIPE, interrupts_heard, run

SCRIPTS = ('FCN_train.py', 'FCN_test.py', 'FCN_infer.py', 'FCN_export.py', 'FCN_model.py', 'read_data.py',
           'Data_zoo/CamVid/prepare.py', 'Data_zoo/SampleScenes/prepare.py', 'Data_zoo/colour_masks.py')


def started(*command, **options):
    return subprocess.Popen([sys.executable] + list(command), cwd=PROJECT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, universal_newlines=True, **options)


def raising(error):
    def main(argv):
        raise error
    return main


@pytest.fixture
def code_of(monkeypatch):
    """The code with which run(main) exits."""
    monkeypatch.setattr(signal, 'signal', lambda number, handler: None)
    for name in ('stdout', 'stderr'):  # which run replaces
        monkeypatch.setattr(sys, name, getattr(sys, name))

    def code_of(main):
        with pytest.raises(SystemExit) as stop:
            run(main)
        return stop.value.code
    return code_of


@pytest.mark.parametrize('error, expected', [
    (UserError('no such file'), 1), (UsageError('no such flag'), 2), (KeyboardInterrupt(), 130), (SystemExit(143), 143),
    (ModuleNotFoundError("No module named 'h5py'", name='h5py'), 1)])
def test_what_ends_a_script_has_its_code(code_of, error, expected):
    assert code_of(raising(error)) == expected


def test_defect_keeps_its_traceback(monkeypatch):
    for name in ('stdout', 'stderr'):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(signal, 'signal', lambda number, handler: None)
    with pytest.raises(ModuleNotFoundError):
        run(raising(ModuleNotFoundError("No module named 'filse'", name='filse')))


@pytest.mark.parametrize('flag', ['--width=2', '--batch_sise=3', '--net=fcn9', '--scales=x', 'my_data'])
def test_wrong_flag_exits_as_usage_errors_do(flag):
    script = 'FCN_test.py' if flag.startswith('--scales') else 'FCN_train.py'
    process = started(script, flag)
    assert process.communicate()[1].startswith('error: ') and process.returncode == 2


def test_help_says_what_the_exit_codes_mean():
    assert 'exit codes: 0 done' in started('FCN_infer.py', '--help').communicate()[0]


@pytest.mark.skipif(not hasattr(signal, 'SIGPIPE'), reason='Windows has no such pipes')
def test_closed_pipe_is_no_traceback(tmp_path):
    names = [''.join(f'class {i}' * 99) for i in range(200)]  # more than a pipe holds
    for kind in ('images', 'annotations'):
        for split in ('training', 'validation'):
            (tmp_path / kind / split).mkdir(parents=True)
            save(str(tmp_path / kind / split / 'a.png'), np.zeros((8, 8), np.uint8))
    (tmp_path / 'classes.csv').write_text('index,name,red,green,blue\n' + ''.join(
        f'{i},{name},{i},0,0\n' for i, name in enumerate(names)))
    process = started('read_data.py', str(tmp_path))
    assert process.stdout.readline().startswith('training')
    process.stdout.close()
    shown = process.stderr.read()
    assert process.wait() == CLOSED_PIPE == 141 and 'Traceback' not in shown and 'BrokenPipe' not in shown


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such signal')
@pytest.mark.parametrize('script', SCRIPTS)
def test_ctrl_c_during_imports_is_no_traceback(tmp_path, script):
    # numpy is imported by all, after fcn8s.utils.script.start and before main
    (tmp_path / 'numpy').mkdir()
    (tmp_path / 'numpy' / '__init__.py').write_text('print("importing", flush=True)\nimport time\ntime.sleep(60)\n')
    process = started(script, env=dict(os.environ, PYTHONPATH=str(tmp_path)),
                      preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    for line in process.stdout:  # FCN_model.py has a line before TensorFlow imports numpy
        if line == 'importing\n':
            break
    process.send_signal(signal.SIGINT)
    assert process.communicate() == ('', 'stopped\n') and process.returncode == 130


@pytest.mark.parametrize('swallow', [False, True])
def test_interrupt_that_an_import_turns_into_another_error_or_none_is_heard(swallow):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_heard():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):
                    pass
            except KeyboardInterrupt:
                if not swallow:
                    raise ImportError('numpy could not be imported')
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize('script', SCRIPTS)
def test_missing_packages_are_named_with_the_command_that_installs_them(script):
    process = started('-S', script)  # without site-packages
    shown = process.communicate()[1]
    assert process.returncode == 1
    assert shown.startswith('error: numpy, pillow, absl-py, tqdm, imageio, matplotlib are not installed for ')
    assert f'{sys.executable} -m pip install "numpy>=1.18,' in shown and 'Traceback' not in shown


def test_too_old_package_is_named_with_what_is_needed(tmp_path):
    (tmp_path / 'Pillow-8.4.0.dist-info').mkdir()
    process = started('read_data.py', '.', env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    shown = process.communicate()[1]
    assert process.returncode == 1
    assert shown.startswith('error: pillow 8.4.0 is too old: at least 9.1 is needed for ')
    assert '-m pip install "pillow>=9.5,' in shown


@pytest.mark.parametrize('name', ['imageio-2.9.0.dist-info', 'imageio-2.9.0-py3.7.egg-info', 'ImageIO-2.9.0.egg-info',
                                  'imageio-2.9.0rc1.dist-info'])
def test_version_is_read_from_the_records_that_there_are(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, 'path', [str(tmp_path)] + sys.path)
    assert 'imageio 2.9.0 is too old' in packages.unusable()


def test_nothing_is_wrong_here():
    assert packages.unusable() is None
