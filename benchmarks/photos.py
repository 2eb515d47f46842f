"""A data set to measure on: photos that take as long to decode as real ones, and annotations, drawn from a seed.

Like photos, their amplitudes fall with frequency (Field 1987, doi:10.1364/JOSAA.4.002379); here so steeply that one of
512x683 takes about 45 KB as JPEG, as ADE20K's do: it packs 22,210 photos and annotations into 923 MB.
"""
import os
import shutil

import numpy as np
from PIL import Image

QUALITY = 75
PHOTO_POWER, REGION_POWER = 1.5, 3.  # by which amplitudes fall; the higher, the smoother
REGIONS = 12  # of an annotation
DRAWN = 8     # the others are copies, for decoding takes no notice of it


def write_photos(folder, split, count, height, width, num_classes):
    """Writes `count` pairs of images/SPLIT/*.jpg and annotations/SPLIT/*.png; returns the folder."""
    random = np.random.RandomState(0)
    kinds = (('images', '.jpg', lambda: photo(random, height, width)),
             ('annotations', '.png', lambda: annotation(random, height, width, num_classes)))
    for kind, suffix, draw in kinds:
        paths = [os.path.join(folder, kind, split, f'{i:04}{suffix}') for i in range(count)]
        os.makedirs(os.path.dirname(paths[0]))
        for i, path in enumerate(paths):
            if i < DRAWN:
                Image.fromarray(draw()).save(path, **{'quality': QUALITY} if suffix == '.jpg' else {})
            else:
                shutil.copyfile(paths[i % DRAWN], path)
    return folder


def photo(random, height, width):
    """uint8 [height, width, 3], RGB: brightness varies more than colour."""
    planes = [128 + deviation * texture(random, height, width, PHOTO_POWER) for deviation in (50, 20, 20)]
    pixels = np.clip(np.stack(planes, axis=2), 0, 255).astype(np.uint8)
    return np.array(Image.fromarray(pixels, 'YCbCr').convert('RGB'))


def annotation(random, height, width, num_classes):
    """uint8 [height, width]: regions of one id each, with smooth borders."""
    plane = texture(random, height, width, REGION_POWER)
    borders = np.percentile(plane, np.linspace(0, 100, REGIONS + 1)[1:-1])
    return random.randint(0, num_classes, REGIONS).astype(np.uint8)[np.digitize(plane, borders)]


def texture(random, height, width, power):
    """float [height, width] of mean 0 and deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(random.normal(size=(height, width)))
    plane = np.fft.irfft2(noise / frequency ** power, (height, width))
    return plane / plane.std()
