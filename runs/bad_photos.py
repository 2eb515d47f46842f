"""The files that a run leaves out, each named when it is met and, by kinds of problem, at the end."""
from absl import flags

from files.problems import grouped, kind_of

SHOWN = 50  # kinds, at the end


def define_bad_data_flag(flag_values, default):
    """--bad_data; a default of None stands for what the run was trained with."""
    flags.DEFINE_enum('bad_data', default, ['stop', 'skip'], 'what a photo or annotation does that cannot be used or '
                      'has no partner: stop the run, or be left out and listed at the end'
                      + ('' if default else ' (default: as trained, else stop)'), flag_values=flag_values,
                      module_name='data')


class BadPhotos(dict):
    """{photo or file without a partner: why it cannot be used}, filled also by threads that read."""

    def __init__(self):
        super().__init__()
        self._told = 0
        self._first = {}  # by kind of problem: the file that had it first

    def news(self):
        """A line for each file that came since the last call; the reason in full for the first file that has it."""
        items = list(self.items())  # in one step, for threads may be adding
        news, self._told = items[self._told:], len(items)
        return [self._news(path, why) for path, why in news]

    def summary(self):
        """All files as lines, one for each kind of problem; none if no file was left out."""
        lines = grouped(list(self.items()))
        more = [f'... and {len(lines) - SHOWN} more, named above'] if len(lines) > SHOWN else []
        return [f'{len(self)} files were left out:'] + lines[:SHOWN] + more if lines else []

    def _news(self, path, why):
        first = self._first.setdefault(kind_of(why, path), path)
        return f'left out: {why}' if first == path else f'left out: {path}, as {first}'
