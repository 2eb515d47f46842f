"""Tiles: how images are cut, run and put together."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcn8s.prediction.tiles import AUTO_TILE, check_tile, choose_tiles, run_tiled, tiles
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from FCN_model import build
from TensorflowUtils import create_session


def test_spans_of_an_axis():
    # tiles of 128 with 32 to spare on each side, over 288: 0..96 of 0..128, 96..160 of 64..192, and so on to the end
    # (over 256 two of 160 are enough, where 192 would do too)
    assert tiles(256, 192, 32) == [(0, 160, 0, 128), (96, 256, 128, 256)]
    assert tiles(288, 128, 32) == [(0, 128, 0, 96), (64, 192, 96, 160), (128, 256, 160, 224), (160, 288, 224, 288)]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 8))
def test_every_pixel_is_kept_once_and_away_from_cuts(length, tile, margin):
    length, tile, margin = 32 * length, 32 * (tile + 2 * margin), 32 * margin
    spans = tiles(length, tile, margin)
    kept = [pixel for _, _, first, last in spans for pixel in range(first, last)]
    assert kept == list(range(length))
    side = spans[0][1]
    # fewer tiles would not do, and as many could not be a stride smaller
    assert len(spans) == 1 or (len(spans) - 1) * (tile - 2 * margin) + 2 * margin < length
    assert side <= tile and len(spans) * (side - 32 - 2 * margin) + 2 * margin < length
    for start, end, first, last in spans:
        assert end - start == side and start % 32 == 0
        assert (start == 0 or first - start >= margin) and (end == length or end - last >= margin)


def box_sum(radius):
    """A function that sums the pixels up to `radius` to the left and right; zero beyond the border."""
    def function(images):
        line = np.pad(images[..., 0].astype(int), ((0, 0), (0, 0), (radius, radius)), 'constant')
        return [sum(line[..., i:i + images.shape[2]] for i in range(2 * radius + 1))]
    return function


@pytest.mark.parametrize('radius, same', [(32, True), (48, False)])
def test_tiling_changes_nothing_if_the_margin_reaches_as_far_as_the_function(radius, same):
    images = np.random.RandomState(0).randint(0, 256, (2, 64, 320, 3)).astype(np.uint8)
    function = box_sum(radius)
    tiled = run_tiled(function, images, 128, 32)[0]
    assert np.array_equal(tiled, function(images)[0]) == same


def test_every_result_is_put_together():
    images = np.random.RandomState(0).randint(0, 256, (2, 96, 160, 3)).astype(np.uint8)
    whole, first = run_tiled(lambda part: [part.astype(np.float32), part[..., 0]], images, 64, 0)
    np.testing.assert_array_equal(whole, images)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(first, images[..., 0])


@pytest.mark.parametrize('net', ['fcn8s', 'fcn32s_paper'])
def test_tiles_with_a_margin_of_256_give_the_scores_of_the_whole_image(net):
    image = np.random.RandomState(0).randint(0, 256, (1, 32, 960, 3)).astype(np.uint8)
    with tf.Graph().as_default(), create_session() as session:
        tf.set_random_seed(3)
        images = tf.placeholder(tf.uint8, [None, None, None, 3])
        logits, _ = build(net, images, 3, 1 / 16)
        session.run(tf.global_variables_initializer())
        for variable in tf.trainable_variables():  # the paper's scores start at zero
            if variable.op.name.startswith('inference/score'):
                variable.load(np.random.RandomState(1).randn(*variable.shape.as_list()), session)

        def run(part):
            return [session.run(logits, {images: part})]

        whole, exact, near = run(image)[0], run_tiled(run, image, 544, 256)[0], run_tiled(run, image, 544, 64)[0]
    scale = np.abs(whole).max()
    assert np.abs(exact - whole).max() < 1e-5 * scale  # float32's sums in another order
    assert np.abs(near - whole).max() > 1e-3 * scale


@pytest.mark.parametrize('tile, margin', [(1000, 128), (1024, 100), (256, 128), (0, 0), (512, -32)])
def test_impossible_sides_are_refused(tile, margin):
    with pytest.raises(UserError, match='multiples of 32'):
        check_tile(tile, margin)


def test_only_nets_with_a_reach_are_tiled_by_default():
    assert choose_tiles(None, 128, 288) == (AUTO_TILE, 288) and choose_tiles(None, 128, None) == (0, 0)


def test_requested_tiles_are_used_and_0_means_none():
    assert choose_tiles(96, 32, 288) == choose_tiles(96, 32, None) == (96, 32) and choose_tiles(0, 128, 288) == (0, 0)
