"""Progress bars: one line that moves on a terminal, a line now and then in a file or pipe."""
import sys
import time

from tqdm import tqdm

SECONDS = 30  # without a terminal, seconds between two lines, or
PARTS = 10    # this part of the whole,
LEAST = 1     # but at least this many seconds


def progress(items=None, **options):
    """A tqdm bar over `items`, or one to be moved with update(); options: tqdm's total, desc, unit, ..."""
    if sys.stderr is not None and sys.stderr.isatty():
        return tqdm(items, dynamic_ncols=True, **options)
    return _Lines(items, **options)


class _Lines(tqdm):
    """A bar as lines: at the first step, now and then, and at the end."""

    def __init__(self, items, initial=0, **options):
        self._shown, self._shown_at = initial, None
        super().__init__(items, initial=initial, file=_LineFile(), ncols=0, mininterval=0, miniters=1, **options)

    def display(self, msg=None, pos=None):
        """Prints a line if one is due. (tqdm calls this after every update and at the end.)"""
        if msg == '' or self.n == self._shown or not (self.disable or self._is_due()):  # disabled: closing
            return True
        self._shown, self._shown_at = self.n, time.monotonic()
        return super().display(msg, 0)

    def _is_due(self):
        if self._shown_at is None:
            return True
        part = (self.n - self._shown) * PARTS / self.total if self.total else 0
        return time.monotonic() - self._shown_at >= (LEAST if part >= 1 else SECONDS)


class _LineFile:
    """Writes tqdm's output to stderr without carriage returns and empty lines."""

    def write(self, text):
        """Writes a line, if there is anything in it."""
        if text.strip():
            sys.stderr.write(text.strip() + '\n')

    def flush(self):
        """Flushes stderr."""
        sys.stderr.flush()
