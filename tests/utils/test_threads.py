import itertools
import threading
import time

import pytest
from image_files import save_png

from fcn8s.data.photos import pixels_of
from fcn8s.utils import threads as reading_ahead
from fcn8s.utils.threads import ordered_map


def slow_for_even(item):
    time.sleep(0.01 * (item % 2 == 0))
    return item


@pytest.fixture
def no_thread_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize('num_threads, ahead', [(1, 0), (1, 3), (4, 2), (3, 20)])
def test_results_come_in_the_order_of_the_items(no_thread_left, num_threads, ahead):
    assert list(ordered_map(slow_for_even, range(9), num_threads, ahead)) == list(range(9))


def test_nothing_gives_nothing(no_thread_left):
    assert list(ordered_map(slow_for_even, [], 2, 2)) == []


def test_work_is_done_by_as_many_threads_at_once_as_asked_for(no_thread_left):
    meeting = threading.Barrier(3, timeout=20)  # broken, and an exception, unless three work at the same time
    assert len(list(ordered_map(lambda item: meeting.wait(), range(3), 3, 3))) == 3


@pytest.mark.parametrize('ahead', [0, 1, 5])
def test_endless_items_are_taken_only_as_far_as_needed(no_thread_left, ahead):
    items = itertools.count()
    results = ordered_map(slow_for_even, items, 2, ahead)
    assert list(itertools.islice(results, 4)) == [0, 1, 2, 3]
    assert next(items) == 4 + ahead
    results.close()


def test_exception_comes_when_the_turn_of_its_item_does(no_thread_left):
    results = ordered_map(lambda item: 6 // (2 - item), range(9), 2, 4)
    assert [next(results), next(results)] == [3, 6]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_exception_of_the_items_is_raised(no_thread_left):
    def items():
        yield 1
        raise OSError('no more')
    with pytest.raises(OSError, match='no more'):
        list(ordered_map(slow_for_even, items(), 2, 4))


def test_closing_drops_what_is_not_begun(no_thread_left):
    begun = []

    def work(item):
        begun.append(item)
        time.sleep(0.05)
        return item
    results = ordered_map(work, itertools.count(), 1, 50)
    next(results)
    results.close()
    assert len(begun) < 10


def test_forgotten_generator_stops_its_threads(no_thread_left):
    results = ordered_map(slow_for_even, itertools.count(), 2, 4)
    next(results)
    del results


@pytest.fixture
def small_bound(monkeypatch):
    monkeypatch.setattr(reading_ahead, 'PIXELS_AT_ONCE', 10)


def most_at_once(sizes, num_threads=3, ahead=8):
    """The most pixels that results hold, from their computation's begin on until the caller asks for the next."""
    lock, held, most = threading.Lock(), [0], [0]

    def compute(size):
        with lock:
            held[0] += size
            most[0] = max(most[0], held[0])
        return size
    for size in ordered_map(compute, sizes, num_threads, ahead, pixels=lambda size: size):
        with lock:
            held[0] -= size
    return most[0]


def test_pixels_in_memory_are_bounded_and_a_larger_photo_goes_alone(no_thread_left, small_bound):
    assert most_at_once([4, 4, 4, 4, 4, 4]) <= 10
    assert most_at_once([4, 25, 4, 25, 25, 4]) == 25


def test_order_is_kept_within_the_bound(no_thread_left, small_bound):
    items = [3, 40, 1, 10, 9, 2, 5, 40, 40, 0]
    assert list(ordered_map(slow_for_even, items, 3, 5, pixels=lambda item: item)) == items


def test_small_photos_are_read_as_far_ahead_as_asked_for(no_thread_left, small_bound):
    items = itertools.count()
    results = ordered_map(slow_for_even, items, 2, 5, pixels=lambda item: 1)
    assert next(results) == 0 and next(items) == 6
    results.close()


def test_pixels_are_those_of_the_header(tmp_path):
    assert pixels_of(save_png(str(tmp_path / 'a.png'), 300, 20, 8, 2)) == 6000
    assert pixels_of(str(tmp_path / 'none.png')) == 0
