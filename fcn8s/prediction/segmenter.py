"""A trained net: photos in, class ids out. In the project's folder, or anywhere after `pip install .`:

    from fcn8s import Segmenter, read_photo

    with Segmenter('logs') as segmenter:
        photo = read_photo('street.jpg')                      # uint8 [H, W, 3], RGB
        ids = segmenter.predict(photo)                        # uint8 [H, W]
        softmax = segmenter.predict(photo, argmax=False)      # float32 [H, W, num_classes]
"""
import functools
import os
from typing import Iterable, Iterator, Optional, Sequence, Tuple, Union

import numpy as np

from fcn8s.config import NetOverrides, config_of, flag_or_trained, trained_net
from fcn8s.data.photos import network_size, resize_ids, resize_photo
from fcn8s.devices import describe_device, onednn_caches_kernels, resolve_precision
from fcn8s.prediction.options import Options, check_photo
from fcn8s.prediction.scales import by_short_side, mean_softmax, most_likely_class, resize_probabilities
from fcn8s.prediction.tiles import MAX_BATCH_PIXELS, choose_tiles, in_batches, run_tiled
from fcn8s.utils.cli import expand_home
from fcn8s.utils.errors import UserError
from fcn8s.utils.tf1 import tf
from fcn8s.weights.restore import find_weights, read_found, restore_for_prediction
from FCN_model import NETS, build_scores
from TensorflowUtils import create_session

Photos = Union[np.ndarray, Sequence[np.ndarray]]


