"""What every script does around its main: signals, closed pipes, missing packages, exit codes."""
import contextlib
import os
import signal
import sys

from fcn8s.utils.errors import UsageError, UserError

CLOSED_PIPE = 128 + 13  # SIGPIPE, which Windows lacks
EXIT_CODES = """
exit codes: 0 done, 1 not done or not wholly, 2 a wrong command line, 75 another worker was lost (training only), 130
stopped by Ctrl-C, 143 by SIGTERM, 141 the reader of a pipe has left"""


def start():
    """Call before a script's imports: Ctrl-C and missing packages then cause no traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell makes background jobs ignore it
        signal.signal(signal.SIGINT, _leave)
    from fcn8s.utils import packages, terminal  # not before: they import, too
    terminal.escape_unprintable()
    wrong = packages.unusable()
    if wrong:
        sys.exit(f'error: {wrong}')


def run(main):
    """Runs a script's main(argv) -> exit code or None, and exits: a UserError as its message, with code 1 or 2.

    SIGTERM ends it as Ctrl-C does: half-made files are removed on the way out.
    """
    from fcn8s.utils.terminal import escape_unprintable
    escape_unprintable()
    signal.signal(signal.SIGTERM, _exit)
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = _code_of(main)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, such as `head`, has closed it
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        code = CLOSED_PIPE
    sys.exit(code)


@contextlib.contextmanager
def interrupts_heard():
    """Raises KeyboardInterrupt after Ctrl-C in the block, even if code inside swallowed or replaced it."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    heard = []

    def hear(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, hear)
    except ValueError:  # only the main thread receives signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if heard:
            raise KeyboardInterrupt


def _code_of(main):
    try:
        return main(sys.argv)
    except SystemExit as stop:
        return stop.code
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print('stopped', file=sys.stderr)
        return 128 + signal.SIGINT
    except ModuleNotFoundError as error:
        from fcn8s.utils import packages
        advice = packages.missing(error.name)
        if not advice:
            raise
        print(f'error: {advice}', file=sys.stderr)
        return 1


def _exit(number, frame):
    sys.exit(128 + number)


def _leave(number, frame):
    """Exits at Ctrl-C during imports, which may turn it into other errors. No work has begun yet."""
    os.write(2, b'stopped\n')
    os._exit(128 + number)


_HANGUP = getattr(signal, 'SIGHUP', None)  # which Windows does not have
_HEARD = [number for number in (signal.SIGINT, signal.SIGTERM, _HANGUP) if number is not None]


def stop_signals():
    """The numbers of the signals that stop a run here."""
    return [number for number in _HEARD if not _by_nohup(number)]


class StopSignal:
    """A context in which the first signal only sets `code`; a second one interrupts at once."""

    def __init__(self):
        self.code = None  # exit code of a stopped run: 128 + the signal, as in shells

    @property
    def heard(self):
        """The code as soon as this process has heard a signal."""
        return self.code

    def agree(self, stops):
        """Takes note of how many of several workers have heard a signal; see SharedStop."""

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._hear) for number in stop_signals()}
        return self

    def __exit__(self, *exception):
        self._restore()

    def _hear(self, number, frame):
        self.code = 128 + number
        self._restore()

    def _restore(self):
        for number, handler in self._previous.items():
            signal.signal(number, handler)


class SharedStop(StopSignal):
    """The StopSignal of several workers: `code` is set when they agree to stop, so that all do at the same step."""

    _heard = None

    @property
    def heard(self):
        """The code as soon as this process has heard a signal."""
        return self._heard

    def agree(self, stops):
        """Stops if any worker has heard a signal; stops: how many have."""
        if stops and self.code is None:
            self.code = self._heard or 128 + signal.SIGTERM

    def _hear(self, number, frame):
        self._heard = 128 + number
        self._restore()


def _by_nohup(number):
    """Whether this is the signal that nohup had the process ignore."""
    return number == _HANGUP and signal.getsignal(number) is signal.SIG_IGN
