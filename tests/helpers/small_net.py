"""A net of two variables, to be saved and resumed."""
import numpy as np

from fcn8s.utils.tf1 import tf
from fcn8s.weights.saver import CheckpointSaver
from TensorflowUtils import create_session


class Net:
    """Two variables and a session, with a keeper of their checkpoints."""

    def __init__(self, logs_dir, shape=(2, 3), keep=5):
        self.logs_dir = str(logs_dir)
        graph = tf.Graph()
        with graph.as_default():
            self.weight = tf.get_variable('inference/W8', shape, initializer=tf.zeros_initializer())
            self.slot = tf.get_variable('inference/W8/Adam', shape, initializer=tf.zeros_initializer())
            self.saver = CheckpointSaver(self.logs_dir, [self.weight, self.slot], [self.weight], keep)
            self.session = create_session(graph)
            self.session.run(tf.global_variables_initializer())

    def set(self, value):
        for variable in (self.weight, self.slot):
            variable.load(np.full(variable.shape.as_list(), value, np.float32), self.session)

    def save(self, step):
        self.set(step)
        return self.saver.save(self.session, step)

    def value(self):
        return float(self.session.run(self.weight)[0, 0])
