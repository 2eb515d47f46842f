"""Loads a trained net: photos in, class ids out.

    from fcn8s.prediction.segmenter import Segmenter
    segmenter = Segmenter('logs')
    ids = segmenter.predict(photo)                        # uint8 [H, W, 3] RGB -> uint8 [H, W]
    softmax = segmenter.predict(photo, argmax=False)      # -> float32 [H, W, num_classes]
"""
import collections
import functools

import numpy as np

from fcn8s.config import read_config, trained_net
from fcn8s.data.photos import network_size, resize_ids, resize_photo
from fcn8s.devices import describe_device, onednn_caches_kernels, resolve_precision
from fcn8s.prediction.scales import mean_softmax, most_likely_class, resize_probabilities
from fcn8s.prediction.tiles import MOST_PIXELS, TILE_MARGIN, choose_tiles, in_batches, run_tiled
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.checkpoints import config_folder
from fcn8s.weights.restore import find_weights, read_found, restore_for_prediction
from FCN_model import NETS, build_scores
from TensorflowUtils import create_session

# How a net predicts. with_class_0: False excludes class 0 from the argmax. max_side: photos with a longer side are
# scaled down to it for the net; None never does. tile, tile_margin: photos with a longer side than `tile` pass the net
# in tiles, which bounds the memory; see fcn8s.prediction.tiles.choose_tiles. precision: of the layers, see
# fcn8s.devices.resolve_precision. scales, flip: predictions are averaged over these, see fcn8s.prediction.scales.
Options = collections.namedtuple('Options', 'with_class_0 max_side tile tile_margin precision scales flip',
                                 defaults=(True, None, None, TILE_MARGIN, 'auto', (1.,), False))


