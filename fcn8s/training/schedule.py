"""--lr_schedule: the learning rate as a function of the step."""
import bisect
import collections
import math
import re

from fcn8s.utils.errors import UsageError

EXPECTED = ('expected constant, poly:POWER such as poly:0.9, cosine, cosine:STEPS which warms up for so many steps, or '
            'steps:STEP:RATE,... such as steps:0:1e-4,10000:1e-5')


class Poly(collections.namedtuple('Poly', 'power')):
    """base (1 - step / max_steps)^power, as in ParseNet (arXiv 1506.04579) and DeepLab; 0 from max_steps on."""

    def at(self, step, base, max_steps):
        """The learning rate of a step."""
        return base * max(0., 1 - step / max_steps) ** self.power


class Cosine(collections.namedtuple('Cosine', 'warm_up')):
    """Half a period of the cosine, from the base to 0 at max_steps (Loshchilov and Hutter, arXiv 1608.03983).

    The rate first rises in a line for `warm_up` steps, of which the last has the base.
    """

    def at(self, step, base, max_steps):
        """The learning rate of a step."""
        if step < self.warm_up:
            return base * (step + 1) / self.warm_up
        part = min(1., (step - self.warm_up) / max(1, max_steps - self.warm_up))
        return base * (1 + math.cos(math.pi * part)) / 2


class Steps(collections.namedtuple('Steps', 'starts rates')):
    """rates[i] from step starts[i] on, regardless of the base; before starts[0], or without any, the base."""

    def at(self, step, base, max_steps):
        """The learning rate of a step."""
        passed = bisect.bisect_right(self.starts, step)
        return self.rates[passed - 1] if passed else base


class LearningRates(collections.namedtuple('LearningRates', 'schedule encoder decoder max_steps')):
    """The learning rates of a run; encoder, decoder: their base rates."""

    def at(self, step):
        """(encoder's, decoder's) learning rate of a step."""
        return tuple(self.schedule.at(step, base, self.max_steps) for base in (self.encoder, self.decoder))


def learning_rates(schedule, learning_rate, lr_encoder, lr_decoder, max_steps):
    """Returns the LearningRates that these flags describe; lr_encoder, lr_decoder: None for learning_rate.

    Raises UserError as parse_lr_schedule does.
    """
    encoder, decoder = (learning_rate if rate is None else rate for rate in (lr_encoder, lr_decoder))
    return LearningRates(parse_lr_schedule(schedule), encoder, decoder, max_steps)


def parse_lr_schedule(text):
    """Parses --lr_schedule: returns a schedule with .at(step, base, max_steps) -> float.

    'constant'; 'poly:0.9', or 'poly' for the same; 'cosine' or 'cosine:500'; 'steps:0:1e-4,10000:1e-5' or
    'steps "0:1e-4,10000:1e-5"', with or without quotes. Steps count from 0. Raises UsageError.
    """
    kind, values = (re.split(r'[:\s]', text.strip(), maxsplit=1) + [''])[:2]
    if kind == 'constant' and not values:
        return Steps((), ())
    if kind == 'poly':
        return Poly(_positive(text, values or '0.9', 'a power'))
    if kind == 'cosine' and re.fullmatch(r'[0-9]*', values):
        return Cosine(int(values or 0))
    if kind == 'steps':
        return _steps(text, values)
    raise UsageError(f'--lr_schedule={text}: {EXPECTED}')


def _steps(text, values):
    parts = [part.split(':') for part in re.sub(r'[\s"\']', '', values).split(',')]
    if not all(len(part) == 2 and re.fullmatch(r'[0-9]+', part[0]) for part in parts):
        raise UsageError(f'--lr_schedule={text}: {EXPECTED}')
    starts = tuple(int(start) for start, _ in parts)
    if any(later <= earlier for earlier, later in zip(starts, starts[1:])):
        raise UsageError(f'--lr_schedule={text}: the steps are {", ".join(map(str, starts))}, expected each to be '
                         'larger than the one before.')
    return Steps(starts, tuple(_positive(text, rate, 'a learning rate') for _, rate in parts))


def _positive(text, number, name):
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise UsageError(f'--lr_schedule={text}: {number!r} is not {name} above 0; {EXPECTED}')
    return value
