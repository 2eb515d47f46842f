"""Where a pixel goes, and that chance hangs on seed, epoch and index alone."""
import itertools

import numpy as np
import pytest
from data_sets import dataset_of
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import save
from PIL import Image

from batch_reader import BatchReader
from fcn8s.data.augment import FILL_COLOUR, View, augment, cut, draw_view, make_transform, paste
from fcn8s.data.augment_options import Augmentation
from fcn8s.data.records import Record
from fcn8s.utils.errors import UserError

ALL = Augmentation((0.5, 1.5, 1.), (32, 64), 0.5, (0.5, 2., 1.), ((0, 9), (0, 5), 1.), 0.5)
GEOMETRY = ALL._replace(brightness=None, gray=0.)
SHAPE = (40, 60)


def random(seed=0):
    return np.random.RandomState([seed])


def noise(shape=SHAPE):
    generator = random(9)
    return generator.randint(0, 256, shape + (3,)).astype(np.uint8), generator.choice((3, 200), shape).astype(np.uint8)


def centre_of_mass(values):
    values = values.astype(float)
    return tuple(float((grid * values).sum() / values.sum()) for grid in np.indices(values.shape))


# A marker at rows 10 and 11, columns 14 and 15 of 24 x 32 pixels: its centre of mass at (10.5, 14.5).
@pytest.mark.parametrize('view, centre', [
    (View((24, 32), 0, 0, 24, 32, False, 0, 0), (10.5, 14.5)),
    (View((24, 32), 4, 9, 14, 12, False, 0, 0), (6.5, 5.5)),       # the window begins at (4, 9)
    (View((24, 32), -1, -2, 27, 40, False, 0, 0), (11.5, 16.5)),   # it begins 1 above and 2 left of the photo
    (View((24, 32), 0, 0, 24, 32, True, 0, 0), (10.5, 16.5)),      # 31 - 14.5
    (View((24, 32), 0, 0, 24, 32, False, 5, -4), (15.5, 10.5)),
    (View((24, 32), 4, 9, 14, 12, True, -1, 1), (5.5, 6.5)),       # 11 - 5.5, then 1 to the right
    (View((24, 32), -1, -2, 27, 40, True, 1, -2), (12.5, 20.5)),   # 39 - 16.5, then 2 to the left
    (View((48, 64), 0, 0, 48, 64, False, 0, 0), (21.5, 29.5)),     # 2 (10.5 + 0.5) - 0.5
    (View((12, 16), 0, 0, 12, 16, False, 0, 0), (5., 7.)),         # (10.5 + 0.5) / 2 - 0.5
    (View((48, 16), 16, -1, 20, 14, False, 0, 0), (5.5, 8.)),      # 21.5 - 16; 7 + 1
    (View((48, 64), 16, 20, 14, 20, True, 1, -2), (6.5, 7.5)),     # 21.5 - 16 + 1; 19 - (29.5 - 20) - 2
])
def test_marker_lands_where_the_formula_says_in_photo_and_annotation(view, centre):
    photo, ids = np.zeros((24, 32, 3), np.uint8), np.zeros((24, 32), np.uint8)
    photo[10:12, 14:16], ids[10:12, 14:16] = (0, 200, 0), 1
    shown = paste(cut(photo, view, Image.Resampling.BILINEAR), view, 0)
    assert centre_of_mass(shown[:, :, 1]) == pytest.approx(centre)
    assert centre_of_mass(paste(cut(ids, view, Image.Resampling.NEAREST), view, 0)) == pytest.approx(centre)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([GEOMETRY, GEOMETRY._replace(crop=None)]))
