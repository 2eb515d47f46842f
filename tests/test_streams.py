"""Names that the terminal cannot show: the tools print them with escapes."""
import os
import subprocess
import sys

import numpy as np
from conftest import PROJECT
from image_files import save
from scripts import CLASSES_CSV

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
