"""Photos and annotations with bytes changed at random give images or ImageErrors, no crash and no hang."""
import os
import subprocess
import sys

import pytest
from project import PROJECT

SECONDS = 8  # `make soak` takes 10 minutes
FUZZ = os.path.join(PROJECT, 'tests', 'soak', 'fuzz_images.py')


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no limit on the memory of a process')
def test_nothing_but_images_and_image_errors_comes_of_changed_bytes():
    done = subprocess.run([sys.executable, FUZZ, str(SECONDS)], env=dict(os.environ, PYTHONPATH=PROJECT),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
