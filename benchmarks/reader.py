"""How many photos a second does the reader bring, with their annotations, to the net's size?

    python benchmarks/reader.py --photos=200

Three ways over the same files, in turns: BatchReader; bare Pillow, decoding and resizing in as many threads; and one
photo after the other in the main loop, read by imageio and resized by Pillow, as FCN-tensorflow-ADE20k does. The last
line is JSON: photos a second of each, and ratios.
"""
import argparse
import concurrent.futures
import itertools
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from batch_reader import BatchReader
from benchmarks.measure import add_threads, parse, positive, print_result, spread
from benchmarks.photos import write_photos
from fcn8s.data.classes import generic_classes
from fcn8s.data.photos import network_size
from fcn8s.data.records import Dataset
from read_data import read_dataset

NUM_CLASSES = 151


def main():
    """Times the three ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', type=positive, default=100)
    parser.add_argument('--height', type=positive, default=512, help='pixels, of the photos')
    parser.add_argument('--width', type=positive, default=683, help='pixels, of the photos')
    parser.add_argument('--batch_size', type=positive, default=2)
    parser.add_argument('--rounds', type=positive, default=5)
    add_threads(parser)
    request = parse(parser)
    if request.photos < 2 * request.batch_size:
        parser.error('--photos must be two batches or more')

    ways, seconds = (batches, bare, plain), [[], [], []]  # seconds a photo
    with tempfile.TemporaryDirectory() as folder:
        write_photos(folder, 'training', request.photos, request.height, request.width, NUM_CLASSES)
        records = read_dataset(folder, 'training', NUM_CLASSES).records
        for _ in range(request.rounds):
            for way, taken in zip(ways, seconds):
                taken.append(seconds_a_photo(way(records, request)))
    ours, bare_rate, plain_rate = (1 / statistics.median(taken) for taken in seconds)
    print(f'photos a second: BatchReader {ours:.1f}, bare Pillow in as many threads {bare_rate:.1f}, the plain loop '
          f'{plain_rate:.1f}')
    result = dict(vars(request), **spread(seconds[0]))
    result.update(images_per_second=ours, bare_images_per_second=bare_rate, plain_images_per_second=plain_rate,
                  ours_over_bare=ours / bare_rate, ours_over_plain=ours / plain_rate)
    print_result(result)


def seconds_a_photo(arrays):
    """The pace at which an iterator brings photos, uint8 [B, H, W, 3], from the first on: starting is left out."""
    next(arrays)
    start, photos = time.perf_counter(), 0
    for array in arrays:
        photos, end = photos + len(array), time.perf_counter()
    return (end - start) / photos


def batches(records, request):
    """BatchReader's."""
    dataset = Dataset(records, generic_classes(NUM_CLASSES))
    with BatchReader(dataset, request.batch_size, num_threads=request.threads) as reader:
        for batch in itertools.islice(reader, len(records) // request.batch_size):
            yield batch.images


def bare(records, request):
    """Decoded and resized in threads, without batches or checks."""
    def read(record):
        size = network_size(request.height, request.width)[::-1]
        ids = np.array(Image.open(record.annotation).resize(size, Image.Resampling.NEAREST))
        photo = Image.open(record.image).convert('RGB').resize(size, Image.Resampling.BILINEAR)
        return np.array(photo)[np.newaxis], ids
    with concurrent.futures.ThreadPoolExecutor(request.threads) as executor:
        for photo, _ in executor.map(read, records):
            yield photo


def plain(records, request):
    """Batches read in the main loop, one file after the other."""
    size = network_size(request.height, request.width)
    for first in range(0, len(records) - request.batch_size + 1, request.batch_size):
        batch = records[first:first + request.batch_size]
        photos, _ = zip(*(read_plainly(record, size) for record in batch))
        yield np.stack(photos)


def read_plainly(record, size):
    """(photo, ids) of a Record, read by imageio and brought to `size`, (height, width), as scipy.misc.imresize did."""
    def read(path, method):
        return np.array(Image.fromarray(np.asarray(imageio.imread(path))).resize(size[::-1], method))
    return read(record.image, Image.Resampling.BILINEAR), read(record.annotation, Image.Resampling.NEAREST)


if __name__ == '__main__':
    main()
