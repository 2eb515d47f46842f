"""Several workers of one training on the loopback, and the same training in towers of one process."""
import functools
import os

from processes import Script
from tiny_net import NETS

import FCN_train
from fcn8s.cluster.meeting import free_port
from fcn8s.training import workers
from fcn8s.utils.tf1 import tf

assert 'tiny_bn' in NETS  # importing tiny_net adds it


def start_team(folder, size, *arguments, own=None, timeout=30):
    """A list of `size` Scripts that train together; own: {rank: further arguments of this worker}."""
    port = free_port()
    return [Script(folder, 'train', *arguments, f'--worker_timeout={timeout}', f'--meeting_timeout={timeout}',
                   *(own or {}).get(rank, ()), before=functools.partial(_settle, rank, size, port))
            for rank in range(size)]


def wait_for(team):
    """Waits until all workers have ended well."""
    for worker in team:
        assert worker.wait() == 0, worker.shown


def train_in_towers(folder, towers, *arguments):
    """FCN_train on so many devices of the CPU, in a process of its own: threads of earlier sessions sum otherwise."""
    script = Script(folder, 'train', *arguments, before=functools.partial(_use_towers, towers))
    assert script.wait() == 0, script.shown


def variables(logs_dir, step):
    """{name: value} of a checkpoint, optimizer included."""
    reader = tf.train.load_checkpoint(os.path.join(str(logs_dir), f'model.ckpt-{step}'))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def _use_towers(towers):
    def open_session(graph, deterministic, num_gpus):
        return tf.Session(config=tf.ConfigProto(device_count={'CPU': towers}, intra_op_parallelism_threads=1,
                                                inter_op_parallelism_threads=1, allow_soft_placement=True))
    workers.create_session = open_session
    FCN_train.training_devices = lambda num_gpus: [f'/cpu:{n}' for n in range(towers)]


def _settle(rank, size, port):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(size))
