"""Fetches nets that others trained and published, for --checkpoint=NAME."""
import os

from fcn8s.data.classes import find_classes
from fcn8s.nets.published import NUM_CLASSES, PUBLISHED, SITE
from fcn8s.utils.download import DownloadError, fetch
from fcn8s.utils.errors import UserError
from fcn8s.utils.files import write_json
from fcn8s.utils.packages import PROJECT
from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names
from fcn8s.weights.pth import read_pth
from FCN_model import build

MODEL_DIR = os.path.join(PROJECT, 'Model_zoo')
ADE20K = os.path.join(PROJECT, 'Data_zoo', 'MIT_SceneParsing')  # its classes.csv names the classes


def fetch_published(name):
    """Returns the encoder's file of a published net, which is fetched into Model_zoo/NAME/ unless it is there.

    A config.json beside it lets testing and inference build the net as if it were a run's. Files that a user has put
    there are taken as they are.

    Args:
      name: a key of PUBLISHED.

    Raises:
      UserError: nothing answers, or what answers is not that net; names both addresses and the folder.
    """
    folder = os.path.join(MODEL_DIR, name)
    paths = [os.path.join(folder, f'{half}_{PUBLISHED[name].files}.pth') for half in ('encoder', 'decoder')]
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        print(f'{name} is a net that semantic-segmentation-pytorch publishes, trained on ADE20K; about '
              f'{PUBLISHED[name].megabytes} MB')
    for path in missing:
        _fetch(name, path)
    _write_config(name, folder)
    return paths[0]


def addresses(name):
    """The addresses of a published net's two files."""
    return [f'{SITE}{name}/{half}_{PUBLISHED[name].files}.pth' for half in ('encoder', 'decoder')]


def _fetch(name, path):
    folder, file = os.path.split(path)
    manual = (f'Without internet here, put the files of {" and ".join(addresses(name))} into {folder} and run the same '
              'command again.')
    try:
        fetch(f'{SITE}{name}/{file}', path, manual=manual)
    except DownloadError as error:
        raise UserError(str(error)) from error
    try:
        _check(name, path)
    except UserError as error:
        os.remove(path)
        raise UserError(f'{SITE}{name}/{file} brought something else than the weights of {name}: {error} It was '
                        f'removed. {manual}') from error


def _check(name, path):
    """Raises UserError unless a file holds an array for each variable of its half of the net."""
    with tf.Graph().as_default():
        build(PUBLISHED[name].net, tf.placeholder(tf.uint8, [1, None, None, 3]), NUM_CLASSES)
        names = [variable.op.name for variable in tf.global_variables()]
    is_encoder = os.path.basename(path).startswith('encoder')
    found = read_pth(path)
    theirs = torch_names(names, found)
    lacking = [their for ours, their in theirs.items()
               if ours.startswith('inference/encoder/') == is_encoder and their not in found]
    if lacking:
        raise UserError(f'{path} lacks {", ".join(lacking[:3])}.')


def _write_config(name, folder):
    """Writes the config.json of a published net, unless there is one."""
    path = os.path.join(folder, 'config.json')
    if not os.path.exists(path):
        classes = find_classes(ADE20K, NUM_CLASSES)
        write_json(path, {'net': PUBLISHED[name].net, 'num_classes': NUM_CLASSES, 'width': 1., 'flags': {},
                          'classes': [dict(c._asdict(), colour=list(c.colour)) for c in classes]})
