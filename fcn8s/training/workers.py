"""Training in several workers: what they compare when they meet, their sessions, and who writes."""
import contextlib
import hashlib
import os

from fcn8s.cluster.meeting import meet
from fcn8s.cluster.place import ALONE
from fcn8s.config import check_same_run, save_config
from fcn8s.nets.all_sum import JOB, Group, broadcast
from fcn8s.training.log import TrainingLog
from fcn8s.training.steps import ProgressBar
from fcn8s.utils.errors import UserError
from fcn8s.utils.lock import folder_lock
from fcn8s.utils.packages import PROJECT
from fcn8s.utils.script import SharedStop, StopSignal
from fcn8s.utils.tf1 import tf
from fcn8s.weights.restore import initialize
from TensorflowUtils import create_session, session_config

# these may differ between workers: where things are, and how fast they are read
OWN_FLAGS = ('data_dir', 'list', 'logs_dir', 'model_dir', 'init_from', 'pretrained', 'class_weights', 'read_threads',
             'workers', 'meeting_timeout', 'worker_timeout')
LOOKED_AT = 1000  # files of a data set whose sizes are compared


def join(place, flag_values, net, training, validation):
    """The Team of a Place, whose workers all train the same; see fcn8s.cluster.meeting.meet.

    flag_values: {name: value}; net: NetConfig; training, validation: Datasets.
    """
    if place == ALONE:
        return meet(place, {}, 0, 0)
    print(f'worker {place.rank} of {place.size} (by {place.source}) meets the others at '
          f'{place.meeting[0]}, port {place.meeting[1]}')
    return meet(place, facts_of(flag_values, net, training, validation), flag_values['meeting_timeout'],
                flag_values['worker_timeout'])


def facts_of(flag_values, net, training, validation):
    """{name: text} of all that must be the same in every worker of a run."""
    facts = {'TensorFlow': tf.version.VERSION, 'the code': _digest(_code()),
             'the class list': _digest([f'{c.index} {c.name}' for c in net.classes])}
    for name, value in sorted(flag_values.items()):
        if name not in OWN_FLAGS and not name.startswith('help') and name != '?':
            facts['--' + name] = str(value)
    for split, dataset in (('training', training), ('validation', validation)):
        facts[f'the {split} data'] = f'{len(dataset.records)} photos, {_digest(_files(dataset.records))}'
    return facts


def open_session(team, precision, deterministic, num_gpus):
    """A session of this worker; alone it is create_session's. Raises UserError if its address is taken."""
    if team.size == 1:
        return create_session(None, deterministic, num_gpus)
    config = session_config(deterministic, num_gpus)
    config.experimental.collective_group_leader = f'/job:{JOB}/replica:0/task:0'
    config.device_filters.append(f'/job:{JOB}/task:{team.rank}')
    if precision == 'bfloat16':  # a server checks the ops that the remapper fuses before they are placed, and refuses
        config.graph_options.rewrite_options.remapping = config.graph_options.rewrite_options.OFF
    try:
        server = tf.train.Server(tf.train.ClusterSpec({JOB: team.addresses}), JOB, team.rank, config=config)
    except tf.errors.OpError as error:
        raise UserError(f"worker {team.rank}: TensorFlow's server cannot listen at {team.addresses[team.rank]}: "
                        f'{error.message}. Is the address taken?')
    team.gather(None)  # all servers are there
    session = tf.Session(server.target, config=config)
    session.server = server  # which must live as long
    return session


def group_of(team, deterministic):
    """The Group for the graph."""
    return Group(team.rank, team.size, deterministic)


def start(session, graph, checkpoints, team, load_initial):
    """Restores the last checkpoint, or calls load_initial() for a new run; returns the step reached.

    graph: a TrainingGraph; checkpoints: a CheckpointSaver. Worker 0 does so, and gives the others what it has.
    """
    initialize(session, tf.global_variables())
    if team.rank == 0:
        resumed = checkpoints.resume(session)
        checkpoints.check_space()
        if resumed:
            print(f'resuming from {resumed} (step {int(session.run(graph.step))})')
        else:
            load_initial()
    if team.size > 1:
        session.run(broadcast(graph.saved, group_of(team, False)))
    return int(session.run(graph.step))


def stop_signal(team):
    """The StopSignal of a run."""
    return StopSignal() if team.size == 1 else SharedStop()


class Silent:
    """Stands for what worker 0 alone has, such as a log: every method does nothing and returns None."""

    def __getattr__(self, name):
        return lambda *arguments, **options: None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


@contextlib.contextmanager
def open_logs(team, logs_dir, net):
    """Yields logs_dir, locked for a run of a NetConfig, to worker 0, which alone writes and prints; else a Silent."""
    if team.rank == 0:
        with folder_lock(logs_dir) as locked:
            check_same_run(logs_dir, net)
            yield locked
    else:
        with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
            yield Silent()


def open_log(team, logs_dir, step, net, flag_values):
    """The TrainingLog of a run from `step` on, beside its config.json, for worker 0; else a Silent.

    config.json is written only now, so that a failed start does not touch an earlier run.
    """
    if team.rank:
        return Silent()
    log = TrainingLog(logs_dir, step)
    save_config(logs_dir, net, flag_values)
    return log


def open_bar(team, *progress):
    """The ProgressBar of worker 0, made of `progress`; else a Silent."""
    return Silent() if team.rank else ProgressBar(*progress)


def _code():
    """The project's own Python files: their contents, in the order of their names."""
    paths = [os.path.join(PROJECT, name) for name in os.listdir(PROJECT)]
    for folder, _, names in os.walk(os.path.join(PROJECT, 'fcn8s')):
        paths += [os.path.join(folder, name) for name in names]
    for path in sorted(path for path in paths if path.endswith('.py')):
        with open(path, 'rb') as file:
            yield file.read().replace(b'\r\n', b'\n')


def _files(records):
    """Names of all files of Records, and sizes of some."""
    for number, record in enumerate(records):
        for path in record:
            yield os.path.basename(path)
            if number % (len(records) // LOOKED_AT + 1) == 0:
                yield str(os.path.getsize(path)) if os.path.exists(path) else 'missing'


def _digest(parts):
    """A short digest of texts or bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode('utf-8', 'surrogateescape'))
        digest.update(b'\0')
    return digest.hexdigest()[:12]
