"""Runs tutorial.ipynb from start to end.

    python tests/run_tutorial.py        stores what it shows in tutorial.ipynb, for those who read it on a web page
"""
import os
import sys
import tempfile

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TUTORIAL = os.path.join(PROJECT, 'tutorial.ipynb')
OF_THE_USER = ('.git', 'logs', 'infer', 'output', 'Model_zoo', 'tests')


def run_tutorial(folder):
    """The notebook as a run in `folder` leaves it; the folder gets links to the project's files."""
    import nbformat
    from nbclient import NotebookClient
    for name in os.listdir(PROJECT):
        if name not in OF_THE_USER and not name.startswith('.venv'):
            os.symlink(os.path.join(PROJECT, name), os.path.join(folder, name))
    notebook = nbformat.read(TUTORIAL, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={'metadata': {'path': folder}}, coalesce_streams=True)
    return client.execute()


def main():
    """Stores the outputs of a run, without progress bars."""
    import nbformat
    with tempfile.TemporaryDirectory() as folder:
        notebook = run_tutorial(folder)
    for cell in notebook.cells:
        cell.metadata.clear()
        if cell.cell_type == 'code':
            for output in cell.outputs:
                if output.output_type == 'stream':
                    output.text = ''.join(line + '\n' for line in output.text.splitlines() if '%|' not in line)
    nbformat.write(notebook, TUTORIAL)
    print(f'{TUTORIAL}: {os.path.getsize(TUTORIAL):,} bytes')


if __name__ == '__main__':
    sys.exit(main())
