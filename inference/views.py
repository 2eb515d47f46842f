"""What a result shows: photo and class colours, put together."""
import collections

import numpy as np

from visualize import colour_image, overlay


def _horizontal(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=1)


def _vertical(photo, ids, colours):
    return np.concatenate([photo, overlay(photo, ids, colours)], axis=0)


IDS = 'ids'  # no picture but the ids themselves, in grey

# function(photo uint8 [H, W, 3], ids uint8 [H, W], colours uint8 [N, 3]) -> uint8 [h, w, 3]
VIEWS = collections.OrderedDict([
    ('overlay', overlay),  # the colours blended into the photo
    ('colours', lambda photo, ids, colours: colour_image(ids, colours)),
    ('horizontal', _horizontal),  # the photo left of its overlay
    ('vertical', _vertical),  # the photo above its overlay
])
