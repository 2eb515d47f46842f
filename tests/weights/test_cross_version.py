"""A checkpoint moves between TensorFlow 1.15 and 2.x: the same logits to 1e-4, in both directions.

Runs where the other TensorFlow is installed: .venv37 beside .venv, as `make test-tf1` makes it.
"""
import os
import subprocess
import sys

import numpy as np
import pytest
from project import PROJECT

OTHER = os.path.join(PROJECT, '.venv' if sys.version_info[:2] == (3, 7) else '.venv37', 'bin', 'python')
pytestmark = pytest.mark.skipif(not os.path.exists(OTHER), reason='the other TensorFlow is not installed in ' + OTHER)

PROGRAM = '''
import sys
import numpy as np
from FCN_model import build
from TensorflowUtils import create_session, tf
task, prefix, out = sys.argv[1:]
images = np.random.RandomState(0).randint(0, 256, (1, 64, 96, 3)).astype(np.uint8)
with tf.Graph().as_default(), create_session() as session:
    tf.set_random_seed(3)
    logits, _ = build('fcn8s', tf.constant(images), 13, 1 / 16)
    if task == 'write':
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix)
    else:
        tf.train.Saver().restore(session, prefix)
    np.save(out, session.run(logits))
'''


@pytest.mark.parametrize('writer, reader', [(sys.executable, OTHER), (OTHER, sys.executable)])
def test_checkpoint_gives_the_same_logits_on_the_other_tensorflow(tmp_path, writer, reader):
    prefix, logits = str(tmp_path / 'model.ckpt'), []
    for python, task in ((writer, 'write'), (reader, 'read')):
        out = str(tmp_path / (task + '.npy'))
        subprocess.run([python, '-c', PROGRAM, task, prefix, out], check=True, cwd=PROJECT, stderr=subprocess.PIPE)
        logits.append(np.load(out, allow_pickle=False))
    assert np.abs(logits[0]).max() > 0.01
    np.testing.assert_allclose(logits[1], logits[0], atol=1e-4)
