"""Outlines and masks to pixels, by hand and against matplotlib's point-in-polygon test."""
import numpy as np
import pytest
from matplotlib.path import Path

from Data_zoo import shapes
from Data_zoo.shapes import Patch, Shape

SQUARE = [[2, 1], [6, 1], [6, 4], [2, 4]]


def pixels(patch, height=8, width=10):
    ids = np.zeros((height, width), np.uint8)
    shapes.paint(ids, patch, 1)
    return ids


def inside(ring, height, width):
    """bool [height, width] by matplotlib: whether each pixel's centre is in the ring."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return Path(ring, closed=False).contains_points(np.stack([x.ravel(), y.ravel()], 1)).reshape(height, width)


def test_rectangle_of_4_by_3_has_12_pixels():
    found = pixels(shapes.outline([SQUARE], 8, 10))
    assert found.sum() == 12 and found[1:4, 2:6].all()


def test_triangle_by_hand():
    found = pixels(shapes.outline([[[0, 0], [4, 0], [0, 4]]], 4, 4), 4, 4)
    assert found.tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_ring_within_a_ring_is_a_hole():
    found = pixels(shapes.outline([SQUARE, [[3, 2], [5, 2], [5, 3], [3, 3]]], 8, 10))
    assert found.sum() == 10 and not found[2, 3:5].any()


def test_part_outside_the_photo_is_cut():
    found = pixels(shapes.outline([[[-5, -5], [3, -5], [3, 2], [-5, 2]]], 8, 10))
    assert found.sum() == 6 and found[:2, :3].all()


@pytest.mark.parametrize('ring', [[[20, 20], [30, 20], [30, 30]], [], [[1, 1]], [[1, 1], [5, 5]],
                                  [[-1e6, 0], [-1e6, 3], [-1e6, 5]]])
def test_outline_without_pixels(ring):
    assert not pixels(shapes.outline([ring], 8, 10)).any()


@pytest.mark.parametrize('ring', [[[0, 0], [float('nan'), 1], [1, 1]], [1, 2, 3], [[1, 2, 3]],
                                  [[0, 0], [1e8, 3], [0, 9]]])
def test_outline_that_is_none_is_refused(ring):
    with pytest.raises(ValueError):
        shapes.outline([ring], 8, 10)


@pytest.mark.parametrize('seed', range(20))
def test_outlines_equal_those_of_an_independent_rasterizer(seed):
    random = np.random.RandomState(seed)
    angles = np.sort(random.rand(random.randint(3, 40))) * 2 * np.pi  # a star-shaped outline never crosses itself
    radii = random.uniform(5, 40, len(angles))
    ring = np.stack([32 + radii * np.cos(angles), 25 + radii * np.sin(angles)], 1)
    found = pixels(shapes.outline([ring], 50, 60), 50, 60)
    assert np.array_equal(found > 0, inside(ring, 50, 60))
    assert np.array_equal(found > 0, pixels(shapes.outline([ring[::-1]], 50, 60), 50, 60) > 0)


def test_points_of_whole_pixels_are_inside():
    found = pixels(shapes.pixel_outline([[[2, 1], [6, 1], [6, 4], [2, 4]], [[3, 2], [5, 2], [5, 3], [3, 3]]], 8, 10))
    assert found.sum() == 5 * 4 - 3 * 2


def test_rectangle_turned_by_90_degrees():
    found = pixels(shapes.outline([shapes.rectangle(2, 3, 6, 5, 90)], 8, 10))
    assert found.sum() == 8 and found[2:6, 3:5].all()


def test_rectangle_turned_about_its_corner():
    assert np.allclose(shapes.rectangle(2, 3, 6, 5, 90, (2, 3)), [[2, 3], [2, 7], [0, 7], [0, 3]])


def test_ellipse_by_hand():
    assert pixels(shapes.ellipse((2, 2), (2, 1), 4, 4), 4, 4).tolist() == [[0] * 4, [1] * 4, [1] * 4, [0] * 4]
    assert pixels(shapes.ellipse((2, 2), (2, 1), 4, 4, 90), 4, 4).sum(axis=0).tolist() == [0, 4, 4, 0]


def test_runs_by_rows_and_by_columns():
    assert shapes.runs([1, 2, 3], 2, 3).tolist() == [[False, True, True], [False] * 3]
    assert shapes.runs([1, 2, 3], 2, 3, by_columns=True).tolist() == [[False, True, False], [True, False, False]]


@pytest.mark.parametrize('counts', [[1, 2], [7], [-1, 7], [[6]]])
def test_runs_that_do_not_fill_the_mask_are_refused(counts):
    with pytest.raises(ValueError):
        shapes.runs(counts, 2, 3)


@pytest.mark.parametrize('top, left, count', [(-1, -1, 1), (0, 0, 4), (7, 9, 1), (8, 0, 0), (-2, 0, 0)])
def test_patch_beyond_the_edges_is_cut(top, left, count):
    patch = Patch(top, left, np.ones((2, 2), bool))
    assert pixels(patch).sum() == count and shapes.paint(np.zeros((8, 10)), patch, 1) == (count > 0)


def test_later_shapes_cover_earlier_ones():
    below, above = (Patch(0, left, np.ones((1, 2), bool)) for left in (0, 1))
    ids, objects = shapes.draw([Shape('a', below), Shape('b', above)], 1, 3, {'a': 1, 'b': 2}.get)
    assert ids.tolist() == [[1, 2, 2]] and objects == 2


IDS = {'a': 1, 'b': 2, 'c': 3}.get


def test_smaller_ones_cover_larger_ones_and_later_ones_their_equals():
    large, small = Patch(0, 0, np.ones((2, 2), bool)), Patch(0, 0, np.ones((1, 1), bool))
    order = [Shape('a', small), Shape('b', large), Shape('c', small)]
    for given, top in ((order, 3), (order[::-1], 1)):
        ids, objects = shapes.draw_smaller_on_top(given, 2, 3, IDS)
        assert ids.tolist() == [[top, 2, 0], [2, 2, 0]] and objects == 3


@pytest.mark.parametrize('reverse', [False, True])
def test_shapes_below_all_others_are_below_even_if_they_are_small(reverse):
    large, small = Patch(0, 0, np.ones((2, 2), bool)), Patch(1, 1, np.ones((1, 2), bool))
    order = [Shape('a', large), Shape('b', small)]
    ids, _ = shapes.draw_smaller_on_top(order[::-1] if reverse else order, 2, 3, IDS, 'b')
    assert ids.tolist() == [[1, 1, 0], [1, 1, 2]]


def test_area_of_what_lies_outside_does_not_count():
    outside, inside = Patch(0, -9, np.ones((1, 10), bool)), Patch(0, 0, np.ones((1, 2), bool))
    ids, _ = shapes.draw_smaller_on_top([Shape('a', outside), Shape('b', inside)], 1, 3, IDS)
    assert ids.tolist() == [[1, 2, 0]]
