"""The best and the worst predicted photos of a test, collected as thumbnails while it runs."""
import collections
import heapq
import os

from fcn8s.data.photos import resize_ids, resize_photo

KEPT = 8       # best photos, and as many worst ones
LONGEST = 384  # pixels of a thumbnail's longer side

# score: metrics.Scores; photo: uint8 [h, w, 3]; truth, ids: uint8 [h, w]; labelled: bool [h, w], the scored pixels
Entry = collections.namedtuple('Entry', 'name score photo truth ids labelled')


class Gallery:
    """Keeps the photos with the highest and lowest mean IU; the earlier of two equal ones ranks higher."""

    def __init__(self, num_classes, ignore_label=None, kept=KEPT):
        self._num_classes, self._ignore_label, self._kept = num_classes, ignore_label, kept
        # heaps of (IU, -number, Entry) and (-IU, number, Entry): the next to be dropped is at the top
        self._best, self._worst = [], []
        self._count = 0

    def add(self, result, score):
        """Adds an Evaluated and its Scores, unless these are None; makes thumbnails only of photos it keeps."""
        if score is None:
            return
        self._count += 1
        ranked = ((self._best, (score.mean_iu, -self._count)), (self._worst, (-score.mean_iu, self._count)))
        heaps = [(heap, key) for heap, key in ranked if len(heap) < self._kept or key > heap[0][:2]]
        entry = heaps and self._entry(result, score)
        for heap, key in heaps:
            heapq.heappush(heap, key + (entry,))
            if len(heap) > self._kept:
                heapq.heappop(heap)

    def best_and_worst(self):
        """Two lists of Entry, best first and worst first; no photo is in both."""
        places = {abs(number): entry for _, number, entry in self._best + self._worst}
        entries = [places[number] for number in sorted(places, key=lambda n: (-places[n].score.mean_iu, n))]
        half = (len(entries) + 1) // 2
        return entries[:half], entries[half:][::-1]

    def _entry(self, result, score):
        truth = result.example.original
        height, width = truth.shape
        shrink = min(1., LONGEST / max(height, width))
        size = [max(1, int(round(shrink * side))) for side in (height, width)]
        truth = resize_ids(truth, *size)
        labelled = (truth > 0) & (truth < self._num_classes)
        if self._ignore_label is not None:
            labelled &= truth != self._ignore_label
        name = os.path.basename(result.example.record.image)
        photo, ids = resize_photo(result.example.image, *size), resize_ids(result.ids, *size)
        return Entry(name, score, photo, truth, ids, labelled)
