"""Writes the folder of a run whose net has not learned anything: `python benchmarks/untrained.py FOLDER NET ...`.

A net's time does not depend on its weights, and so Segmenter can be timed just as users run it. A process of its own
writes it, so that its memory is not counted as Segmenter's.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


from fcn8s.config import NetConfig, save_config
from fcn8s.data.classes import generic_classes
from fcn8s.utils.tf1 import tf, use_version_1
from fcn8s.weights.saver import CheckpointSaver
from FCN_model import build
from TensorflowUtils import create_session


def untrained_run(folder, net, num_classes, net_width):
    """Has a new process write the run into a folder; returns the folder."""
    subprocess.run([sys.executable, os.path.abspath(__file__), folder, net, str(num_classes), str(net_width)],
                   check=True)
    return folder


def main(folder, net, num_classes, net_width):
    """Writes a checkpoint and its config.json."""
    use_version_1()
    num_classes, net_width = int(num_classes), float(net_width)
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(0)
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), num_classes, net_width)
        session.run(tf.global_variables_initializer())
        CheckpointSaver(folder, tf.global_variables(), tf.global_variables()).save(session, 0)
    save_config(folder, NetConfig(net, num_classes, net_width, generic_classes(num_classes)), {})


if __name__ == '__main__':
    main(*sys.argv[1:])
