"""What every benchmark here shares: the command line, the timing loop, the facts of the machine, and the last line.

Needs neither TensorFlow nor PyTorch, so that each peer can run in an environment of its own.
"""
import argparse
import collections
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import numpy as np

PRECISIONS = ('float32', 'bfloat16', 'float16')
INSTRUCTION_SETS = collections.OrderedDict([  # by their names in /proc/cpuinfo
    ('amx_bf16', 'amx'), ('avx512_bf16', 'avx512_bf16'), ('avx512f', 'avx512'), ('avx2', 'avx2')])

# first_seconds: the first call; seconds: list of the later ones, by the clock; cpu_seconds: the same, summed over cores
Timing = collections.namedtuple('Timing', 'first_seconds seconds cpu_seconds')


def request_parser(doc, modes=('infer', 'train'), auto_precision=False, xla=False):
    """The flags that say what is measured. auto_precision, xla: whether --precision=auto and --xla=on can be had."""
    precisions = ('auto',) * auto_precision + PRECISIONS
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--mode', choices=modes, default=modes[0])
    parser.add_argument('--net', default='fcn8s')
    parser.add_argument('--height', type=positive, default=512, help='pixels')
    parser.add_argument('--width', type=positive, default=704, help='pixels')
    parser.add_argument('--batch_size', type=positive, default=1)
    parser.add_argument('--precision', choices=precisions, default=precisions[0])
    parser.add_argument('--steps', type=positive, default=10, help='steps to time, after one that is not')
    parser.add_argument('--num_classes', type=positive, default=151)
    parser.add_argument('--net_width', type=float, default=1., help="part of the layers' published channels")
    add_threads(parser)
    parser.add_argument('--xla', choices=('off', 'on') if xla else ('off',), default='off')
    return parser


def add_threads(parser):
    """Adds --threads; `parse` then gives the process that many cores."""
    parser.add_argument('--threads', type=positive, default=count_cores(), help='cores to use (default: all)')


def positive(text):
    """Flag type: an integer of 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'{text} was given, expected 1 or more')
    return value


def parse(parser):
    """Parses the command line. Call it before TensorFlow or PyTorch start: they count the cores."""
    request = parser.parse_args()
    if request.threads != count_cores():
        if not hasattr(os, 'sched_setaffinity'):
            parser.error('--threads needs Linux, where a process can be given some of the cores')
        if request.threads > count_cores():
            parser.error(f'--threads={request.threads}, but there are {count_cores()} cores')
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:request.threads])
    if getattr(request, 'xla', 'off') == 'on':
        os.environ['TF_XLA_FLAGS'] = '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit'
    return request


def random_batch(request):
    """(photos uint8 [B, H, W, 3], annotations uint8 [B, H, W]) of noise: a step takes as long on any content."""
    random = np.random.RandomState(0)
    size = (request.batch_size, request.height, request.width)
    return (random.randint(0, 256, size + (3,)).astype(np.uint8),
            random.randint(0, request.num_classes, size).astype(np.uint8))


def time_steps(step, steps, clock=time.perf_counter, cpu_clock=time.process_time):
    """Calls step() once and then `steps` times: a Timing. step() must return only when its result is computed."""
    seconds, cpu_seconds = [], []
    for _ in range(steps + 1):
        start, cpu_start = clock(), cpu_clock()
        step()
        seconds.append(clock() - start)
        cpu_seconds.append(cpu_clock() - cpu_start)
    return Timing(seconds[0], seconds[1:], cpu_seconds[1:])


def spread(seconds):
    """{'median_seconds', 'min_seconds', 'max_seconds'} of a list."""
    return {'median_seconds': statistics.median(seconds), 'min_seconds': min(seconds), 'max_seconds': max(seconds)}


def report_step(request, timing, device, **versions):
    """Prints a timed step, and all about it as the last line: one JSON object.

    device: 'CPU' or 'GPU'; versions: of the packages that did it.
    """
    result = dict(vars(request), **spread(timing.seconds))
    result.update(first_seconds=timing.first_seconds, cpu_seconds=statistics.median(timing.cpu_seconds),
                  peak_rss_mb=peak_rss_mb(), device=device)
    print('{mode} {net} (width {net_width:g}, {num_classes} classes) on {batch_size}x{height}x{width} in {precision}, '
          '{threads} threads, {device}'.format(**result))
    print('median {median_seconds:.4f} s, {min_seconds:.4f} to {max_seconds:.4f} in {steps} steps; the first took '
          '{first_seconds:.2f} s; {cpu_seconds:.4f} s of processor time; at most {peak_rss_mb:.0f} MB'.format(**result))
    print_result(result, **versions)


def print_result(result, **versions):
    """Prints the machine and the versions, and the result with both as the last line: one JSON object."""
    facts = machine()
    versions = dict(versions, python=platform.python_version(), numpy=np.__version__)
    print('{cpu}, {cores} cores ({sets}); GPU: {gpu}'.format(sets=' '.join(facts['instruction_sets']), **facts))
    print(', '.join(f'{name} {version}' for name, version in sorted(versions.items())))
    print(json.dumps(dict(result, machine=facts, versions=versions), sort_keys=True), flush=True)


def machine():
    """{'cpu': model, 'cores': that this process may use, 'instruction_sets': those that matter, 'gpu': name or None}"""
    facts = {}
    if os.path.exists('/proc/cpuinfo'):
        with open('/proc/cpuinfo') as file:
            facts = dict(map(str.strip, line.split(':', 1)) for line in file if ':' in line)
    flags = facts.get('flags', '').split()
    return {'cpu': facts.get('model name') or platform.processor() or platform.machine(), 'cores': count_cores(),
            'instruction_sets': [name for flag, name in INSTRUCTION_SETS.items() if flag in flags], 'gpu': _gpu()}


def count_cores():
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def peak_rss_mb():
    """Peak memory of this process in MB; 0 if the system does not count it."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == 'darwin' else 1e3)


def tensorflow_device(tf):
    """'GPU' where this TensorFlow has one, else 'CPU'."""
    return 'GPU' if tf.config.experimental.list_physical_devices('GPU') else 'CPU'


def last_json(text):
    """The JSON object in the last line of what a benchmark printed."""
    return json.loads(text.strip().splitlines()[-1])


def _gpu():
    """The first GPU's name, or None."""
    try:
        names = subprocess.run(['nvidia-smi', '--query-gpu=name', '--format=csv,noheader'], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    return names[0].strip() if names else None
