"""Probabilities at another size, and in a file."""
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from fcn8s.prediction.photos import save_probabilities
from fcn8s.prediction.scales import resize_probabilities


def softmax(height, width, classes=4):
    values = np.random.RandomState(0).random_sample((height, width, classes)).astype(np.float32)
    return values / values.sum(axis=2, keepdims=True)


def test_resized_by_linear_interpolation_between_pixel_centres():
    pair = np.array([[[1, 0], [0, 1]]], np.float32)  # one row of two pixels, centres at 1/4 and 3/4
    doubled = resize_probabilities(pair, 1, 4)       # centres at 1/8, 3/8, 5/8 and 7/8
    np.testing.assert_allclose(doubled[0, :, 0], [1, 0.75, 0.25, 0], atol=1e-6)


def test_resized_probabilities_still_sum_to_one():
    resized = resize_probabilities(softmax(64, 96), 61, 75)
    assert resized.shape == (61, 75, 4) and resized.dtype == np.float32
    np.testing.assert_allclose(resized.sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize('size', [(61, 75), (64, 96)])
def test_float16_is_that_of_the_float32_without_an_array_of_it(size):
    small = softmax(64, 96, 8)
    expected = resize_probabilities(small, *size).astype(np.float16)
    tracemalloc.start()
    resized = resize_probabilities(small, *size, dtype=np.float16)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(resized, expected)
    assert resized.dtype == np.float16 and peak < 1.5 * resized.nbytes


def test_enlarged_as_photos_are():
    plane = np.random.RandomState(1).random_sample((32, 64)).astype(np.float32)
    as_photo = np.asarray(Image.fromarray(plane).resize((100, 70), Image.BILINEAR))
    np.testing.assert_allclose(resize_probabilities(plane[:, :, None], 70, 100)[:, :, 0], as_photo, atol=1e-6)


def test_shrunk_to_the_values_at_the_new_centres():
    row = np.array([[[0], [1], [4], [9], [16]]], np.float32)  # centres at 1/10, 3/10, ..., 9/10
    # new centres at 1/6, 1/2 and 5/6: 1/3 of the way from 0 to 1, on 4, and 2/3 of the way from 9 to 16
    np.testing.assert_allclose(resize_probabilities(row, 1, 3)[0, :, 0], [1 / 3, 4, 9 + 14 / 3], atol=1e-6)


def test_file_holds_them_to_three_digits(tmp_path):
    saved = softmax(5, 7)
    save_probabilities(str(tmp_path / 'a_softmax.npz'), saved)
    with np.load(str(tmp_path / 'a_softmax.npz'), allow_pickle=False) as file:
        assert file['softmax'].dtype == np.float16
        np.testing.assert_allclose(file['softmax'], saved, rtol=1e-3)
