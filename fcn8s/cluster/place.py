"""A process's place among the workers of a cluster, from the environment variables that its starter set.

    TF_CONFIG                                        Kubernetes' TFJob, and TensorFlow's own strategies
    MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE       torchrun, and FCN_train.py --workers
    SLURM_PROCID, SLURM_NTASKS, SLURM_STEP_NODELIST  srun
"""
import collections
import json
import os
import re

from fcn8s.utils.errors import UsageError

# rank: 0 to size - 1; size: number of workers; meeting: (host, port) where worker 0 listens; own: (host, port) of this
# worker's TensorFlow, None and 0 if they are to be found; source: the variables that said so, for messages
Place = collections.namedtuple('Place', 'rank size meeting own source')
ALONE = Place(0, 1, None, (None, 0), '')

TORCHRUN = ('MASTER_ADDR', 'MASTER_PORT', 'RANK', 'WORLD_SIZE')
SLURM = ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_STEP_NODELIST')
BATCH_STEPS = ('', 'batch', str(2 ** 32 - 5))  # SLURM_STEP_ID in a batch script itself, which is no task of srun
FIRST_PORT, PORTS = 20000, 12000  # below the ports that systems give to connections


def find_place(environment=os.environ):
    """The Place of this process; ALONE if no variable names a second worker. Raises UsageError for bad variables."""
    if environment.get('TF_CONFIG', '').strip():
        return _from_tf_config(environment['TF_CONFIG'])
    if 'WORLD_SIZE' in environment and 'RANK' in environment:
        return _from_torchrun(environment)
    if all(name in environment for name in SLURM) and environment.get('SLURM_STEP_ID', '') not in BATCH_STEPS:
        return _from_slurm(environment)
    return ALONE


def _from_tf_config(text):
    try:
        config = json.loads(text)
        jobs = {job: list(addresses) for job, addresses in config.get('cluster', {}).items()}
        task, index = config.get('task', {}).get('type', 'worker'), int(config.get('task', {}).get('index', 0))
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f'the environment variable TF_CONFIG cannot be read ({error}): {text!r}. Expected, for '
                         'example, {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", '
                         '"index": 0}}')
    unknown = sorted(set(jobs) - {'chief', 'master', 'worker'})
    if unknown:
        raise UsageError(f'TF_CONFIG names the job {unknown[0]!r}: expected "chief" and "worker" only. Every worker '
                         'holds the whole net here: there are no parameter servers and no evaluators.')
    members = [(job, number) for job in ('chief', 'master', 'worker') for number in range(len(jobs.get(job, ())))]
    if not members:
        return ALONE
    if (task, index) not in members:
        raise UsageError(f'TF_CONFIG gives this process the task {task} {index}, but its cluster has '
                         f'{", ".join(f"{job} {number}" for job, number in members)}.')
    addresses = [_address(jobs[job][number], 'TF_CONFIG') for job, number in members]
    rank = members.index((task, index))
    # the meeting takes worker 0's port, so its TensorFlow needs another
    return _place(rank, len(members), addresses[0], addresses[rank] if rank else (addresses[0][0], 0), 'TF_CONFIG')


def _from_torchrun(environment):
    rank, size = _whole(environment, 'RANK'), _whole(environment, 'WORLD_SIZE')
    if size == 1:
        return ALONE
    missing = [name for name in TORCHRUN if name not in environment]
    if missing:
        raise UsageError(f'RANK={rank} and WORLD_SIZE={size} are set, but {missing[0]} is not: set it to the '
                         f'{"host name" if missing[0] == "MASTER_ADDR" else "port"} at which worker 0 is to be met.')
    return _place(rank, size, (environment['MASTER_ADDR'], _whole(environment, 'MASTER_PORT')), (None, 0),
                  'RANK and WORLD_SIZE')


def _from_slurm(environment):
    rank, size = _whole(environment, 'SLURM_PROCID'), _whole(environment, 'SLURM_NTASKS')
    if size == 1:
        return ALONE
    job, step = (_whole(environment, name) if name in environment else 0 for name in ('SLURM_JOB_ID', 'SLURM_STEP_ID'))
    host = environment.get('MASTER_ADDR') or expand_hosts(environment['SLURM_STEP_NODELIST'])[0]
    port = _whole(environment, 'MASTER_PORT') if 'MASTER_PORT' in environment else \
        FIRST_PORT + (13 * job + step) % PORTS  # jobs and steps that share a node take different ports
    return _place(rank, size, (host, port), (None, 0), 'SLURM_PROCID and SLURM_NTASKS')


def _place(rank, size, meeting, own, source):
    if not 0 <= rank < size:
        raise UsageError(f'{source} say that this is worker {rank} of {size}: expected 0 to {size - 1}.')
    if not 0 < meeting[1] < 65536:
        raise UsageError(f'{source}: the port to meet at is {meeting[1]}, expected 1 to 65535.')
    return ALONE if size == 1 else Place(rank, size, meeting, own, source)


def expand_hosts(text):
    """SLURM's list of hosts, such as 'login,node[01-03,7]-ib' -> ['login', 'node01-ib', 'node02-ib', ...]."""
    hosts = []
    for part in re.findall(r'(?:[^,\[\]]|\[[^\]]*\])+', text):
        hosts += _expand(part)
    if not hosts:
        raise UsageError(f'SLURM_STEP_NODELIST={text!r} names no host.')
    return hosts


def _expand(part):
    match = re.match(r'([^\[]*)\[([^\]]*)\](.*)', part)
    if not match:
        return [part]
    start, numbers, rest = match.groups()
    found = []
    for item in numbers.split(','):
        first, _, last = item.partition('-')
        if not re.match(r'\d+(-\d+)?$', item):
            raise UsageError(f'SLURM_STEP_NODELIST holds [{numbers}]: expected numbers and ranges, such as [01-04,7].')
        found += [str(number).zfill(len(first)) for number in range(int(first), int(last or first) + 1)]
    return [start + number + end for number in found for end in _expand(rest)]


def _address(text, source):
    """'host:port' or '[IPv6]:port' -> (host, port)."""
    host, _, port = str(text).rpartition(':')
    if not host or not port.isdigit():
        raise UsageError(f'{source} holds the address {text!r}: expected host:port.')
    return host.strip('[]'), int(port)


def _whole(environment, name):
    try:
        return int(environment[name])
    except ValueError:
        raise UsageError(f'the environment variable {name} is {environment[name]!r}, expected a whole number.')
