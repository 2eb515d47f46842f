"""Long runs do not use more and more memory; `make soak` has 2,000 steps of fcn8s and 2,000 photos."""
import sys

import pytest

if sys.platform != 'linux':
    pytest.skip('reads /proc', allow_module_level=True)

from soak.memory import TOLERANCE, growth, infer, train


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp('memory'))


@pytest.fixture(scope='module')
def trained(folder):
    return train(folder, 400)


def test_training_with_its_saves_and_validations_stays_within_its_memory(trained):
    assert trained[-1][0] == 400 and growth(trained) < TOLERANCE


def test_inference_stays_within_its_memory(folder, trained):
    memory = infer(folder, 300)
    assert memory[-1][0] == 300 and growth(memory) < TOLERANCE
