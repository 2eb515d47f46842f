"""Ctrl-C and SIGTERM as a wish to stop, heard between two steps."""
import signal


class StopSignal:
    """Within `with StopSignal() as stop:` the first signal sets stop.code; a second one interrupts at once."""

    def __init__(self):
        self.code = None  # exit code of a run so stopped: 128 + the signal, as shells have it

    def __enter__(self):
        self._previous = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception):
        self._restore()

    def _hear(self, number, frame):
        self.code = 128 + number
        self._restore()

    def _restore(self):
        for number, handler in self._previous.items():
            signal.signal(number, handler)
