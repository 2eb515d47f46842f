"""Makes what a script prints safe for a terminal, whatever the names in it hold. Needs only the standard library."""
import os
import re
import sys

_BREAKS = {0x09, 0x0a, 0x0d}  # tab, line feed, carriage return: layout, not commands
_CONTROLS = (set(range(0x20)) - _BREAKS) | set(range(0x7f, 0xa0))  # ESC and everything else that terminals obey
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
    """From now on stdout and stderr escape characters that the terminal cannot show or would obey.

    Each line leaves at once, also into a file or pipe that somebody watches.
    """
    os.environ['PYTHON_COLORS'] = '0'  # Python 3.13's coloured tracebacks would be escaped too
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, SafeStream):
            continue
        if hasattr(stream, 'reconfigure'):  # a notebook's streams have none
            stream.reconfigure(errors='backslashreplace', line_buffering=True)
        setattr(sys, name, SafeStream(stream, progress=name == 'stderr'))
