"""Nets that semantic-segmentation-pytorch trained on ADE20K and published: they segment without any training.

    python FCN_infer.py --checkpoint=ade20k-resnet18dilated-ppm_deepsup photo.jpg

A net is two files, encoder and decoder. They are downloaded once into MODEL_ZOO/<its name>/, or put there by hand.
"""
import functools
import os

from fcn8s.data.classes import read_classes
from fcn8s.nets.published import published_rows
from fcn8s.utils.download import DownloadError, fetch
from fcn8s.utils.errors import UserError, some_of
from fcn8s.utils.tf1 import tf
from fcn8s.weights.names import torch_names
from fcn8s.weights.pth import read_pth
from FCN_model import NETS, build

PUBLISHED = published_rows(NETS)  # {name: Published}
SUGGESTED = 'ade20k-resnet18dilated-ppm_deepsup'  # to a user who has no net: small, and nearly as good as the largest

URL = 'http://sceneparsing.csail.mit.edu/model/pytorch'
NUM_CLASSES, WIDTH = 151, 1.
MAX_SIDE = 800  # larger photos are scaled down to this longer side: the nets were trained on short sides of 300 to 600
HALVES = ('encoder', 'decoder')
_PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if os.path.isdir(os.path.join(_PROJECT, 'Data_zoo')):
    MODEL_ZOO = os.path.join(_PROJECT, 'Model_zoo')
    CLASSES = os.path.join(_PROJECT, 'Data_zoo', 'MIT_SceneParsing', 'classes.csv')
else:  # installed by pip
    MODEL_ZOO = os.path.join(os.path.expanduser('~'), '.cache', 'fcn8s', 'Model_zoo')
    CLASSES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'ade20k_classes.csv')


def file_names(name):
    """Names of the encoder's and the decoder's file of a net; name: a key of PUBLISHED."""
    return [f'{half}_{PUBLISHED[name].ending}.pth' for half in HALVES]


def urls(name):
    """Addresses of both files."""
    return [f'{URL}/{name}/{file}' for file in file_names(name)]


def fetch_published(name, **options):
    """Downloads what is missing of a net and returns the path of its encoder's file, beside which the decoder's is.

    A file that is downloaded is kept only if it holds every array of its half in the right shape.

    Args:
      name: a key of PUBLISHED.
      options: of fetch.

    Raises DownloadError with both addresses and the folder into which to put the files by hand.
    """
    folder = os.path.join(MODEL_ZOO, name)
    paths = [os.path.join(folder, file) for file in file_names(name)]
    missing = [(half, url, path) for half, url, path in zip(HALVES, urls(name), paths) if not os.path.exists(path)]
    for half, url, path in missing:
        try:
            fetch(url, path, check=functools.partial(_check_half, name, half), **options)
        except DownloadError as error:
            raise DownloadError(f'Cannot download the net {name}: {error.__cause__ or error}. Its files are '
                                f'{" and ".join(urls(name))}. Download them by hand, put them into {folder}, and run '
                                'again.') from error
    return paths[0]


def name_of(path):
    """The name of the published net whose encoder's file this is, known by the names of file and folder; or None."""
    folder, file = os.path.split(os.path.abspath(path))
    name = os.path.basename(folder)
    return name if name in PUBLISHED and file == file_names(name)[0] else None


def published_config(path):
    """What config.json (see fcn8s.config) would say about the net of an encoder's file; None unless it is published."""
    name = name_of(path)
    return name and {'net': PUBLISHED[name].row, 'num_classes': NUM_CLASSES, 'width': WIDTH,
                     'classes': [dict(c._asdict(), colour=list(c.colour)) for c in read_classes(CLASSES)],
                     'flags': {'max_side': MAX_SIDE}}


def _check_half(name, half, path):
    """Raises UserError unless a .pth file holds one half of a net."""
    arrays, shapes = read_pth(path), _shapes(PUBLISHED[name].row)
    theirs = torch_names(shapes, arrays)
    needed = {theirs[ours]: shape for ours, shape in shapes.items() if f'/{half}/' in ours}
    wrong = [f'{key} is not in it' if key not in arrays else
             f'{key} has shape {list(arrays[key].shape)}, expected {list(shape)}'
             for key, shape in needed.items() if key not in arrays or arrays[key].shape != shape]
    if wrong:
        raise UserError(f'it is not the {half} of {name}: {some_of(wrong, 3)}')


def _shapes(row):
    """{name: shape} of the variables of a row of NETS."""
    with tf.Graph().as_default():
        build(row, tf.placeholder(tf.uint8, [None, None, None, 3]), NUM_CLASSES, WIDTH)
        return {variable.op.name: tuple(variable.shape.as_list()) for variable in tf.global_variables()}
