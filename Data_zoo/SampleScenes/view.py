"""The camera and the light of a scene."""
import collections

import numpy as np

Light = collections.namedtuple('Light', 'top low cloud cover tint haze shade side lit noise')
LIGHTS = [  # top and low: the sky's colours; tint: of what it shines on; shade: a shadow's factor; lit: windows
    Light((72, 128, 200), (186, 212, 232), (250, 250, 248), 0.25, (1.04, 1.0, 0.94), 0.20, 0.72, 1, 0.03, 6),
    Light((120, 160, 205), (235, 228, 205), (255, 246, 230), 0.0, (1.1, 1.0, 0.84), 0.30, 0.74, 1, 0.05, 7),
    Light((146, 154, 164), (206, 208, 210), (112, 118, 130), -0.05, (0.86, 0.90, 0.95), 0.40, 0.90, 0, 0.15, 9),
    Light((64, 74, 134), (248, 172, 116), (232, 136, 130), 0.1, (0.88, 0.70, 0.66), 0.35, 0.85, -1, 0.45, 11),
]


class View:
    """A camera looking along z: x metres to the right, y up, z ahead; it stands eye metres above the ground."""

    def __init__(self, canvas, dice):
        self.canvas = canvas
        self.light = dice.pick(LIGHTS)._replace(side=dice.pick([-1, 1]))
        self.tint, self.low = (np.asarray(colour, np.float32) for colour in (self.light.tint, self.light.low))
        self.focal = 0.8 * max(canvas.height, canvas.width)
        self.eye = dice.real(1.6, 2.8)
        self.centre = canvas.width * dice.real(0.36, 0.64)
        self.horizon = canvas.height * dice.real(0.46, 0.60)

    def to_screen(self, x, y, z):
        return self.centre + self.focal * x / z, self.horizon + self.focal * (self.eye - y) / z

    def lit(self, colour, z):
        """A surface's colour in this light, seen through z metres of haze (numbers or arrays [h, w, 1])."""
        haze = self.light.haze * z / (z + 60.0)
        lit = np.asarray(colour, np.float32) * self.tint
        return lit + haze * (self.low - lit)

    def glass(self, brightness):
        """Window glass between black and the sky."""
        return tuple(30 + brightness * (value - 30) for value in self.light.top)
