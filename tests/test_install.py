"""`pip install .` gives the package, complete, in any folder."""
import os
import shutil
import subprocess
import sys

import pytest
from project import PROJECT

PARTS = ('fcn8s', 'setup.py', 'pyproject.toml', 'requirements.txt', 'README.md', 'LICENSE', 'FCN_model.py',
         'TensorflowUtils.py', 'batch_reader.py', 'read_data.py', 'Data_zoo/MIT_SceneParsing/classes.csv')
USE = '''
import os
import fcn8s
from fcn8s import Segmenter, read_photo
from fcn8s.evaluation.report import HERE
from fcn8s.weights.published import CLASSES, MODEL_ZOO, published_config
assert fcn8s.__file__.startswith(os.environ["PYTHONPATH"]), fcn8s.__file__
assert MODEL_ZOO.startswith(os.path.expanduser("~")), MODEL_ZOO
print(open(os.path.join(HERE, "report.html")).readline() and len(open(CLASSES).readlines()), Segmenter.__name__)
'''


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """The folder into which a copy of the project was installed."""
    source, target = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('target')
    for part in PARTS:
        here, there = os.path.join(PROJECT, part), str(source / part)
        os.makedirs(os.path.dirname(there), exist_ok=True)
        (shutil.copytree if os.path.isdir(here) else shutil.copyfile)(here, there)
    subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', str(target),
                    str(source)], check=True)
    return str(target)


def test_segmenter_is_imported_from_any_folder(installed, tmp_path):
    done = subprocess.run([sys.executable, '-c', USE], cwd=str(tmp_path), stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONPATH=installed))
    assert done.returncode == 0
    assert done.stdout.split() == [b'152', b'Segmenter']  # a heading and 151 classes


def test_scripts_and_tests_are_not_installed(installed):
    assert {name for name in os.listdir(installed) if not name.endswith('.dist-info') and name != '__pycache__'} == {
        'fcn8s', 'FCN_model.py', 'TensorflowUtils.py', 'batch_reader.py', 'read_data.py'}


def test_type_checkers_are_told_of_the_types(installed):
    assert os.path.exists(os.path.join(installed, 'fcn8s', 'py.typed'))


def test_unknown_name_of_the_package_is_an_attribute_error():
    import fcn8s
    with pytest.raises(AttributeError, match="'fcn8s' has no attribute 'Segmentor'"):
        _ = fcn8s.Segmentor
