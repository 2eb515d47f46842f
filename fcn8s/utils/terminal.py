"""What the terminal shows: safe text and progress bars."""
import os
import re
import sys
import time

from tqdm import tqdm

_BREAKS = {0x09, 0x0a, 0x0d}  # tab, line feed, carriage return: layout, not commands
_CONTROLS = (set(range(0x20)) - _BREAKS) | set(range(0x7f, 0xa0))  # ESC and all else that a terminal obeys
_TURNS = set(range(0x202a, 0x202f)) | set(range(0x2066, 0x206a))   # bidi overrides: letters shown in another order
_LINES = {0x2028, 0x2029}
_ESCAPES = {code: '\\x%02x' % code if code < 0x100 else '\\u%04x' % code for code in _CONTROLS | _TURNS | _LINES}
_INNER_RETURN = re.compile(r'(?!\A)\r(?!\n|\Z)')
_ANY_RETURN = re.compile(r'\r(?!\n)')


class SafeStream:
    """A text stream that writes control characters as escapes, such as \\x1b.

    Line feeds and tabs pass. Carriage returns pass at the ends of a text, where progress bars have them, if
    `progress`; any other would let a name overwrite the line that it is in.
    """

    def __init__(self, stream, progress):
        self.stream = stream
        self._return = _INNER_RETURN if progress else _ANY_RETURN

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        """As the stream's own."""
        return self.stream.write(self._return.sub(r'\\r', text.translate(_ESCAPES)))

    def writelines(self, lines):
        """As the stream's own."""
        for line in lines:
            self.write(line)


def escape_unprintable():
    """From now on stdout and stderr show as escapes what the terminal cannot show and what it would obey.

    Each line leaves at once, also into a file or pipe that somebody watches.
    """
    os.environ['PYTHON_COLORS'] = '0'  # tracebacks in colours, of Python 3.13, would be escaped too
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, SafeStream):
            continue
        if hasattr(stream, 'reconfigure'):  # a notebook's streams have none
            stream.reconfigure(errors='backslashreplace', line_buffering=True)
        setattr(sys, name, SafeStream(stream, progress=name == 'stderr'))


SECONDS = 30  # without a terminal a line comes after so many seconds, or
PARTS = 10    # after a tenth of the way,
LEAST = 1     # but not within a second


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
        """Shows where it is, if that is due. (tqdm asks after every update, and at the end.)"""
        if msg == '' or self.n == self._shown or not (self.disable or self._is_due()):  # disabled: it is being closed
            return True
        self._shown, self._shown_at = self.n, time.monotonic()
        return super().display(msg, 0)

    def _is_due(self):
        if self._shown_at is None:
            return True
        part = (self.n - self._shown) * PARTS / self.total if self.total else 0
        return time.monotonic() - self._shown_at >= (LEAST if part >= 1 else SECONDS)


class _LineFile:
    """stderr for what tqdm writes: without returns and empty lines."""

    def write(self, text):
        """Writes a line, if there is anything in it."""
        if text.strip():
            sys.stderr.write(text.strip() + '\n')

    def flush(self):
        """Flushes stderr."""
        sys.stderr.flush()
