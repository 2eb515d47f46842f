"""The one place that imports TensorFlow: its version 1 API, at first use and quietly.

    from fcn8s.utils.tf1 import tf
"""
import contextlib
import importlib
import os
import sys
import tempfile
import types
import warnings

from fcn8s.utils.errors import UserError
from fcn8s.utils.script import interrupts_heard


class _LazyTensorflow(types.ModuleType):
    """tensorflow.compat.v1, imported at first use, so that --help and data checks need not wait seconds for it."""

    def __getattr__(self, name):
        if name.startswith('__'):  # inspecting the module is not using it
            raise AttributeError(name)
        os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')  # errors only, unless the user asked for more
        with interrupts_heard(), warnings.catch_warnings(), quiet_stderr():
            warnings.simplefilter('ignore')  # harmless: 1.15 uses dtype aliases that numpy has deprecated
            module = _import_tensorflow()
        module.logging.set_verbosity(module.logging.ERROR)
        if _wants_version_1:
            module.disable_v2_behavior()
        self.__dict__.update(vars(module))
        return getattr(module, name)


def _import_tensorflow():
    """Return tensorflow.compat.v1. Raises UserError if TensorFlow is not installed; any other error passes through."""
    try:
        return importlib.import_module('tensorflow.compat.v1')
    except ModuleNotFoundError as error:
        if error.name in ('tensorflow.compat', 'tensorflow.compat.v1'):
            version = importlib.import_module('tensorflow').__version__
            raise UserError(f'TensorFlow {version} is too old: 1.15 or 2.21 is needed. '
                            f'{sys.executable} -m pip install -r requirements-cpu.txt') from error
        if error.name != 'tensorflow':
            raise
        raise UserError(
            f'TensorFlow is not installed for {sys.executable}, which is Python {sys.version_info[0]}.'
            f'{sys.version_info[1]}. It exists for Python 3.10 to 3.13, and for 3.7. With one of these: '
            'python3.12 -m venv .venv; .venv/bin/python -m pip install -r requirements-cpu.txt (requirements.txt where '
            'there is an NVIDIA GPU); then start the script with .venv/bin/python.') from error


@contextlib.contextmanager
def quiet_stderr():
    """Hides native stderr output unless an exception is raised: no log level silences oneDNN's greeting."""
    try:
        sys.stderr.flush()
        stderr = os.dup(2)
    except (AttributeError, OSError):  # no stderr
        yield
        return
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except Exception:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


tf = _LazyTensorflow('tf')
_wants_version_1 = []


def use_version_1():
    """Switches off TensorFlow 2 behaviour, eager execution included, for the whole process. For scripts only.

    It takes effect at the first use of tf.
    """
    if not _wants_version_1:
        _wants_version_1.append(True)
        if 'disable_v2_behavior' in vars(tf):  # in use already
            tf.disable_v2_behavior()
