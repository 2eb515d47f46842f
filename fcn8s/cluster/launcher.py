"""Several workers on this computer: each a process of its own, with the same command line and a rank."""
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

from fcn8s.cluster.meeting import free_port
from fcn8s.cluster.team import LOST_WORKER
from fcn8s.utils.script import stop_signals

HOST = '127.0.0.1'


def launch(workers, argv, num_gpus, cores=os.cpu_count()):
    """Runs `workers` processes of the script argv[0] and waits for them; returns the worst exit code.

    What they print is prefixed by their ranks. They share the cores, and each gets num_gpus GPUs of its own. A signal
    to this process is passed on to all; after a second one they stop at once.
    """
    port = free_port()
    processes = [_start(rank, workers, port, argv, num_gpus, cores) for rank in range(workers)]
    readers = [threading.Thread(target=_copy, args=(rank, process.stdout)) for rank, process in enumerate(processes)]
    for reader in readers:
        reader.start()
    previous = {number: signal.signal(number, lambda number, frame: _pass_on(processes, number))
                for number in stop_signals()}
    codes = [process.wait() for process in processes]
    for reader in readers:
        reader.join()
    for number, handler in previous.items():
        signal.signal(number, handler)
    return worst(codes)


def worst(codes):
    """The exit code that says most: of a process that a signal killed, then of an error, then of a lost worker."""
    codes = [128 - code if code < 0 else code for code in codes]
    others = [code for code in codes if code != LOST_WORKER]
    return max(others) if any(others) else max(codes)


def _start(rank, workers, port, argv, num_gpus, cores):
    environment = dict(os.environ, MASTER_ADDR=HOST, MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(workers))
    environment.pop('TF_CONFIG', None)
    environment.setdefault('TF_NUM_INTRAOP_THREADS', str(max(1, (cores or 1) // workers)))
    if shutil.which('nvidia-smi'):
        visible = os.environ.get('CUDA_VISIBLE_DEVICES')
        gpus = visible.split(',') if visible else [str(number) for number in range(workers * num_gpus)]
        environment['CUDA_VISIBLE_DEVICES'] = ','.join(gpus[rank * num_gpus:(rank + 1) * num_gpus])
    return subprocess.Popen([sys.executable, os.path.abspath(argv[0])] + without_workers(argv[1:]), env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            start_new_session=True)  # so that a Ctrl-C reaches them once, through this process


def without_workers(arguments):
    """The arguments without --workers=N or --workers N, for a worker."""
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in ('--workers', '-workers'):
            skip = True
        elif not re.match(r'--?workers=', argument):
            kept.append(argument)
    return kept


def _copy(rank, stream):
    """Prints the lines of a process, each behind its rank."""
    for line in stream:
        sys.stdout.write(f'[{rank}] ' + line.decode('utf-8', 'backslashreplace'))
        sys.stdout.flush()


def _pass_on(processes, number):
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
