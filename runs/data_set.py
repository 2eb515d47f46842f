"""The data set a script was pointed at, made or fetched by its own prepare.py where it is not there yet."""
import importlib.util
import os

from files.errors import UserError

DATA_ZOO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'Data_zoo')


def ensure_data_set(data_dir):
    """Does nothing if data_dir exists; else runs the prepare.py beside it if that is one of our Data_zoo/<NAME>/.

    One that stands anywhere else is never run: data_dir may come from the config.json of somebody else's checkpoint.

    Raises:
      UserError: there is neither, or prepare.py could not do it.
    """
    if os.path.isdir(data_dir):
        return
    script = os.path.join(os.path.dirname(os.path.abspath(data_dir)), 'prepare.py')
    if not os.path.isfile(script) or os.path.dirname(os.path.dirname(script)) != DATA_ZOO:
        raise UserError(f'there is no folder {os.path.abspath(data_dir)}. Give the folder that holds images/ and '
                        'annotations/ with --data_dir.')
    print(f'{data_dir} is not there yet: {script} prepares it')
    spec = importlib.util.spec_from_file_location('prepare', script)
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    prepare.prepare(data_dir)
