"""Long runs do not leak memory; `make soak` runs 2,000 steps of fcn8s and 2,000 photos."""
import ctypes
import sys

import pytest

if sys.platform != 'linux' or not hasattr(ctypes.CDLL(None), 'mallinfo2'):
    pytest.skip('needs glibc 2.33 or newer, which counts allocated bytes', allow_module_level=True)

from soak.memory import TOLERANCE, growth, infer, train


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp('memory'))


@pytest.fixture(scope='module')
def trained(folder):
    return train(folder, 400)


@pytest.mark.parametrize('kind', ['allocated', 'objects'])
def test_training_with_saves_and_validations_does_not_leak(trained, kind):
    assert max(trained) == 400 and getattr(growth(trained), kind) < getattr(TOLERANCE, kind)


@pytest.fixture(scope='module')
def inferred(folder, trained):
    return infer(folder, 300)


@pytest.mark.parametrize('kind', ['allocated', 'objects'])
def test_inference_does_not_leak(inferred, kind):
    assert max(inferred) == 300 and getattr(growth(inferred), kind) < getattr(TOLERANCE, kind)