def test_every_pixel_shows_the_source_at_the_documented_place(seed, options):
    height, width = SHAPE
    rows, columns = np.mgrid[:height, :width]
    # ramps, which bilinear interpolation does not change: red is 4 at row 1, green 4 at column 1
    photo = np.stack([4 * rows, 4 * columns, 0 * rows], 2).astype(np.uint8)
    ids = (rows * 7 + columns * 3).astype(np.uint8) % 200
    view = draw_view(SHAPE, options, random(seed))
    photo, result = augment(photo, ids, options, random(seed), fill_label=255)

    v, u = np.mgrid[:view.height, :view.width]
    v, u = v - view.down, u - view.right
    in_window = (v >= 0) & (v < view.height) & (u >= 0) & (u < view.width)
    u = view.width - 1 - u if view.flip else u
    y, x = (v + view.top + 0.5) * height / view.scaled[0], (u + view.left + 0.5) * width / view.scaled[1]
    covered = in_window & (y > 0) & (y < height) & (x > 0) & (x < width)
    assert (result[~covered] == 255).all()
    assert (photo[~covered] == FILL_COLOUR).all()

    clear = covered & (abs(y - np.round(y)) > 1e-6) & (abs(x - np.round(x)) > 1e-6)  # not on the border of two pixels
    np.testing.assert_array_equal(result[clear], ids[y[clear].astype(int), x[clear].astype(int)])
    inner = covered & (y > 2) & (y < height - 2) & (x > 2) & (x < width - 2)  # where the filter meets no edge
    np.testing.assert_allclose(photo[inner][:, 0], 4 * (y[inner] - 0.5), atol=1)
    np.testing.assert_allclose(photo[inner][:, 1], 4 * (x[inner] - 0.5), atol=1)


@pytest.mark.parametrize('seed', range(8))
def test_ids_are_never_blended(seed):
    assert set(np.unique(augment(*noise(), ALL, random(seed), fill_label=255)[1])) <= {3, 200, 255}


@pytest.mark.parametrize('shape', [(1, 1), (32, 64), (40, 60), (33, 200), (300, 10)])
@pytest.mark.parametrize('seed', range(3))
def test_crop_has_the_size_asked_for(shape, seed):
    photo, ids = augment(*noise(shape), ALL, random(seed), fill_label=255)
    assert (photo.shape, ids.shape) == ((32, 64, 3), (32, 64))
    assert photo.dtype == ids.dtype == np.uint8


def test_without_a_crop_the_size_stays():
    photo, ids = augment(*noise(), ALL._replace(crop=None), random(), fill_label=255)
    assert (photo.shape, ids.shape) == (SHAPE + (3,), SHAPE)


def test_small_photo_is_padded_with_the_mean_colour_and_the_label():
    photo, ids = np.full((2, 3, 3), 9, np.uint8), np.ones((2, 3), np.uint8)
    photo, ids = augment(photo, ids, Augmentation(crop=(32, 64)), random(), fill_label=77)
    assert np.unique(ids, return_counts=True)[1].tolist() == [6, 32 * 64 - 6]  # ids 1 and 77
    assert (photo[ids == 1] == 9).all()
    assert (photo[ids == 77] == (124, 117, 104)).all()


def test_crop_reaches_every_corner():
    corners = {(view.top, view.left) for seed in range(60)
               for view in [draw_view((34, 63), Augmentation(crop=(32, 64)), random(seed))]}
    assert corners == set(itertools.product((0, 1, 2), (-1, 0)))


def test_scale_without_crop_is_about_the_centre():
    view = draw_view((10, 20), Augmentation(scale=(2., 2., 1.)), random())
    assert view == View((20, 40), 5, 10, 10, 20, False, 0, 0)


def test_scale_factors_fill_their_range():
    factors = [draw_view((1000, 1000), GEOMETRY, random(seed)).scaled[0] / 1000 for seed in range(200)]
    assert 0.5 <= min(factors) < 0.55
    assert 1.45 < max(factors) <= 1.5


def test_translation_keeps_its_range_to_both_sides():
    views = [draw_view(SHAPE, Augmentation(translate=((2, 4), (0, 1), 1.)), random(seed)) for seed in range(100)]
    assert {view.right for view in views} == {-4, -3, -2, 2, 3, 4}
    assert {view.down for view in views} == {-1, 0, 1}


