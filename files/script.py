"""What every script does around its main: signals, closed pipes, missing packages, exit codes."""
import contextlib
import os
import signal
import sys

from files.errors import UsageError, UserError

CLOSED_PIPE = 128 + 13  # SIGPIPE, which Windows has not
EXIT_CODES = """
exit codes: 0 done, 1 not done or not wholly, 2 a wrong command line, 130 stopped by Ctrl-C, 143 by SIGTERM, 141 the
reader of a pipe has left"""


def start():
    """The first thing that a script does, before its imports: Ctrl-C and missing packages cost no traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # what a shell starts with & ignores it
        signal.signal(signal.SIGINT, _leave)
    from files import packages, streams  # not before: they import, too
    streams.escape_unprintable()
    wrong = packages.unusable()
    if wrong:
        sys.exit(f'error: {wrong}')


def run(main):
    """Runs a script's main(argv) -> exit code or None, and exits: a UserError as its message, with code 1 or 2.

    SIGTERM ends it as Ctrl-C does: half-made files are removed on the way out.
    """
    from files.streams import escape_unprintable
    escape_unprintable()
    signal.signal(signal.SIGTERM, _exit)
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = _code_of(main)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, such as `head`, has left
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        code = CLOSED_PIPE
    sys.exit(code)


@contextlib.contextmanager
def interrupts_heard():
    """Ctrl-C in here is a KeyboardInterrupt in the end, even where code within makes another error of it, or none."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    heard = []

    def hear(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, hear)
    except ValueError:  # a thread other than the main one, which is the one that hears signals
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
        from files import packages
        advice = packages.missing(error.name)
        if not advice:
            raise
        print(f'error: {advice}', file=sys.stderr)
        return 1


def _exit(number, frame):
    sys.exit(128 + number)


def _leave(number, frame):
    """Ctrl-C while modules are imported, some of which would make another error of it. Nothing is begun yet."""
    os.write(2, b'stopped\n')
    os._exit(128 + number)
