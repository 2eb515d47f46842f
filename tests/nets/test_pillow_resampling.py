"""Pillow's resize as graph ops against Pillow itself."""
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fcn8s.nets.pillow_resampling import enlarge_bilinear, resize_nearest, resize_nearest_exact
from fcn8s.utils.tf1 import tf
from TensorflowUtils import create_session

RANDOM = np.random.RandomState(5)


def by_graph(resize, pairs):
    """Yields each of pairs (array, (height, width)) resized by one graph."""
    with tf.Graph().as_default() as graph, create_session(graph) as session:
        x = tf.placeholder(tf.uint8, [1, None, None, 3])
        size = tf.placeholder(tf.int32, [2])
        resized = resize(x, size[0], size[1])
        for array, (height, width) in pairs:
            yield session.run(resized, {x: array[np.newaxis], size: (height, width)})[0]


def photos(sizes):
    return [RANDOM.randint(0, 256, size + (3,)).astype(np.uint8) for size in sizes]


def to_odd(count):
    """Sizes at the net, multiples of 32, and the sizes of their photos."""
    wanted = [(75, 130), (33, 31), (1, 1), (1, 600), (97, 3)] + list(zip(*RANDOM.randint(1, 400, (2, count)).tolist()))
    return [tuple(-(-side // 32) * 32 for side in size) for size in wanted], wanted


def any_to_any(count):
    sizes = RANDOM.randint(1, 300, (4, count)).tolist()
    return list(zip(*sizes[:2])), list(zip(*sizes[2:]))


@pytest.mark.parametrize('sizes', [to_odd, any_to_any])
def test_nearest_equals_pillows_at_all_sizes(sizes):
    given, wanted = sizes(150)
    arrays = photos(given)
    for array, size, found in zip(arrays, wanted, by_graph(resize_nearest, zip(arrays, wanted))):
        expected = Image.fromarray(array).resize(size[::-1], Image.Resampling.NEAREST)
        np.testing.assert_array_equal(found, np.asarray(expected), f'{array.shape} -> {size}')


def test_exact_nearest_takes_the_pixel_that_holds_the_centre():
    given, wanted = to_odd(50)
    arrays = photos(given)
    for array, size, found in zip(arrays, wanted, by_graph(resize_nearest_exact, zip(arrays, wanted))):
        rows, columns = ([int(Fraction(2 * i + 1, 2) * old / new) for i in range(new)]
                         for old, new in zip(array.shape, size))
        np.testing.assert_array_equal(found, array[rows][:, columns], f'{array.shape} -> {size}')


def test_bilinear_equals_pillows_if_a_photo_grows():
    wanted, given = to_odd(80)
    wanted, given = wanted + [(32, 60000)], given + [(1, 59999)]  # a photo of a very long side
    arrays = photos(given)
    for array, size, found in zip(arrays, wanted, by_graph(enlarge_bilinear, zip(arrays, wanted))):
        expected = Image.fromarray(array).resize(size[::-1], Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(found, np.asarray(expected), f'{array.shape} -> {size}')