def test_translation_beyond_the_photo_leaves_none_of_it():
    options = Augmentation(translate=((70, 70), (0, 0), 1.))
    for seed in range(4):
        photo, ids = augment(*noise(), options, random(seed), fill_label=255)
        assert (ids == 255).all()
        assert (photo == FILL_COLOUR).all()


@pytest.mark.parametrize('options, changed', [
    (Augmentation(flip=0.25), lambda view: view.flip),
    (Augmentation(scale=(2., 2., 0.25)), lambda view: view.scaled != SHAPE),
    (Augmentation(translate=((1, 1), (1, 1), 0.25)), lambda view: view.right != 0)])
def test_probability_is_kept(options, changed):
    count = sum(changed(draw_view(SHAPE, options, random(seed))) for seed in range(400))
    assert 70 <= count <= 130  # 100 expected, with a standard deviation of 8.7


def test_same_seed_epoch_and_index_give_the_same_example():
    one, two = (make_transform(ALL, 4, 201)(*noise(), epoch=2, index=7) for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize('seed, epoch, index', [(5, 2, 7), (4, 3, 7), (4, 2, 8)])
def test_another_seed_epoch_or_index_gives_another_example(seed, epoch, index):
    one, two = make_transform(ALL, 4, 201)(*noise(), 2, 7), make_transform(ALL, seed, 201)(*noise(), epoch, index)
    assert (one[0] != two[0]).any()


def test_input_is_left_as_it_was():
    photo, ids = noise()
    augment(photo, ids, ALL, random(), 255)
    np.testing.assert_array_equal(photo, noise()[0])
    np.testing.assert_array_equal(ids, noise()[1])


def test_no_option_makes_no_transform():
    assert make_transform(Augmentation(), 0, 151) is None


@pytest.mark.parametrize('ignore_label, expected', [(None, 255), (0, 0), (254, 254)])
def test_uncovered_pixels_get_the_ignore_label_or_else_255(ignore_label, expected):
    transform = make_transform(Augmentation(crop=(32, 32)), 0, 201, ignore_label)
    _, ids = transform(*noise((4, 4)), epoch=0, index=0)
    assert set(np.unique(ids)) == {3, 200, expected}


@pytest.mark.parametrize('options', [Augmentation(crop=(32, 32)), Augmentation(translate=((0, 1), (0, 0), 1.)),
                                     Augmentation(scale=(0.9, 2., 1.))])
def test_256_classes_leave_no_label_for_uncovered_pixels(options):
    with pytest.raises(UserError, match='256 classes.*--ignore_label'):
        make_transform(options, 0, 256)
    assert make_transform(options, 0, 256, ignore_label=0) is not None
    assert make_transform(options, 0, 255) is not None


def test_256_classes_may_be_flipped_and_enlarged():
    assert make_transform(Augmentation(scale=(1., 2., 1.), flip=0.5, gray=0.1), 0, 256) is not None


def test_resumed_run_sees_the_same_batches_whatever_the_threads(tmp_path):
    records = []
    for k, shape in enumerate([(40, 60), (20, 90), (70, 30)]):
        photo, ids = noise(shape)
        records.append(Record(save(str(tmp_path / f'{k}.png'), photo), save(str(tmp_path / f'{k}_ids.png'), ids)))

    def batches(start, count, threads):
        with BatchReader(dataset_of(records, 201), 2, seed=3, start_batch=start, num_threads=threads,
                         transform=make_transform(ALL, 3, 201)) as reader:
            return list(itertools.islice(reader, count))

    whole = batches(0, 8, 1)
    assert {batch.images.shape for batch in whole} == {(2, 32, 64, 3)}
    for expected, batch in zip(whole[5:], batches(5, 3, 4)):
        assert batch.records == expected.records
        np.testing.assert_array_equal(batch.images, expected.images)
        np.testing.assert_array_equal(batch.annotations, expected.annotations)
