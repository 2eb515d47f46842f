"""tutorial.ipynb runs from start to end, and what is stored of it can be read on a web page."""
import os

import pytest
from film_files import read_film
from project import PROJECT
from run_tutorial import TUTORIAL, run_tutorial

nbformat = pytest.importorskip('nbformat', reason='on Python 3.7 the notebook is not run')


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """(the folder of a run, the notebook after it)"""
    if not hasattr(os, 'fork'):
        pytest.skip('makes links as Unix does')
    folder = tmp_path_factory.mktemp('tutorial')
    return folder, run_tutorial(str(folder))


def shown(notebook):
    """All that the cells print."""
    return ''.join(output.text for cell in notebook.cells for output in cell.get('outputs', ())
                   if output.output_type == 'stream')


def test_every_command_ends_well(run):
    text = shown(run[1])
    assert 'error' not in text.lower() and 'failed: ' not in text
    for line in ('no problems found', 'step 60: ', 'final score', '2 of 2 done', '1 of 1 done'):
        assert line in text


def test_every_picture_is_there(run):
    pictures = [output for cell in run[1].cells for output in cell.get('outputs', ())
                if 'image/jpeg' in output.get('data', {})]
    assert len(pictures) == 6


def test_results_lie_where_it_says(run):
    output = run[0] / 'output' / 'tutorial'
    assert {'photo_000.png', 'photo_001_overlay.jpg', 'walk_vertical_legend.png'} <= set(os.listdir(str(output)))
    frames, fps = read_film(output / 'walk_vertical.mp4')
    assert len(frames) == 20 and fps == 10


def test_stored_notebook_is_small_whole_and_of_no_particular_machine():
    assert os.path.getsize(TUTORIAL) < 300000
    notebook = nbformat.read(TUTORIAL, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.execution_count and not any(output.output_type == 'error' for output in cell.outputs)
               for cell in notebook.cells if cell.cell_type == 'code')
    assert PROJECT not in shown(notebook) and '/tmp' not in shown(notebook) and '\r' not in shown(notebook)
