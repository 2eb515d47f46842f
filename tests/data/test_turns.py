"""Annotations of photos that EXIF turns: their own tag, and what tells on which pixels they are drawn."""
import numpy as np
import pytest
from image_files import save
from turned_photos import IDS, TO_UPRIGHT, corner, exif

from fcn8s.data.annotations import read_annotation
from fcn8s.data.photos import Annotation, load_photo, photo_orientation
from fcn8s.data.records import Record, check_sizes
from fcn8s.data.turns import STORED, UNSURE, UPRIGHT, edges_met, placement, suspect_stored
from fcn8s.utils.errors import DataError


def annotation(shape, orientation=None):
    return Annotation(np.zeros(shape, np.uint8), orientation, [], None)


@pytest.mark.parametrize('orientation', sorted(TO_UPRIGHT))
@pytest.mark.parametrize('name', ['a.png', 'a.tif'])
def test_annotation_is_turned_by_its_own_tag(tmp_path, name, orientation):
    options = dict(exif=exif(orientation)) if name == 'a.png' else dict(tiffinfo={0x0112: orientation})
    ids = read_annotation(save(str(tmp_path / name), IDS, **options))
    assert ids.tolist() == TO_UPRIGHT[orientation](IDS).tolist()


@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.tif'])
@pytest.mark.parametrize('orientation', [1, 6])
def test_orientation_of_a_photo_is_read(tmp_path, name, orientation):
    options = dict(exif=exif(orientation)) if name != 'a.tif' else dict(tiffinfo={0x0112: orientation})
    assert photo_orientation(save(str(tmp_path / name), np.zeros((2, 3, 3), np.uint8), **options)) == orientation


@pytest.mark.parametrize('orientation, size, mask, found', [
    (6, (3, 2), annotation((2, 3)), STORED),
    (6, (3, 2), annotation((3, 2)), UPRIGHT),
    (6, (3, 2), annotation((2, 3), orientation=1), None),  # it says that it is upright, but has another size
    (8, (4, 4), annotation((4, 4)), UNSURE),
    (3, (2, 3), annotation((2, 3)), UNSURE),
    (2, (2, 3), annotation((2, 3), orientation=2), UPRIGHT),
    (3, (2, 3), annotation((3, 2)), None),
])
def test_sizes_tell_on_which_pixels_an_annotation_is_drawn(orientation, size, mask, found):
    assert placement(orientation, size, mask) == found


def test_error_of_sizes_names_the_command(tmp_path):
    record = Record(save(str(tmp_path / 'a.jpg'), np.zeros((3, 5, 3), np.uint8), exif=exif(8)), 'a.png')
    with pytest.raises(DataError, match=r'EXIF orientation \(8\).*python Data_zoo/upright.py DIR'):
        check_sizes((5, 3), (3, 5), record)


def test_exchanged_sides_are_not_put_down_to_exif_without_a_tag(tmp_path):
    record = Record(save(str(tmp_path / 'a.jpg'), np.zeros((3, 5, 3), np.uint8)), 'a.png')
    with pytest.raises(DataError) as caught:
        check_sizes((5, 3), (3, 5), record)
    assert 'EXIF' not in str(caught.value)


@pytest.mark.parametrize('orientation', [2, 3, 4])
def test_borders_meet_the_edges_of_the_photo_only_where_both_are_turned_alike(tmp_path, orientation):
    photo, ids = corner()
    picture = load_photo(save(str(tmp_path / 'a.png'), photo))
    upright, stored = edges_met(picture, ids, orientation)
    assert upright > 3 * stored
    assert edges_met(picture, TO_UPRIGHT[orientation](ids), orientation) == (stored, upright)  # each is its own inverse


def test_annotation_without_a_border_tells_nothing(tmp_path):
    photo, ids = corner()
    assert edges_met(load_photo(save(str(tmp_path / 'a.png'), photo)), ids * 0, 3) is None


@pytest.mark.parametrize('edges, suspected', [
    ([], False), ([None], False), ([(1, 3), None], True), ([(3, 1)] * 2, False), ([(1, 1.1)] * 9, False),
    ([(1, 1.1), (1, 5), (1, .9), (1, .9)], False)])  # one photo alone is no pattern
def test_stored_pixels_are_suspected_where_most_photos_say_so_clearly(edges, suspected):
    assert suspect_stored(edges) == suspected
