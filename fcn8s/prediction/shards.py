"""Shards: the part of all photos that one of several processes segments."""
import collections
import os

from fcn8s.utils.errors import UsageError

AUTO = 'auto'
BATCH_STEP = str(2 ** 32 - 5)  # SLURM's number of the step that is a batch script
# index: 0 to count - 1; count: number of shards; source: what chose it, for messages
Shard = collections.namedtuple('Shard', 'index count source')
ALL = Shard(0, 1, '')


def choose_shard(text, environment=os.environ):
    """The Shard that --shard asks for.

    Args:
      text: 'i/n', i from 1 to n; 'auto' takes both from the environment variables of a SLURM job array, of srun's
        tasks, of both together, or else everything; 'auto/n' takes i from those or from a Kubernetes indexed Job, whose
        variables hold no n.

    Raises:
      UsageError: other text, or variables that do not go with it.
    """
    if text == AUTO:
        return _from_environment(environment)
    first, _, count = text.partition('/')
    try:
        count = int(count)
        shard = _numbered(environment, count) if first == AUTO else Shard(int(first) - 1, count, '--shard')
    except ValueError:
        shard = Shard(0, 0, text)
    if not 0 <= shard.index < shard.count:
        raise UsageError(f'--shard={text}: expected i/n with i from 1 to n, such as 2/8 for the second of eight parts; '
                         f'or auto, or auto/8, to take i from the scheduler{_found(shard)}.')
    return shard


def _found(shard):
    return f', which says {shard.source}' if shard.source and shard.count and shard.source != '--shard' else ''


def _from_environment(environment):
    array, tasks = _slurm_array(environment), _slurm_tasks(environment)
    if array.count == tasks.count == 1 and 'JOB_COMPLETION_INDEX' in environment:
        print('note: each Pod of this Kubernetes Job segments all photos. --shard=auto/N, with N the completions of '
              'the Job, gives it a part.')
    index = array.index * tasks.count + tasks.index
    return Shard(index, array.count * tasks.count, ', '.join(filter(None, (array.source, tasks.source))))


def _slurm_array(environment):
    """The task of a job array as a Shard; ALL outside of one."""
    values = [_integer(environment, 'SLURM_ARRAY_TASK_' + name) for name in ('ID', 'MIN', 'COUNT')]
    step = _integer(environment, 'SLURM_ARRAY_TASK_STEP') or 1
    if None in values:
        return ALL
    task, first, count = values
    index, rest = divmod(task - first, step)
    if rest or not 0 <= index < count:
        raise UsageError(f'SLURM_ARRAY_TASK_ID={task} is not one of {count} tasks from {first} in steps of {step}: the '
                         'array has gaps. Use --array=0-N without gaps, or give --shard=i/n.')
    return Shard(index, count, f'SLURM array task {task}')


def _slurm_tasks(environment):
    """The task of srun as a Shard; ALL if there is one task or none."""
    task, count = (_integer(environment, 'SLURM_' + name) for name in ('PROCID', 'NTASKS'))
    if task is None or count is None or count < 2 or _is_batch_script(environment):
        return ALL
    if not 0 <= task < count:
        raise UsageError(f'SLURM_PROCID={task} is not one of SLURM_NTASKS={count} tasks. Give --shard=i/n.')
    return Shard(task, count, f'srun task {task}')


def _is_batch_script(environment):
    """Whether the process runs in sbatch's script itself, which stands for all tasks, and not in a step of srun."""
    return environment.get('SLURM_STEP_ID', '' if 'SLURM_JOB_ID' in environment else 'unknown') in ('', BATCH_STEP)


def _numbered(environment, count):
    """The Shard of `count` whose index the scheduler gives."""
    index = _integer(environment, 'JOB_COMPLETION_INDEX')
    if index is not None:
        return Shard(index, count, f'JOB_COMPLETION_INDEX={index}')
    found = _from_environment(environment)
    if not found.source:
        raise UsageError(f'--shard={AUTO}/{count}: none of JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID and SLURM_PROCID '
                         f'is set. Give --shard=i/{count}.')
    return found._replace(count=count)


def _integer(environment, name):
    """The value of an environment variable; None if it is not set. Raises UsageError if it is no whole number."""
    value = environment.get(name)
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        raise UsageError(f'the environment variable {name} is {value!r}, expected a whole number. Give --shard=i/n.')
