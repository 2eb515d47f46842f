"""Pairs of a photo and an annotation, and what can be wrong with one."""
import os

import numpy as np
from image_files import cut, save, save_png

from fcn8s.data.records import Record


def make_records(folder, count, bad=()):
    """Pairs 0, 1, ... of 8x8 pixels, whose photo k is grey k; of the bad ones the photo is a text."""
    records = []
    for k in range(count):
        record = Record(os.path.join(str(folder), f'{k}.png'), os.path.join(str(folder), f'{k}_ids.png'))
        save(record.image, np.full((8, 8, 3), k, np.uint8))
        save(record.annotation, np.zeros((8, 8), np.uint8))
        if k in bad:
            write_text(record.image, 'no photo')
        records.append(record)
    return records


def write_text(path, text=''):
    with open(path, 'w') as file:
        file.write(text)


def truncated_jpeg(record):
    noise = np.random.RandomState(0).randint(0, 255, (64, 64, 3)).astype(np.uint8)
    save(record.image, noise, format='JPEG')
    cut(record.image)


def dangling_link(record):
    os.remove(record.image)
    os.symlink('nowhere.png', record.image)


def pipe(record):
    os.remove(record.image)
    os.mkfifo(record.image)  # opening it would wait for a writer, for ever


BAD = {
    'truncated JPEG': (truncated_jpeg, '0.png: the image is damaged or cut short'),
    'empty photo': (lambda record: write_text(record.image), r'0.png: the file is empty \(0 bytes\)'),
    'text': (lambda record: write_text(record.image, 'no photo'), '0.png: this is not a JPEG, PNG'),
    'vanished photo': (lambda record: os.remove(record.image), '0.png: the image cannot be read: No such file'),
    'vanished annotation': (lambda record: os.remove(record.annotation), '0_ids.png: .*No such file'),
    'dangling link': (dangling_link, '0.png: the image cannot be read: No such file'),
    'pipe': (pipe, '0.png: this is a pipe or a device'),
    'label out of range': (lambda record: save(record.annotation, np.full((8, 8), 7, np.uint8)), '0_ids.png .* ids 7;'),
    'RGB mask': (lambda record: save(record.annotation, np.arange(192, dtype=np.uint8).reshape(8, 8, 3)),
                 '0_ids.png: this annotation is an RGB picture'),
    'another size': (lambda record: save(record.annotation, np.zeros((8, 9), np.uint8)), '8 x 8 .*0_ids.png is 8 x 9'),
    'bomb': (lambda record: save_png(record.image, 60000, 60000, 8, 2), '0.png: .*limit of 512 megapixels'),
}
