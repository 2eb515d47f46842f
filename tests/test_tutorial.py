"""tutorial.ipynb runs from start to end, and its stored outputs are complete and small."""
import os

import pytest
from film_files import read_film
from project import PROJECT
from run_tutorial import TUTORIAL, run_tutorial

nbformat = pytest.importorskip('nbformat', reason='on Python 3.7 the notebook is not run')


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """(folder of a run, notebook after it)"""
    if not hasattr(os, 'fork'):
        pytest.skip('needs symbolic links')
    folder = tmp_path_factory.mktemp('tutorial')
    return folder, run_tutorial(str(folder))


def shown(notebook):
    """The text that the cells print."""
    return ''.join(output.text for cell in notebook.cells for output in cell.get('outputs', ())
                   if output.output_type == 'stream')


def test_every_command_succeeds(run):
    text = shown(run[1])
    assert 'error' not in text.lower() and 'failed: ' not in text
    for line in ('no problems found', 'step 60: ', 'final score', '2 of 2 done', '1 of 1 done'):
        assert line in text


def test_every_picture_is_shown(run):
    pictures = [output for cell in run[1].cells for output in cell.get('outputs', ())
                if 'image/jpeg' in output.get('data', {})]
    assert len(pictures) == 6


def test_results_are_where_the_tutorial_says(run):
    output = run[0] / 'output' / 'tutorial'
    assert {'photo_000.png', 'photo_001_overlay.jpg', 'walk_vertical_legend.png'} <= set(os.listdir(str(output)))
    frames, fps = read_film(output / 'walk_vertical.mp4')
    assert len(frames) == 20 and fps == 10


def test_stored_notebook_is_small_complete_and_names_no_machine():
    assert os.path.getsize(TUTORIAL) < 300000
    notebook = nbformat.read(TUTORIAL, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.execution_count and not any(output.output_type == 'error' for output in cell.outputs)
               for cell in notebook.cells if cell.cell_type == 'code')
    assert PROJECT not in shown(notebook) and '/tmp' not in shown(notebook) and '\r' not in shown(notebook)
