"""Puts the project's folder on the path, so that tests import the modules as the scripts do."""
import os
import sys

import pytest
from hypothesis import settings

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(TESTS), TESTS, os.path.join(TESTS, 'helpers'), os.path.join(TESTS, 'nets')]
if 'PYTEST_XDIST_WORKER' in os.environ:  # one process per core: more threads would only wait for each other
    os.environ.setdefault('TF_NUM_INTRAOP_THREADS', '1')

settings.register_profile('project', deadline=None)  # a busy machine is not a defect
settings.load_profile('project')


@pytest.fixture(scope='session', autouse=True)
def float32_by_default():
    """--precision=auto is float32 in tests, on processors with bfloat16 too."""
    from fcn8s import devices
    from fcn8s.utils.tf1 import use_version_1
    use_version_1()  # as the scripts do
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, 'cpu_flags', set)
        yield
