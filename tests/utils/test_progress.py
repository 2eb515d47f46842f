"""Progress without a terminal: lines, and few of them."""
import io
import sys
import types

import pytest
from tqdm import tqdm

from fcn8s.utils import progress as module
from fcn8s.utils.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """What goes to stderr, which is no terminal."""
    stderr = io.StringIO()
    monkeypatch.setattr(module, 'sys', types.SimpleNamespace(stderr=stderr))
    return lambda: stderr.getvalue().split('\n')[:-1]


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    class Clock:
        now = 0.

        def monotonic(self):
            return self.now
    clock = Clock()
    monkeypatch.setattr(module, 'time', clock)
    return clock


def counts(lines):
    return [line.split('/')[0].split()[-1] for line in lines]


def test_quick_work_shows_its_first_step_and_its_end(shown, clock):
    assert list(progress(range(5000), desc='work')) == list(range(5000))
    assert counts(shown()) == ['1', '5000'] and shown()[0].startswith('work:')


def test_slow_work_shows_a_line_every_30_seconds(shown, clock):
    for i in progress(range(100000)):
        clock.now = 1. * i  # a step a second
        if i == 100:
            break
    assert counts(shown())[:4] == ['1', '31', '61', '91']


def test_work_of_some_seconds_shows_each_tenth(shown, clock):
    for i in progress(range(200)):
        clock.now = 0.1 * i
    assert counts(shown()) == ['1', '21', '41', '61', '81', '101', '121', '141', '161', '181', '200']


def test_work_of_unknown_length_shows_lines_too(shown, clock):
    with progress(unit='B') as bar:
        for _ in range(64):
            clock.now += 1
            bar.update(10)
    assert [line.split('B')[0] for line in shown()] == ['10', '310', '610', '640']


def test_lines_have_no_returns_and_tell_the_postfix(shown):
    with progress(total=2) as bar:
        bar.set_postfix_str('loss 1.5', refresh=False)
        bar.update()
    line, = shown()
    assert '\r' not in line and 'loss 1.5' in line


def test_nothing_done_shows_nothing(shown):
    with progress(total=7, initial=5):
        pass
    assert shown() == []


def test_terminal_gets_a_bar(monkeypatch):
    monkeypatch.setattr(sys, 'stderr', Terminal())
    list(progress(range(3)))
    assert sys.stderr.getvalue().startswith('\r') and type(progress([])) is tqdm
