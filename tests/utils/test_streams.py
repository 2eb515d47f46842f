"""Names that the terminal cannot show, or would obey: the tools print them with escapes."""
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from image_files import save
from project import PROJECT
from scripts import CLASSES_CSV
from tqdm import tqdm

from fcn8s.utils.terminal import escape_unprintable

NAME, ESCAPED = 'stra\u00dfe', 'stra\\xdfe'


def run(*arguments):
    """The tool's exit code and what it shows on a terminal of ASCII."""
    environment = dict(os.environ, PYTHONIOENCODING='ascii:strict', PYTHONUTF8='0')
    done = subprocess.run([sys.executable] + list(arguments), cwd=PROJECT, env=environment, capture_output=True)
    shown = (done.stdout + done.stderr).decode('ascii')
    assert 'Traceback' not in shown, shown
    return done.returncode, shown


def test_health_check_shows_any_name(tmp_path):
    for kind in ('images', 'annotations'):
        for split in ('training', 'validation'):
            (tmp_path / kind / split).mkdir(parents=True)
            save(str(tmp_path / kind / split / 'a.png'), np.zeros((8, 8), np.uint8))
    (tmp_path / 'classes.csv').write_text(CLASSES_CSV.replace('left', NAME), encoding='utf-8')
    code, shown = run('read_data.py', str(tmp_path))
    assert code == 0 and ESCAPED in shown


def test_colour_masks_show_any_name(tmp_path):
    (tmp_path / NAME).mkdir()
    (tmp_path / 'classes.csv').write_text(CLASSES_CSV)
    save(str(tmp_path / NAME / 'a.png'), np.zeros((8, 8, 3), np.uint8))
    code, shown = run('Data_zoo/colour_masks.py', str(tmp_path / NAME), str(tmp_path / 'classes.csv'),
                      str(tmp_path / ('ids of ' + NAME)))
    assert code == 0 and 'ids of ' + ESCAPED in shown


def test_prepare_shows_any_name(tmp_path):
    code, shown = run('Data_zoo/SampleScenes/prepare.py', '--photos', '1', str(tmp_path / NAME))
    assert code == 0 and ESCAPED in shown


@pytest.fixture
def written(monkeypatch):
    """Function from a text to what stdout gets of it."""
    def written(text, name='stdout'):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), 'utf-8', newline=''))
        escape_unprintable()
        getattr(sys, name).write(text)
        getattr(sys, name).flush()
        return getattr(sys, name).buffer.getvalue().decode('utf-8')
    return written


@pytest.mark.parametrize('text, expected', [
    ('a\x1b]0;title\x07b', 'a\\x1b]0;title\\x07b'),      # ESC and BEL: a window's title
    ('\x00\x08\x7f', '\\x00\\x08\\x7f'),
    ('\x9b2J', '\\x9b2J'),                                # C1: clears the screen
    ('gpj.\u202eexe', 'gpj.\\u202eexe'),                  # shown from right to left
    ('\u2066x\u2069', '\\u2066x\\u2069'),
    ('a\rb', 'a\\rb'),
    ('street \u732b \U0001f600 \u0434\t.\r\n', 'street \u732b \U0001f600 \u0434\t.\r\n')])
def test_what_a_terminal_would_obey_is_escaped(written, text, expected):
    assert written(text) == expected


@pytest.mark.parametrize('text, expected', [('\r 40%|#', '\r 40%|#'), ('\r    \r', '\r    \r'),
                                            ('\r a\rb.mp4: 40%', '\r a\\rb.mp4: 40%')])
def test_returns_of_progress_bars_pass(written, text, expected):
    assert written(text, 'stderr') == expected


def test_streams_are_replaced_once(written):
    assert written('\x1b') == '\\x1b'
    stream = sys.stdout
    escape_unprintable()
    assert sys.stdout is stream


def test_bars_and_lines_share_a_terminal_as_before(monkeypatch):
    for name in ('stdout', 'stderr'):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), 'utf-8', newline=''))
    escape_unprintable()
    for _ in tqdm(range(2), mininterval=0, ncols=40):
        tqdm.write('a line')
    assert '\\' not in sys.stderr.buffer.getvalue().decode('utf-8')
    assert sys.stdout.buffer.getvalue() == b'a line\n' * 2


@pytest.mark.parametrize('script, more', [('read_data.py', []), ('Data_zoo/colour_masks.py', ['a', 'b', 'c']),
                                          ('Data_zoo/CamVid/prepare.py', []), ('FCN_infer.py', [])])
def test_escape_sequence_in_a_name_does_not_reach_the_terminal(script, more):
    code, shown = run(script, *more, 'no\x1b[2Jfolder')
    assert code in (1, 2) and '\x1b' not in shown and 'no\\x1b[2Jfolder' in shown