class Segmenter:
    """A net restored from a checkpoint. A context manager; close() frees its session.

    Attributes:
      net: its NetConfig (row of NETS, num_classes, width, classes).
      config: see fcn8s.config.config_of.
      checkpoint: the prefix it was restored from.
      precision: of its layers: 'float32', 'bfloat16' or 'float16'.
      averages: whether predictions are averaged over scales or mirror images.
    """

    def __init__(self, logs_dir: str = 'logs', checkpoint: str = '', overrides: Optional[NetOverrides] = None,
                 default_data_dir: str = '', **options) -> None:
        """Finds the checkpoint, builds its net and restores it.

        Args:
          logs_dir: folder of the training run; a leading ~ is the home folder, here and in `checkpoint`.
          checkpoint: '' for the run's last one, 'best', a published net or a path: see find_weights.
          overrides: NetOverrides that replace values of config.json, or None; needed without a config.json.
          default_data_dir: data set whose classes are used if neither config.json nor `overrides` names any.
          **options: the fields of Options.

        Raises UserError if there is no checkpoint or config, the checkpoint belongs to another net, the tile's sides do
        not fit, or TensorFlow lacks the precision.
        """
        logs_dir, checkpoint = (expand_home(os.fspath(path)) for path in (logs_dir, checkpoint))
        self.checkpoint = find_weights(checkpoint, logs_dir)
        self.config = config_of(self.checkpoint)
        self.net = trained_net(self.config, overrides, default_data_dir)
        if self.net.net not in NETS:
            raise UserError(f'--net={self.net.net}: there is no such net. Choose one of {", ".join(NETS)}.')
        row, options = NETS[self.net.net], Options(**options)
        options.check(self.net.net, row)
        self._options = options._replace(max_side=flag_or_trained(options.max_side, self.config, 'max_side'))
        self._tile, self._tile_margin = choose_tiles(options.tile, options.tile_margin, row.reach)
        self.precision = resolve_precision(options.precision)
        self.averages, self._batches_pay = options.averages, onednn_caches_kernels() and not options.averages
        graph = tf.Graph()  # without resource variables, which TensorFlow 2 would make and TensorFlow 1 would not
        with graph.as_default(), tf.variable_scope(tf.get_variable_scope(), use_resource=False):
            self._images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
            build = functools.partial(build_scores, self.net.net, self._images, self.net.num_classes, self.net.width,
                                      precision=self.precision, master_weights=False)
            scores, _ = build()
            self._ids = scores.ids(options.with_class_0)
            self._softmax = tf.nn.softmax(tf.cast(scores.logits, tf.float32))
            if by_short_side(options.scales):
                self._size = tf.placeholder(tf.int32, [2], 'size')
                self._softmax_of_size = tf.nn.softmax(build(size=self._size)[0].logits)
            self._variables = tf.global_variables()
            self._session = create_session(graph)
            restore = functools.partial(restore_for_prediction, self._session, variables=self._variables,
                                        num_classes=self.net.num_classes, net=self.net.net)
            self.checkpoint, _ = read_found(self.checkpoint, restore, checkpoint, logs_dir)

    def predict(self, images: Photos, argmax: bool = True) -> Photos:
        """Predicts class ids, or probabilities, of photos of any size.

        Args:
          images: one photo, uint8 [H, W, 3] RGB; an array of photos, [B, H, W, 3]; or a list of photos.
          argmax: False for probabilities, class 0 included.

        Returns:
          For one photo its ids, uint8 [H, W], resized from the net's size by nearest neighbour; or its probabilities,
          float32 [H, W, num_classes], resized bilinearly. For an array or a list of photos an array or a list of these.

        Raises UserError if `images` holds something else than photos, or memory runs out.
        """
        if isinstance(images, (list, tuple)):
            if argmax:
                return [ids for _, ids in self.predict_each(images)]
            return [self.predict(photo, argmax) for photo in images]
        if np.ndim(images) == 4 and len(images):
            return np.stack(self.predict(list(images), argmax))
        fetch = self._ids if argmax else self._softmax
        return self._predict([images], [fetch])[0][0]

    def predict_both(self, photo: np.ndarray, dtype: type = np.float32) -> Tuple[np.ndarray, np.ndarray]:
        """Returns (ids, probabilities) of one photo as `predict` does, in one pass; dtype: of the probabilities."""
        return tuple(self._predict([photo], [self._ids, self._softmax], dtype)[0])

    def predict_each(self, photos: Iterable[np.ndarray]) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Yields (photo, ids) for each of `photos`, any iterable, in order. Raises UserError as `predict` does."""
        for batch in self.batches(photos):
            for photo, (ids,) in zip(batch, self._predict(batch, [self._ids])):
                yield photo, ids

    def batches(self, items, photo_of=lambda item: item):
        """Groups consecutive items into batches worth running together: yields lists of `items`.

        Batches pay only where oneDNN caches reordered kernels. TensorFlow's own convolutions gain nothing, and on a
        GPU cuDNN would search for its fastest kernels again for each batch size.

        photo_of: function from an item to its photo, or to None if it must be alone.
        """
        def size(item):
            photo = photo_of(item) if self._batches_pay else None
            if photo is None:
                return None
            net_size = self._net_size(photo)
            # photos far larger than the net's size would fill the memory while they wait for a full batch
            return None if photo.shape[0] * photo.shape[1] > 4 * MAX_BATCH_PIXELS else net_size

        return in_batches(items, size)

    def predict_batch(self, images: np.ndarray) -> np.ndarray:
        """Class ids of images at the net's size: uint8 [B, H, W, 3] -> uint8 [B, H, W]."""
        return self._run_tiled([self._ids], images)[0]

    def softmax_batch(self, images: np.ndarray, size: Optional[Tuple[int, int]] = None) -> np.ndarray:
        """Probabilities of images at the net's size: uint8 [B, h, w, 3] -> float32 [B, H, W, num_classes].

        size: (H, W) if they are not the images' own; only for a net that was opened with short sides as scales.
        """
        if size is not None:
            return self._run([self._softmax_of_size], images, {self._size: size})[0]
        return self._run_tiled([self._softmax], images)[0]

    def array(self, name: str) -> np.ndarray:
        """The value of one of the net's variables, by its name."""
        return self._session.run(next(variable for variable in self._variables if variable.op.name == name))

    def describe(self) -> str:
        """One line for the log: device, net and checkpoint."""
        return (f'{describe_device()}, {self.precision}; net {self.net.net}, width {self.net.width:g}, '
                f'{self.net.num_classes} classes, from {self.checkpoint}')

    def close(self) -> None:
        """Frees the session."""
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _net_size(self, photo):
        """The (height, width) to which a photo is resized for the net. Raises UserError if it is not a photo."""
        check_photo(photo)
        return network_size(*photo.shape[:2], self._options.max_side, self._options.multiple)

    def _predict(self, photos, fetches, dtype=np.float32):
        """Runs photos that share a net size: for each photo a list of the fetches, [H, W, ...] at its own size."""
        size = self._net_size(photos[0])
        images = [resize_photo(photo, *size) for photo in photos]
        images = np.stack(images) if len(images) > 1 else images[0][np.newaxis]  # np.stack would copy
        results = (self._run_averaged if self.averages else self._run_tiled)(fetches, images)
        return [[resize_ids(result[i], *photo.shape[:2]) if result.ndim == 3 else
                 resize_probabilities(result[i], *photo.shape[:2], dtype=dtype) for result in results]
                for i, photo in enumerate(photos)]

    def _run_averaged(self, fetches, images):
        """As _run_tiled for one image, [1, H, W, 3], from its probabilities averaged over scales and mirror images."""
        softmax = mean_softmax(self.softmax_batch, images[0], self._options.scales, self._options.flip)
        ids = most_likely_class(softmax, self._options.with_class_0)
        return [(softmax if fetch is self._softmax else ids)[np.newaxis] for fetch in fetches]

    def _run_tiled(self, fetches, images):
        """Runs images at the net's size, in tiles if they are large: a list of the fetches, [B, H, W, ...] each."""
        if self._tile and max(images.shape[1:3]) > self._tile:
            return run_tiled(functools.partial(self._run, fetches), images, self._tile, self._tile_margin)
        return self._run(fetches, images)

    def _run(self, fetches, images, more=None):
        try:
            return self._session.run(fetches, {self._images: images, **(more or {})})
        except (tf.errors.ResourceExhaustedError, MemoryError):
            raise UserError(f'memory ran out on images of {images.shape[1]}x{images.shape[2]} pixels. Run photos in '
                            'parts of --tile=768 or less, or for inference scale them down with --max_side=1024.')
