"""A trained net behind one door: photos in, class ids out.

    from segmenter import Segmenter
    ids = Segmenter('logs').predict(photo)          # uint8 [H, W, 3] -> uint8 [H, W]
"""

import numpy as np

from batch_reader import network_size
from FCN_model import NETS, build, predict_ids
from files.errors import UserError
from files.images import resize_ids, resize_photo
from runs.checkpoints import config_folder
from runs.config import read_config, trained_net
from runs.weight_sources import find_weights, restore_for_prediction
from TensorflowUtils import create_session, describe_device, tf


class Segmenter:
    """A net restored from a checkpoint. A context manager; close() frees its session.

    Attributes:
      net: its NetConfig (row of NETS, num_classes, width, classes).
      checkpoint: the prefix it was restored from.
    """

    def __init__(self, logs_dir='logs', checkpoint='', given=None, default_data_dir='', with_class_0=True,
                 max_side=None):
        """Finds the checkpoint (see find_weights), builds its net and restores it.

        Args:
          given: object with net, num_classes, width and data_dir that stand over config.json where they are not
            None; needed for a checkpoint that came without config.json.
          with_class_0: False leaves class 0 out of the argmax.
          max_side: photos with a longer side are scaled down to it for the net; None never does.

        Raises:
          UserError: no checkpoint, no config, or a checkpoint of another net.
        """
        self.checkpoint = find_weights(checkpoint, logs_dir)
        self.config = read_config(config_folder(self.checkpoint))
        self.net = trained_net(self.config, given, default_data_dir)
        if self.net.net not in NETS:
            raise UserError(f'--net={self.net.net}: there is no such net. There are: {", ".join(NETS)}.')
        self.max_side = max_side
        graph = tf.Graph()
        with graph.as_default():
            self._images = tf.placeholder(tf.uint8, [None, None, None, 3], 'images')
            logits, _ = build(self.net.net, self._images, self.net.num_classes, self.net.width)
            self._ids = predict_ids(logits, with_class_0)
            self._softmax = tf.nn.softmax(logits)
            variables = tf.global_variables()
        self._session = create_session(graph)
        restore_for_prediction(self._session, self.checkpoint, variables, self.net.num_classes)

    def predict(self, photo):
        """Class ids of a photo of any size: uint8 [H, W, 3] RGB -> uint8 [H, W].

        Raises UserError when memory runs out.
        """
        height, width = photo.shape[:2]
        shrink = min(1., self.max_side / max(height, width)) if self.max_side else 1.
        size = network_size(*(max(1, int(round(side * shrink))) for side in (height, width)))
        ids = self.predict_batch(resize_photo(photo, *size)[np.newaxis])[0]
        return resize_ids(ids, height, width)

    def predict_batch(self, images):
        """Class ids of images at the net's size: uint8 [B, H, W, 3] -> uint8 [B, H, W]."""
        return self._run(self._ids, images)

    def softmax_batch(self, images):
        """Probabilities of the classes, class 0 included: uint8 [B, H, W, 3] -> float32 [B, H, W, num_classes]."""
        return self._run(self._softmax, images)

    def _run(self, fetch, images):
        try:
            return self._session.run(fetch, {self._images: images})
        except tf.errors.ResourceExhaustedError:
            raise UserError(f'memory ran out on images of {images.shape[1]}x{images.shape[2]} pixels. Use smaller '
                            'ones, or --max_side=1024 to let the net see them scaled down.')

    def describe(self):
        """One line for the log: device, net and checkpoint."""
        return (f'{describe_device()}; net {self.net.net}, width {self.net.width:g}, {self.net.num_classes} classes, '
                f'from {self.checkpoint}')

    def close(self):
        """Frees the session."""
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
