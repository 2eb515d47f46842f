"""Which masks are told from ids, and what is advised."""
import numpy as np
import pytest
from PIL import Image, ImageFilter

from fcn8s.data.labels import advice


def blurred(ids):
    return np.array(Image.fromarray(ids.astype(np.uint8)).filter(ImageFilter.GaussianBlur(2)))


def shapes(height=64, width=96):
    """Three areas, 0, 1 and 2."""
    ids = np.zeros((height, width), np.int64)
    ids[:height // 2] = 1
    ids[:, :width // 3] = 2
    return ids


def advised(ids, num_classes=3, ignore_label=None):
    ids = ids.astype(np.uint8)
    return advice(ids, (ids >= num_classes) & (ids != ignore_label))


def test_few_greys_are_named_with_their_lines_of_classes():
    text = advised(shapes() * 120)
    assert 'the greys 0, 120, 240:' in text and '1,NAME,120,120,120 2,NAME,240,240,240' in text
    assert 'colour_masks.py MASKS classes.csv IDS, where' in text


def test_soft_edged_greys_are_taken_for_the_nearest():
    text = advised(blurred(shapes() * 120))
    assert 'soft-edged greys 0, 120, 240:' in text and 'classes.csv IDS --nearest' in text


@pytest.mark.parametrize('size', [(64, 96), (400, 600)])
def test_soft_edged_black_and_white_is_divided_at_a_threshold(size):
    text = advised(blurred((shapes(*size) > 0) * 255), 2)
    assert 'black-and-white mask with soft edges' in text and '--threshold=128' in text


@pytest.mark.parametrize('ids', [
    np.arange(30),                                                         # more ids than classes
    np.array([0, 1, 2, 120, 240]),                                         # ids, and two greys
    np.array([0, 3]),                                                      # one id too many
    np.random.RandomState(0).randint(0, 256, (50, 50)),                    # a picture
    np.concatenate([np.arange(200), [150] * 900, [1] * 900]),              # many ids, of which one is a class
])
def test_what_may_be_ids_is_not_called_a_mask_to_be_looked_at(ids):
    assert advised(np.atleast_2d(ids)) is None
