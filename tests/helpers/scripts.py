"""Small data sets, and scripts run in this process as from a command line."""
import contextlib
import os
from unittest import mock

import numpy as np
from absl.testing import flagsaver
from PIL import Image

CLASSES_CSV = 'index,name,red,green,blue\n0,others,0,0,0\n1,left,200,40,40\n2,right,40,40,200\n'


def write_data_set(folder, training=4, validation=2, size=(40, 52)):
    """Photos that are reddish on their left and bluish on their right, class 1 and 2, with a border of class 0."""
    random = np.random.RandomState(0)
    for split, count in (('training', training), ('validation', validation)):
        for kind in ('images', 'annotations'):
            os.makedirs(os.path.join(str(folder), kind, split))
        for i in range(count):
            height, width = size[0] + 3 * i, size[1] - 2 * i
            edge = width // 3 + 4 * i
            ids = np.where(np.arange(width) < edge, 1, 2).astype(np.uint8) * np.ones((height, 1), np.uint8)
            ids[:2] = 0
            photo = np.array([[90, 90, 90], [180, 60, 60], [60, 60, 180]])[ids]
            photo += random.randint(-30, 30, photo.shape)
            Image.fromarray(photo.astype(np.uint8)).save(os.path.join(str(folder), 'images', split, f'p{i}.png'))
            Image.fromarray(ids).save(os.path.join(str(folder), 'annotations', split, f'p{i}.png'))
    with open(os.path.join(str(folder), 'classes.csv'), 'w') as file:
        file.write(CLASSES_CSV)
    return str(folder)


def run_script(module, *arguments):
    """module.main with these arguments and nothing left over from an earlier call; returns its exit code."""
    # an environment that lasted, such as --deterministic's, would reach the processes of later tests
    with fresh_flags(module.FLAGS), mock.patch.dict(os.environ):
        return module.main([module.__name__ + '.py'] + list(arguments))


@contextlib.contextmanager
def fresh_flags(flag_values):
    """Flags as they were before, afterwards."""
    saved = flagsaver.save_flag_values(flag_values)
    try:
        yield flag_values
    finally:
        flagsaver.restore_flag_values(saved, flag_values)
