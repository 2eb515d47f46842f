"""Imports only go down the layers of the project, and foreign packages do not get in the way."""
import ast
import os
import subprocess
import sys

import pytest
from project import PROJECT

FLOORS = [  # from the ground up; an import may stay on its floor or go down
    ['fcn8s.utils'], ['fcn8s.cluster'], ['fcn8s.data'], ['fcn8s.lettering', 'fcn8s.visualize'], ['fcn8s.sheet'],
    ['read_data', 'batch_reader'], ['fcn8s.devices', 'TensorflowUtils'], ['fcn8s.nets'],
    ['FCN_model'], ['fcn8s.weights'], ['fcn8s.config'],
    ['fcn8s.prediction'], ['fcn8s.evaluation'], ['fcn8s.exports'], ['fcn8s.training'], ['fcn8s.flags'],
    ['FCN_train', 'FCN_test', 'FCN_infer', 'FCN_export']]


def modules():
    """{module: path} of the scripts and of fcn8s."""
    paths = [name for name in os.listdir(PROJECT) if name.endswith('.py') and name != 'setup.py']
    for folder, _, names in os.walk(os.path.join(PROJECT, 'fcn8s')):
        paths += [os.path.relpath(os.path.join(folder, name), PROJECT) for name in names if name.endswith('.py')]
    return {path[:-len('.py')].replace(os.sep, '.'): os.path.join(PROJECT, path) for path in paths}


def floor(module):
    return next((number for number, names in enumerate(FLOORS) for name in names
                 if module == name or module.startswith(name + '.')), None)


def imports(path):
    """The names of imported modules and of their members, lazy imports included."""
    with open(path, encoding='utf-8') as file:
        for node in ast.walk(ast.parse(file.read())):
            if isinstance(node, ast.Import):
                yield from (name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f'{node.module}.{name.name}' for name in node.names)


def test_imports_go_down():
    upward = [f'{module} imports {name}' for module, path in modules().items() if floor(module) is not None
              for name in imports(path) if floor(name) is not None and floor(name) > floor(module)]
    assert upward == []


def test_every_module_has_a_floor():
    assert [module for module in modules() if floor(module) is None and not module.endswith('__init__')] == []


@pytest.mark.parametrize('script', FLOORS[-1])
def test_foreign_packages_do_not_get_in_the_way(tmp_path, script):
    for name in ('nets', 'inference', 'utils', 'data', 'weights', 'training', 'config', 'flags'):
        os.makedirs(str(tmp_path / name))
        (tmp_path / name / '__init__.py').write_text(f'raise ImportError("the foreign {name}")')
    done = subprocess.run([sys.executable, os.path.join(PROJECT, script + '.py'), '--help'], stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert done.returncode == 0 and done.stdout
