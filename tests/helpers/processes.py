"""Scripts in processes of their own, to be stopped and killed; quick to start, for TensorFlow is imported once."""
import importlib
import multiprocessing
import os
import signal
import sys
import time

from project import PROJECT

TESTS = os.path.dirname(os.path.abspath(__file__))
os.environ['PYTHONPATH'] = os.pathsep.join([PROJECT, TESTS] + os.environ.get('PYTHONPATH', '').split(os.pathsep))
_context = multiprocessing.get_context('forkserver')  # its server is forked for each process, and does nothing else
_context.set_forkserver_preload(['preloaded'])


class Script:
    """FCN_train.py, FCN_test.py or FCN_infer.py on its way; what it prints goes into a file."""

    def __init__(self, folder, name, *arguments, before=None):
        """before: function to call in the new process before the script's main; name: train, test or infer."""
        self._output = os.path.join(str(folder), f'{name}-{time.time()}.txt')
        self._process = _context.Process(target=_run, args=(self._output, name, arguments, before))
        self._process.start()

    @property
    def shown(self):
        """What it has printed so far."""
        if not os.path.exists(self._output):
            return ''
        with open(self._output, encoding='utf-8') as file:
            return file.read()

    @property
    def pid(self):
        """Its process id."""
        return self._process.pid

    def send(self, number):
        """Sends a signal."""
        os.kill(self.pid, number)

    def is_running(self):
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def wait_until(self, condition, seconds=60):
        """Returns when condition() holds; an AssertionError if the script ends first, or time runs out."""
        end = time.time() + seconds
        while not condition():
            assert self.is_running() and time.time() < end, self.shown
            time.sleep(0.001)

    def wait(self, seconds=100):
        """Its exit code, or minus the signal that killed it."""
        self._process.join(seconds)
        if self.is_running():
            self._process.kill()
            raise AssertionError(f'still running after {seconds} s: {self.shown}')
        return self._process.exitcode


def _run(output, name, arguments, before):
    from fcn8s.devices import assume_frozen_weights
    from fcn8s.utils.script import run
    script = importlib.import_module('FCN_' + name)
    if name != 'train':
        assume_frozen_weights()  # as the scripts do
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has what it starts with & ignore
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and nohup this
    sys.argv = [f'FCN_{name}.py'] + list(arguments)
    if before is not None:
        before()
    run(script.main)
