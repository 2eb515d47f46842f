"""Photos and annotations with random damage give images or ImageErrors, but no crash and no hang."""
import os
import subprocess
import sys

import pytest
from project import PROJECT

SECONDS = 8  # `make soak` takes 10 minutes
FUZZ = os.path.join(PROJECT, 'tests', 'soak', 'fuzz_images.py')


@pytest.mark.skipif(os.name == 'nt', reason='Windows does not limit the memory of a process')
def test_damaged_files_give_images_or_image_errors():
    done = subprocess.run([sys.executable, FUZZ, str(SECONDS)], env=dict(os.environ, PYTHONPATH=PROJECT),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
