"""The street's ground: every pixel below the horizon is taken back to metres on it."""
import numpy as np

from Data_zoo.SampleScenes.sprite import tint
from Data_zoo.SampleScenes.things import OTHERS, ROAD

ASPHALT, MENDED, WORN, WHITE, PUDDLE, KERB, STONES, JOINTS, LAWN = range(9)  # what a point is made of

STONE = [(168, 162, 152), (150, 146, 144), (178, 158, 140)]
GREEN = [(96, 118, 62), (126, 128, 72), (150, 144, 132)]
PAINT = [(214, 212, 205), (190, 188, 182), (206, 180, 90)]


def ground(view, dice, across_along, half, pavement):
    """Paints road, markings, kerb, pavement and lawn, in metres.

    across_along(x, z) turns the ground's coordinates into the street's; half: of the road's width.
    """
    canvas = view.canvas
    box = rows, _ = slice(int(view.horizon) + 2, None), slice(None)
    z = view.focal * view.eye / (canvas.y[rows] - view.horizon)
    x = (canvas.x - view.centre) * z / view.focal
    across, along = np.broadcast_arrays(*across_along(x, z))
    made_of = _pattern(dice, across, along, half, pavement)
    lawn = np.where(made_of == LAWN, np.float32(0.25), np.float32(0)) * canvas.grain['leaf'][box]
    shade = canvas.texture(box, fine=0.09, stain=0.10) + lawn
    if view.light.side:  # the houses' shadow lies over one edge of the street
        edge = half * dice.real(0.1, 0.9) + 0.3 * canvas.grain['stain'][box]
        shade[across * view.light.side < -edge] *= view.light.shade
    colours = _colours(view, dice)[made_of] * shade[:, :, None]
    canvas.rgb[box] = view.lit(colours, z[:, :, None])
    canvas.ids[box] = np.where(made_of <= WHITE, ROAD, OTHERS)


def _pattern(dice, across, along, half, pavement):
    """uint8 [h, w] of what the ground is made of; across, along float [h, w] in metres."""
    away = abs(across)
    paved, road = away <= half + pavement, away <= half
    made_of = np.full(across.shape, LAWN, np.uint8)
    made_of[paved] = STONES
    made_of[paved & ((_share(along, 1.2) < 0.06) | (abs(away - half - pavement / 2) < 0.04))] = JOINTS
    made_of[paved & (away < half + 0.18)] = KERB
    made_of[road] = ASPHALT
    for _ in range(dice.whole(0, 4)):
        spot = _spot(dice, across, along, half, 25, 0.9, 1.8)
        made_of[road & spot] = dice.pick([MENDED, WORN])
    made_of[_markings(dice, across, along, half)] = WHITE
    if dice.chance(0.4):
        made_of[road & _spot(dice, across, along, half, 14, 0.8, 1.1)] = PUDDLE
    return made_of


def _colours(view, dice):
    grey, stone = dice.real(70, 125), dice.pick(STONE)
    asphalt = (grey * dice.real(0.97, 1.06), grey, grey * dice.real(0.94, 1.05))
    return np.array([asphalt, tint(asphalt, 0.84), tint(asphalt, 1.12), dice.pick(PAINT), view.glass(0.5),
                     (188, 186, 180), stone, tint(stone, 0.82), dice.pick(GREEN)], np.float32)


def _markings(dice, across, along, half):
    marked = np.zeros(across.shape, bool)
    if dice.chance(0.8):
        marked |= (abs(across) < 0.09) & (_share(along, 5) < 0.5)
    if dice.chance(0.5):
        marked |= abs(abs(across) - half + 0.4) < 0.07
    if dice.chance(0.35):
        start = dice.real(6, 12)
        marked |= ((_share(across, 0.9) < 0.5) & (abs(across) < half - 0.3)
                   & (along > start) & (along < start + 2.6))
    return marked


def _share(metres, period):
    """How far into its period, 0..1."""
    return metres / period - np.floor(metres / period)


def _spot(dice, across, along, half, farthest, wide, long):
    da = (across - dice.real(-half, half)) / wide
    dl = (along - dice.real(5, farthest)) / long
    return da * da + dl * dl <= 1
