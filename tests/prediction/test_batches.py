"""Batches: which photos run through the net together."""
from hypothesis import given
from hypothesis import strategies as st

from fcn8s.prediction.tiles import MAX_BATCH_PHOTOS, in_batches, max_batch_size

SMALL, OTHER, LARGE = (64, 96), (96, 64), (512, 704)


def test_batches_by_hand():
    sizes = [SMALL] * 10 + [OTHER, SMALL, None, None, LARGE, LARGE, SMALL, SMALL]
    assert [len(batch) for batch in in_batches(sizes, lambda size: size)] == [8, 2, 1, 1, 1, 1, 1, 1, 2]


def test_larger_photos_come_in_smaller_batches():
    # 700,000 / (256 * 256) = 10.7, / (384 * 480) = 3.8, / (480 * 640) = 2.3, / (512 * 704) = 1.9
    sizes = (256, 256), (384, 480), (480, 640), (512, 704), (4000, 6000)
    assert [max_batch_size(size) for size in sizes] == [8, 3, 2, 1, 1]


@given(st.lists(st.sampled_from([SMALL, OTHER, (480, 640), LARGE, None])))
def test_no_photo_is_lost_and_their_order_stays(sizes):
    batches = list(in_batches(enumerate(sizes), lambda item: item[1]))
    assert [item for batch in batches for item in batch] == list(enumerate(sizes))
    assert all(0 < len(batch) <= MAX_BATCH_PHOTOS and len({size for _, size in batch}) == 1 for batch in batches)


def test_full_batch_does_not_wait_for_the_next_photo():
    read = []

    def photos():
        for size in [LARGE] * 2 + [(480, 640)] * 4:
            read.append(size)
            yield size

    batches = in_batches(photos(), lambda size: size)
    assert [(len(next(batches)), len(read)) for _ in range(4)] == [(1, 1), (1, 2), (2, 4), (2, 6)]
