"""Segments the photos in a folder with Ray Data and an exported net, on one machine or on a Ray cluster.

    python FCN_export.py --export_dir=export/cats
    pip install "ray[data]"
    python examples/ray_segment.py export/cats PHOTOS IDS [WORKERS]

PHOTOS/a/street.jpg becomes IDS/a/street.png, whose pixel values are the class ids. Needs nothing of this project; on a
cluster all three folders must be on a disk that every machine sees.
"""
import os
import sys

import numpy as np
import ray
from PIL import Image, ImageOps


class Segment:
    """Loads the export once per worker, then segments photo after photo."""
    def __init__(self, export_dir, photos, ids):
        import tensorflow as tf  # in the worker, because its functions cannot be sent there
        self._predict = tf.saved_model.load(export_dir).signatures['serving_default']
        self._tf, self._photos, self._ids = tf, photos, ids

    def __call__(self, row):
        photo = np.asarray(ImageOps.exif_transpose(Image.open(row['item'])).convert('RGB'))
        ids = self._predict(images=self._tf.constant(photo[np.newaxis]))['ids'][0].numpy()
        path = os.path.join(self._ids, os.path.splitext(os.path.relpath(row['item'], self._photos))[0] + '.png')
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Image.fromarray(ids).save(path)
        return {'photo': row['item'], 'classes': len(np.unique(ids))}


if __name__ == '__main__':
    export_dir, photos, ids = map(os.path.abspath, sys.argv[1:4])
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(photos) for name in names
             if name.lower().endswith(('.jpg', '.jpeg', '.png'))]
    workers = ray.data.ActorPoolStrategy(size=int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    done = ray.data.from_items(paths).map(Segment, fn_constructor_args=(export_dir, photos, ids), compute=workers)
    print(f'{len(done.take_all())} photos are in {ids}')
