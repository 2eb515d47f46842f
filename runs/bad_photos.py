"""The files that a run leaves out, each named when it is met and again at the end."""
SHOWN = 50  # at the end


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
