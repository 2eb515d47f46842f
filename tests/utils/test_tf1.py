"""TensorFlow is imported at its first use, and its absence is explained."""
import os
import re
import subprocess
import sys

import pytest
from project import PROJECT
from scripts import write_data_set

from fcn8s.utils import tf1

WITHOUT_TENSORFLOW = """
import runpy, sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name == 'tensorflow' else find(name, *more))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.mark.parametrize('script', ['FCN_train.py', 'FCN_model.py'])
def test_missing_tensorflow_is_told_with_the_pythons_that_have_it(tmp_path, script):
    arguments = [f'--data_dir={write_data_set(tmp_path / "data")}', f'--logs_dir={tmp_path / "logs"}']
    done = subprocess.run([sys.executable, '-c', WITHOUT_TENSORFLOW, script] + arguments, cwd=PROJECT,
                          stderr=subprocess.PIPE, text=True)
    here = 'Python {}.{}'.format(*sys.version_info)
    assert done.returncode == 1
    assert re.match(rf'error: TensorFlow is not installed for \S+, which is {here}\. It exists for Python 3\.10 to '
                    r'3\.13, and for 3\.7\. .*pip install -r requirements-cpu\.txt', done.stderr), done.stderr


def test_too_old_tensorflow_is_told_with_its_version(tmp_path):
    package = tmp_path / 'tensorflow'
    package.mkdir()
    (package / '__init__.py').write_text("__version__ = '1.4.0'")
    done = subprocess.run([sys.executable, 'FCN_model.py'], cwd=PROJECT, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert done.returncode == 1
    assert done.stderr.startswith('error: TensorFlow 1.4.0 is too old: 1.15 or 2.21 is needed.')


def test_what_fails_within_tensorflow_keeps_its_error(monkeypatch):
    def fail(name):
        raise ModuleNotFoundError("No module named 'google.protobuf'", name='google.protobuf')

    monkeypatch.setattr(tf1.importlib, 'import_module', fail)
    with pytest.raises(ModuleNotFoundError, match='protobuf'):
        tf1._LazyTensorflow('tf').Graph()


def test_import_does_not_load_tensorflow():
    code = ('import sys, FCN_train, FCN_test, FCN_infer, FCN_export, FCN_model, batch_reader, TensorflowUtils; '
            'sys.exit("tensorflow" in sys.modules)')
    subprocess.run([sys.executable, '-c', code], check=True, cwd=PROJECT)
