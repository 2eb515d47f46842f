"""Maps a function over items in threads, in order, with a bound on the pixels in memory."""
import collections
import concurrent.futures

PIXELS_AT_ONCE = 128 * 10**6  # per stage of work, unless one photo has more: five 24-megapixel photos


def ordered_map(function, items, num_threads, ahead, pixels=None):
    """Like map(), in threads, keeping the order; `items` may be endless.

    While the caller works on one result, at most `ahead` others are computed or wait. pixels: None, or function(item)
    -> pixels that its work holds in memory. With it, all items in work have at most PIXELS_AT_ONCE together, unless one
    alone has more. An item's exception is raised at its turn. No thread outlives the generator.
    """
    executor = concurrent.futures.ThreadPoolExecutor(num_threads)
    waiting, sizes = collections.deque(), collections.deque()  # sizes: of those that wait, and of the caller's
    try:
        for item in items:
            size = pixels(item) if pixels else 0
            while waiting and sum(sizes) + size > PIXELS_AT_ONCE:
                yield waiting.popleft().result()
                sizes.popleft()
            waiting.append(executor.submit(function, item))
            sizes.append(size)
            if len(waiting) > ahead:
                yield waiting.popleft().result()
                sizes.popleft()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        executor.shutdown()
