"""Initializing the variables of a net."""
import subprocess
import sys

import numpy as np
import pytest
from project import PROJECT

from fcn8s.utils.tf1 import tf
from fcn8s.weights.restore import initialize
from TensorflowUtils import create_session


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def test_variables_start_as_their_initializers_say():
    wide = [3000]  # large enough for TensorFlow to make the value by an op
    starts = {'zeros': tf.zeros_initializer(), 'ones': tf.ones_initializer(), 'normal': tf.random_normal_initializer(),
              'seven': tf.constant_initializer(7.)}
    variables = [tf.get_variable(name, wide, initializer=start) for name, start in starts.items()]
    count = tf.get_variable('count', [], tf.int64, tf.zeros_initializer())
    with create_session() as session:
        initialize(session, variables + [count])
        zeros, ones, normal, seven, number = session.run(variables + [count])
    assert (zeros == 0).all() and (ones == 1).all() and (seven == 7).all() and number == 0
    assert 0.9 < np.std(normal) < 1.1


SLOTS = """
import os
from fcn8s.weights.restore import initialize
from TensorflowUtils import create_session, tf

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

megabytes = (50, 60, 70, 80)  # of different sizes, since equal ones would share a constant
with create_session(tf.Graph()) as session, session.graph.as_default():
    slots = [tf.get_variable(f'slot{n}', [n * 10**6 // 4], initializer=tf.zeros_initializer()) for n in megabytes]
    session.run(tf.constant(0))
    before = resident()
    initialize(session, slots)
    print((resident() - before) / (sum(megabytes) * 10**6))
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
def test_zeros_take_their_memory_once():
    done = subprocess.run([sys.executable, '-c', SLOTS], stdout=subprocess.PIPE, check=True, cwd=PROJECT)
    assert 0.9 < float(done.stdout) < 1.5
