"""Ctrl-C, SIGTERM and a lost terminal as a wish to stop, heard between two steps."""
import signal

_HANGUP = getattr(signal, 'SIGHUP', None)  # which Windows does not have
_HEARD = [number for number in (signal.SIGINT, signal.SIGTERM, _HANGUP) if number is not None]


class StopSignal:
    """Within `with StopSignal() as stop:` the first signal sets stop.code; a second one interrupts at once."""

    def __init__(self):
        self.code = None  # exit code of a run so stopped: 128 + the signal, as shells have it

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._hear) for number in _HEARD if not _by_nohup(number)}
        return self

    def __exit__(self, *exception):
        self._restore()

    def _hear(self, number, frame):
        self.code = 128 + number
        self._restore()

    def _restore(self):
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def _by_nohup(number):
    """Whether this is the signal that nohup had the process ignore."""
    return number == _HANGUP and signal.getsignal(number) is signal.SIG_IGN
