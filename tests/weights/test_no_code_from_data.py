"""No file from elsewhere can make the project run code."""
import ast
import os

import pytest
from project import PROJECT

from fcn8s.utils.errors import UserError
from read_data import ensure_data_set

RUNS_CODE = {'eval', 'exec', 'compile', '__import__', 'execfile', 'exec_module', 'run_path', 'run_module', 'system',
             'popen', 'import_meta_graph', 'find_class'}
LOADERS = {'pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'marshal', 'shelve', 'yaml', 'jsonpickle'}
# the one unpickler, which admits names from a short list, and the one loader, of our own Data_zoo/<NAME>/prepare.py
ALLOWED = {(os.path.join('fcn8s', 'weights', 'safe_pickle.py'), 'pickle'),
           (os.path.join('fcn8s', 'weights', 'safe_pickle.py'), 'find_class'),
           ('read_data.py', 'exec_module')}
SAFE_ARGUMENT = {'numpy.load': ('allow_pickle', False), 'np.load': ('allow_pickle', False),
                 'torch.load': ('weights_only', True)}


def sources():
    """Paths of the project's Python files except its tests."""
    for folder, names, files in os.walk(PROJECT):
        names[:] = [name for name in names if not name.startswith('.') and name not in ('tests', 'node_modules')]
        yield from (os.path.join(folder, name) for name in files if name.endswith('.py'))


def dangers(text):
    """(line, what) of each call that may run code from a file, and of each import of a module that does."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names] + [getattr(node, 'module', None) or '']
            found += [(node.lineno, module) for module in modules if module.split('.')[0] in LOADERS]
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, 'id', getattr(node.func, 'attr', ''))
        whole = f'{getattr(getattr(node.func, "value", None), "id", "")}.{name}'
        if name in RUNS_CODE and whole != 're.compile':
            found.append((node.lineno, name))
        given = {keyword.arg: getattr(keyword.value, 'value', None) for keyword in node.keywords}
        if whole in SAFE_ARGUMENT and given.get(SAFE_ARGUMENT[whole][0]) is not SAFE_ARGUMENT[whole][1]:
            found.append((node.lineno, whole))
        if given.get('allow_pickle') is True or given.get('shell') is True or given.get('weights_only') is False:
            found.append((node.lineno, name))
    return found


def test_no_source_runs_code_from_a_file():
    found = []
    for path in sources():
        with open(path, encoding='utf-8') as file:
            relative = os.path.relpath(path, PROJECT)
            found += [(relative, line, what) for line, what in dangers(file.read()) if (relative, what) not in ALLOWED]
    assert found == []


@pytest.mark.parametrize('text', [
    'eval(x)', 'import pickle', 'from yaml import load', 'np.load(path)', 'np.load(path, allow_pickle=True)',
    'torch.load(path)', 'torch.load(path, weights_only=False)', 'subprocess.run(x, shell=True)', 'builtins.exec(x)',
    'spec.loader.exec_module(m)', 'import joblib', 'tf.train.import_meta_graph(path)', 'os.system(x)'])
def test_each_danger_is_found(text):
    assert dangers(text)


@pytest.mark.parametrize('text', ['re.compile(x)', 'np.load(path, allow_pickle=False)', 'json.load(file)',
                                  'torch.load(path, weights_only=True)', 'subprocess.run([x])'])
def test_harmless_code_is_not(text):
    assert dangers(text) == []


def test_prepare_py_beside_somebody_s_data_is_not_run(tmp_path):
    (tmp_path / 'prepare.py').write_text(f'open({str(tmp_path / "ran")!r}, "w").close()\ndef prepare(data_dir): pass\n')
    with pytest.raises(UserError, match='there is no folder'):
        ensure_data_set(str(tmp_path / 'data'))
    assert not (tmp_path / 'ran').exists()