class Segmenter:
    """A net restored from a checkpoint. A context manager; close() frees its session.

    Attributes:
      net: its NetConfig (row of NETS, num_classes, width, classes).
      checkpoint: the prefix it was restored from.
      precision: of its layers, 'float32', 'bfloat16' or 'float16'.
      averages: whether a photo is seen at several scales or mirrored too.
    """

    def __init__(self, logs_dir='logs', checkpoint='', given=None, default_data_dir='', **options):
        """Finds the checkpoint (see find_weights), builds its net and restores it.

        Args:
          given: None, or a Given whose values override config.json; needed for a checkpoint without config.json.
          default_data_dir: names the classes if neither config.json nor `given` does.
          **options: the fields of Options. Averaging keeps a whole photo's probabilities in memory, tiled or not.

        Raises:
          UserError: no checkpoint, no config, a checkpoint of another net, sides that make no tiles, or a precision
            that TensorFlow cannot do.
        """
        self.checkpoint = find_weights(checkpoint, logs_dir)
        self.config = read_config(config_folder(self.checkpoint))
        self.net = trained_net(self.config, given, default_data_dir)
        if self.net.net not in NETS:
            raise UserError(f'--net={self.net.net}: there is no such net. There are: {", ".join(NETS)}.')
        self._options = options = Options(**options)
        self._tile, self._tile_margin = choose_tiles(options.tile, options.tile_margin, NETS[self.net.net].reach)
        self.precision = resolve_precision(options.precision)
        self.averages = tuple(options.scales) != (1.,) or options.flip
        self._together = onednn_caches_kernels() and not self.averages
        graph = tf.Graph()
        # TensorFlow 2 would make resource variables, which 1 does not
        with graph.as_default(), tf.variable_scope(tf.get_variable_scope(), use_resource=False):
            self._images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
            scores, _ = build_scores(self.net.net, self._images, self.net.num_classes, self.net.width,
                                     precision=self.precision, master_weights=False)
            self._ids = scores.ids(options.with_class_0)
            self._softmax = tf.nn.softmax(tf.cast(scores.logits, tf.float32))
            self._variables = tf.global_variables()
            self._session = create_session(graph)
            restore = functools.partial(restore_for_prediction, self._session, variables=self._variables,
                                        num_classes=self.net.num_classes, net=self.net.net)
            self.checkpoint, _ = read_found(self.checkpoint, restore, checkpoint, logs_dir)

    def predict(self, images, argmax=True):
        """Class ids, or probabilities, of photos of any sizes.

        Args:
          images: one photo, uint8 [H, W, 3] RGB; an array of photos, [B, H, W, 3]; or a list of photos.
          argmax: False for probabilities, class 0 included.

        Returns:
          Of a photo: ids, uint8 [H, W], brought from the net's size to the photo's by nearest neighbours; or
          probabilities, float32 [H, W, num_classes], brought there bilinearly. An array or a list of these where one
          was given.

        Raises:
          UserError: what is given is no such photo, or memory runs out.
        """
        if isinstance(images, (list, tuple)):
            if argmax:
                return [ids for _, ids in self.predict_each(images)]
            return [self.predict(photo, argmax) for photo in images]
        if np.ndim(images) == 4 and len(images):
            return np.stack(self.predict(list(images), argmax))
        fetch = self._ids if argmax else self._softmax
        return self._predict([images], [fetch])[0][0]

    def predict_both(self, photo, dtype=np.float32):
        """(ids, probabilities) of one photo as `predict` gives them, in one pass; dtype: of the probabilities."""
        return tuple(self._predict([photo], [self._ids, self._softmax], dtype)[0])

    def predict_each(self, photos):
        """Yields (photo, ids) for each of an iterable of photos, in order. Raises UserError as predict does."""
        for batch in self.batches(photos):
            for photo, (ids,) in zip(batch, self._predict(batch, [self._ids])):
                yield photo, ids

    def batches(self, items, photo_of=lambda item: item):
        """Groups consecutive items into batches worth running together; see fcn8s.prediction.tiles.

        Batches only pay if oneDNN caches its kernels: TensorFlow's own convolutions gain nothing, and on a GPU cuDNN
        would search for its fastest kernels again for every batch size.
        photo_of: function item -> its photo, or None for one that must be alone.
        """
        def size(item):
            photo = photo_of(item) if self._together else None
            if photo is None:
                return None
            net_size = self._net_size(photo)
            # photos that are scaled down for the net would pile up in memory
            return None if photo.shape[0] * photo.shape[1] > 4 * MOST_PIXELS else net_size

        return in_batches(items, size)

    def _net_size(self, photo):
        """(height, width) in pixels of the net's input for a photo. Raises UserError if it is no photo."""
        _check_photo(photo)
        return network_size(*photo.shape[:2], max_side=self._options.max_side)

    def predict_batch(self, images):
        """Class ids of images at the net's size: uint8 [B, H, W, 3] -> uint8 [B, H, W]."""
        return self._run_tiled([self._ids], images)[0]

    def softmax_batch(self, images):
        """Probabilities of the classes, class 0 included: uint8 [B, H, W, 3] -> float32 [B, H, W, num_classes]."""
        return self._run_tiled([self._softmax], images)[0]

    def _predict(self, photos, fetches, dtype=np.float32):
        """Runs photos that share a net size; returns for each photo a list of [H, W, ...] at its own size."""
        size = self._net_size(photos[0])
        images = [resize_photo(photo, *size) for photo in photos]
        images = np.stack(images) if len(images) > 1 else images[0][np.newaxis]  # without a copy
        results = (self._run_averaged if self.averages else self._run_tiled)(fetches, images)
        return [[resize_ids(result[i], *photo.shape[:2]) if result.ndim == 3 else
                 resize_probabilities(result[i], *photo.shape[:2], dtype=dtype) for result in results]
                for i, photo in enumerate(photos)]

    def _run_tiled(self, fetches, images):
        """Runs images at the net's size, large ones in tiles; returns a list of [B, H, W, ...]."""
        if self._tile and max(images.shape[1:3]) > self._tile:
            return run_tiled(functools.partial(self._run, fetches), images, self._tile, self._tile_margin)
        return self._run(fetches, images)

    def _run_averaged(self, fetches, images):
        """Like _run_tiled for one image, [1, H, W, 3], but averaged over scales and mirror images."""
        softmax = mean_softmax(self.softmax_batch, images[0], self._options.scales, self._options.flip)
        ids = most_likely_class(softmax, self._options.with_class_0)
        return [(softmax if fetch is self._softmax else ids)[np.newaxis] for fetch in fetches]

    def _run(self, fetch, images):
        try:
            return self._session.run(fetch, {self._images: images})
        except (tf.errors.ResourceExhaustedError, MemoryError):
            raise UserError(f'memory ran out on images of {images.shape[1]}x{images.shape[2]} pixels. Use --tile=768 '
                            'to let the net see larger photos in parts (or smaller ones than now), or in inference '
                            '--max_side=1024 to let it see them scaled down.')

    def array(self, name):
        """The values of one of the net's variables, by its name."""
        return self._session.run(next(variable for variable in self._variables if variable.op.name == name))

    def describe(self):
        """One line for the log: device, net and checkpoint."""
        return (f'{describe_device()}, {self.precision}; net {self.net.net}, width {self.net.width:g}, '
                f'{self.net.num_classes} classes, from {self.checkpoint}')

    def close(self):
        """Frees the session."""
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _check_photo(photo):
    if getattr(photo, 'dtype', None) != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        found = f'{photo.dtype} {list(photo.shape)}' if isinstance(photo, np.ndarray) else type(photo).__name__
        raise UserError(f'expected photos as uint8 [height, width, 3], values 0 to 255 in RGB; found {found}. '
                        'fcn8s.data.photos.read_photo reads one from a file.')
