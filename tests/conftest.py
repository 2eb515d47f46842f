"""Puts the project's folder on the path, so that tests import the modules as the scripts do."""
import os
import sys

import pytest
from hypothesis import settings

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, PROJECT)
if 'PYTEST_XDIST_WORKER' in os.environ:  # a process a core: more threads than that only wait for each other
    os.environ.setdefault('TF_NUM_INTRAOP_THREADS', '1')

settings.register_profile('project', deadline=None)  # a busy machine is no defect
settings.load_profile('project')


@pytest.fixture(scope='session', autouse=True)
def float32_by_default():
    """Where a test says nothing of precision it is float32's, on processors with bfloat16 too."""
    from runs import precision
    from TensorflowUtils import use_version_1
    use_version_1()  # as the scripts do
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, 'cpu_flags', set)
        yield
