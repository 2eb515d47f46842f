"""How a net predicts."""
import collections

import numpy as np

from fcn8s.data.photos import STRIDE
from fcn8s.prediction.scales import by_short_side
from fcn8s.prediction.tiles import TILE_MARGIN
from fcn8s.utils.errors import UsageError, UserError


class Options(collections.namedtuple('Options', 'with_class_0 max_side tile tile_margin precision scales flip',
                                     defaults=(True, None, None, TILE_MARGIN, 'auto', (1.,), False))):
    """What Segmenter takes.

    with_class_0: False excludes class 0 from the ids.
    max_side: photos with a longer side are scaled down to it for the net; None as trained, or for no limit.
    tile: photos with a longer side run in tiles with this margin, which bounds the memory: see choose_tiles.
    precision: of the layers, see fcn8s.devices.resolve_precision.
    scales, flip: predictions are averaged over these, with a photo's probabilities in memory: see mean_softmax.
    """

    @property
    def averages(self):
        """Whether predictions are averaged over scales or mirror images."""
        return tuple(self.scales) != (1.,) or self.flip

    @property
    def multiple(self):
        """That to which the sides of a photo are rounded up."""
        return 1 if by_short_side(self.scales) else STRIDE

    def check(self, name, row):
        """Raises UsageError if a net cannot predict so; row: its row of NETS, called `name`."""
        if by_short_side(self.scales) and row.scores_0:
            raise UsageError(f'--scales={",".join(map(str, self.scales))}: the net {name} gives scores of the size of '
                             'the image that it gets. Short sides are for the dilated nets; give factors, such as '
                             '0.75,1,1.25.')


def check_photo(photo):
    """Raises UserError unless a photo is uint8 [H, W, 3]."""
    if getattr(photo, 'dtype', None) != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        found = f'{photo.dtype} {list(photo.shape)}' if isinstance(photo, np.ndarray) else type(photo).__name__
        raise UserError(f'expected photos as uint8 [height, width, 3], values 0 to 255 in RGB; found {found}. '
                        'fcn8s.data.photos.read_photo reads one from a file.')
