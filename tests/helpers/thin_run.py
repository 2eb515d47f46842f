"""The folder of a run whose thin net has not learned anything yet, and inference with it."""
import functools

from scripts import run_script

import FCN_infer
from fcn8s.config import NetConfig, save_config
from fcn8s.data.classes import generic_classes
from fcn8s.utils.tf1 import tf
from fcn8s.weights.saver import CheckpointSaver
from FCN_model import build
from TensorflowUtils import create_session


def write_run(folder, net='fcn8s', num_classes=5, width=1 / 16):
    """logs_dir of such a run."""
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(1)
        build(net, tf.placeholder(tf.uint8, [None, None, None, 3]), num_classes, width)
        session.run(tf.global_variables_initializer())
        CheckpointSaver(str(folder), tf.global_variables(), tf.global_variables()).save(session, 0)
    save_config(str(folder), NetConfig(net, num_classes, width, generic_classes(num_classes)), {})
    return str(folder)


def inference(logs_dir, output_dir):
    """Function that runs FCN_infer with a run's net into a folder; takes its further arguments."""
    return functools.partial(run_script, FCN_infer, f'--logs_dir={logs_dir}', f'--output_dir={output_dir}')
