"""The files that a run leaves out, each named when it is met and again at the end."""
from absl import flags

SHOWN = 50  # at the end


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

    def news(self):
        """A line for each file that came since the last call."""
        reasons = list(self.values())  # in one step, for threads may be adding
        news, self._told = reasons[self._told:], len(reasons)
        return [f'left out: {why}' for why in news]

    def summary(self):
        """The whole list as lines, none if no file was left out."""
        reasons = list(self.values())
        more = [f'... and {len(reasons) - SHOWN} more, named above'] if len(reasons) > SHOWN else []
        return [f'{len(reasons)} files were left out:'] + reasons[:SHOWN] + more if reasons else []
