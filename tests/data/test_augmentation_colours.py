"""Brightness and gray of a photo."""
import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcn8s.data.augment import FILL_COLOUR, augment, brighten
from fcn8s.data.augment_options import Augmentation


def random(seed=0):
    return np.random.RandomState([seed])


@pytest.mark.parametrize('pixel, factor, expected', [
    ((10, 20, 30), 2, (20, 40, 60)),
    ((100, 50, 20), 0.5, (50, 25, 10)),
    ((200, 80, 40), 2, (255, 102, 51)),   # 200 may grow by 255 / 200 = 1.275 only, and so do the others
    ((128, 128, 128), 3, (255, 255, 255)),
    ((3, 1, 0), 0.5, (2, 1, 0)),          # 1.5 and 0.5, rounded up
    ((0, 0, 0), 2, (0, 0, 0)),
    ((9, 99, 199), 0, (0, 0, 0)),
])
def test_brightness_by_hand(pixel, factor, expected):
    assert brighten(np.array([[pixel]], np.uint8), factor).tolist() == [[list(expected)]]


@given(st.tuples(*[st.integers(0, 255)] * 3), st.floats(0, 10))
def test_brightness_is_the_v_of_hsv(pixel, factor):
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in pixel))
    expected = [255 * channel for channel in colorsys.hsv_to_rgb(hue, saturation, min(value * factor, 1))]
    np.testing.assert_allclose(brighten(np.array([[pixel]], np.uint8), factor)[0, 0], expected, atol=0.51)


def test_gray_is_luma_in_three_channels():
    photo = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 10, 10]]], np.uint8)
    gray, _ = augment(photo, np.zeros((1, 4), np.uint8), Augmentation(gray=1.), random(), 255)
    # 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601): 76.2, 149.7, 29.1
    assert gray.tolist() == [[[76] * 3, [150] * 3, [29] * 3, [10] * 3]]


def test_colours_change_neither_ids_nor_padding():
    photo, ids = np.full((8, 8, 3), (200, 0, 0), np.uint8), np.full((8, 8), 5, np.uint8)
    options = Augmentation(crop=(32, 32), brightness=(0.5, 0.5, 1.), gray=1.)
    photo, ids = augment(photo, ids, options, random(), fill_label=255)
    assert (photo[ids == 5] == 30).all()  # 0.299 * 100
    assert (photo[ids != 5] == FILL_COLOUR).all()
    assert set(np.unique(ids)) == {5, 255}


@pytest.mark.parametrize('options', [Augmentation(brightness=(0., 0., 0.25)), Augmentation(gray=0.25)])
def test_probability_of_a_colour_change_is_kept(options):
    photo, ids = np.array([[[255, 0, 0]]], np.uint8), np.zeros((1, 1), np.uint8)
    count = sum((augment(photo, ids, options, random(seed), 255)[0] != photo).any() for seed in range(400))
    assert 70 <= count <= 130
