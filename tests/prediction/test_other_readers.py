"""What programs other than Pillow read from FCN_infer's PNGs, as README.md says."""
import numpy as np
import pytest
from imageio.v2 import imread

from fcn8s.utils.tf1 import tf
from fcn8s.visualize import save_ids, save_picture

IDS = np.array([[0, 1, 2], [2, 200, 255]], np.uint8)
COLOURS = np.array([[0, 0, 0], [220, 60, 20], [20, 60, 220]], np.uint8)


def by_tensorflow(path):
    with open(path, 'rb') as file, tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.io.decode_png(file.read()))


@pytest.mark.parametrize('read', [imread, by_tensorflow])
def test_grey_png_gives_ids_to_all(tmp_path, read):
    save_picture(str(tmp_path / 'a.png'), IDS)  # as --view=ids does
    assert np.array_equal(np.squeeze(read(str(tmp_path / 'a.png'))), IDS)


@pytest.mark.parametrize('read', [imread, by_tensorflow])
def test_palette_png_gives_colours_to_these(tmp_path, read):
    save_ids(str(tmp_path / 'a.png'), IDS, COLOURS)
    assert np.asarray(read(str(tmp_path / 'a.png')))[0, 1, :3].tolist() == [220, 60, 20]
