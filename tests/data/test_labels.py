import numpy as np
import pytest
from image_files import array

from fcn8s.data.labels import map_ids, match_colours, refuse_unknown
from fcn8s.utils.errors import UserError

RED_ISH, GREEN, WHITE = (200, 10, 10), (10, 200, 10), (255, 255, 255)


def picture(*rows):
    return array(rows)


def test_ids_are_mapped_by_the_table():
    assert map_ids(array([[0, 255, 7]]), {0: 3, 7: 0, 255: 2}, 'a.png').tolist() == [[3, 2, 0]]


def test_unknown_ids_are_named_with_the_file():
    with pytest.raises(UserError, match=r'a\.png holds the ids 9, 200, .*known are 0, 7'):
        map_ids(array([[200, 9, 7]]), {7: 1, 0: 0}, 'a.png')


def test_each_colour_becomes_its_index():
    rgb = picture([WHITE, GREEN, RED_ISH], [RED_ISH, RED_ISH, GREEN])
    index, unknown = match_colours(rgb, [RED_ISH, GREEN, WHITE])
    assert index.tolist() == [[2, 1, 0], [0, 0, 1]]
    assert index.dtype == np.uint8
    assert not unknown


def test_256_colours_keep_their_indices():
    colours = [(255 - i, i, 7) for i in range(256)]
    index, _ = match_colours(picture(colours), colours)
    assert index.tolist() == [list(range(256))]


@pytest.mark.parametrize('channel', range(3))
def test_colour_off_by_one_in_a_channel_is_unknown(channel):
    off = list(GREEN)
    off[channel] += 1
    index, unknown = match_colours(picture([GREEN, off, off]), [RED_ISH, GREEN])
    assert index.tolist() == [[1, 0, 0]]
    assert unknown == {tuple(off): 2}


def test_tolerance_bounds_the_difference_of_each_channel():
    inside, outside = (205, 5, 15), (206, 10, 10)
    index, unknown = match_colours(picture([inside, outside]), [WHITE, RED_ISH], tolerance=5)
    assert index.tolist() == [[1, 0]]
    assert unknown == {outside: 1}


def test_within_the_tolerance_the_nearest_colour_wins():
    near_first, between, near_second = (104, 0, 0), (105, 0, 0), (107, 0, 0)
    index, _ = match_colours(picture([near_first, between, near_second]), [(100, 0, 0), (110, 0, 0)], tolerance=20)
    assert index.tolist() == [[0, 0, 1]]


def test_refused_colours_are_listed_commonest_first():
    _, unknown = match_colours(picture([(1, 2, 3), (4, 5, 6), (4, 5, 6)]), [WHITE])
    with pytest.raises(UserError, match=r'a\.png .*\(4, 5, 6\) in 2 pixels, \(1, 2, 3\) in 1 pixels'):
        refuse_unknown(unknown, 'a.png')
