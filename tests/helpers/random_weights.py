"""Random weights of thin nets, nothing zero."""
import numpy as np

from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names
from FCN_model import build

THIN, CLASSES = 1 / 16, 13


def random_weights(net):
    """{our name without scope: array} for a thin net."""
    with tf.Graph().as_default():
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), CLASSES, THIN)
        random = np.random.RandomState(1)
        return {v.op.name.split('/', 1)[1]: (0.1 * random.randn(*v.shape.as_list())).astype(np.float32)
                for v in tf.global_variables()}


def random_encoder(net):
    """{PyTorch's name: array as PyTorch stores it} for the encoder of a thin net."""
    arrays = {'inference/' + name: array for name, array in random_weights(net).items() if name.startswith('encoder/')}
    return {theirs: arrays[name].transpose(3, 2, 0, 1) if arrays[name].ndim == 4 else arrays[name]
            for name, theirs in torch_names(arrays).items()}
