"""Street scenes: what stands where along a street, painted from far to near."""
import numpy as np

from Data_zoo.SampleScenes import things
from Data_zoo.SampleScenes.canvas import Canvas, Dice
from Data_zoo.SampleScenes.ground import ground
from Data_zoo.SampleScenes.view import View
from Data_zoo.SampleScenes.walls import Style, front, side


def draw(seed, part, index):
    """One scene: photo uint8 [h, w, 3] and ids uint8 [h, w], the same everywhere for the same three numbers."""
    dice = Dice(seed, part, index)
    height, width = _size(dice)
    view = View(Canvas(height, width, dice), dice)
    _sky(view, dice)
    cast = Cast(view, dice)
    (_street_ahead if dice.chance(0.7) else _street_across)(view, dice, cast)
    cast.paint()
    return view.canvas.develop(dice, view.light.noise * dice.real(0.7, 1.4), dice.real(0.0, 0.6))


class Cast:
    """The things that stand on a scene's ground."""

    def __init__(self, view, dice):
        self.view, self.dice, self.things = view, dice, []

    def add(self, thing, x, z):
        """Half of the things get a void border of their own."""
        outline = self.dice.whole(1, 255) if self.dice.chance(0.5) else 0
        self.things.append((thing, x, z, outline))

    def paint(self):
        for thing, x, z, outline in sorted(self.things, key=lambda row: -row[2]):
            thing(self.view, self.dice, x, z, outline)


def _size(dice):
    """(height, width), a quarter of them upright, no side a multiple of 32."""
    long, short = (side + (side % 32 == 0) for side in (dice.whole(204, 261), dice.whole(160, 204)))
    return (long, short) if dice.chance(0.25) else (short, long)


def _sky(view, dice):
    canvas, light = view.canvas, view.light
    rows = slice(0, int(view.horizon) + 2)
    down = (canvas.y[rows] / view.horizon)[:, :, None]
    top, low, cloud = (np.asarray(colour, np.float32) for colour in (light.top, light.low, light.cloud))
    sky = top + (low - top) * down * down
    thick = sum(weight * dice.noise(rows.stop, canvas.width, (cell, 3 * cell))
                for weight, cell in ((0.6, 60), (0.3, 24), (0.2, 9), (0.1, 4)))
    cover = np.clip((thick + dice.real(-0.3, 0.2) + light.cover) * 2, 0, 0.9)[:, :, None] * (1 - 0.5 * down)
    canvas.rgb[rows] = sky + (cloud - sky) * cover
    canvas.ids[rows] = things.SKY


def _street_ahead(view, dice, cast):
    """The camera looks along the street."""
    middle, half, pavement = dice.real(-1.5, 1.5), dice.real(3.6, 5.2), dice.real(2.0, 3.2)
    _street_end(view, dice)
    ground(view, dice, lambda x, z: (x - middle, z), half, pavement)
    for hand in (-1, 1):
        _houses_along(view, dice, cast, middle + hand * (half + pavement), hand)
        _things_along(dice, cast, middle, hand, half, pavement)
    if dice.chance(0.7):
        cast.add(things.car_from_behind, middle + dice.pick([-1.2, 1.2]), dice.real(6, 24))
    if dice.chance(0.4):
        cast.add(things.person, middle + dice.real(-3, 3), dice.real(7, 18))


def _street_end(view, dice):
    """What closes the view: houses far away, or trees."""
    if dice.chance(0.5):
        for left in range(-60, 60, 12):
            front(view, Style(view, dice), (left, left + 12), 97.0, dice.real(6, 20))
    else:
        for left in range(-40, 40, 5):
            things.tree(view, dice, left, 97.0, 0)


def _houses_along(view, dice, cast, wall, hand):
    """From far to near on one hand (-1 left, 1 right), some lots with trees instead; wall: the x of the walls."""
    far = 95.0
    while far > 3:
        near = max(far - dice.real(7, 15), 1.0)
        if dice.chance(0.74):
            style, height = Style(view, dice), dice.pick([6, 9, 12, 15, 18]) * dice.real(0.9, 1.1)
            front(view, style, sorted([wall, wall + 12 * hand]), near, height)
            side(view, style, wall, near, far, height)
        elif near > 6:
            for _ in range(2):
                cast.add(things.tree, wall + hand * dice.real(2, 4), dice.real(near, far))
        far = near


def _things_along(dice, cast, middle, hand, half, pavement):
    """On and beside the pavement of one hand."""
    kerb = middle + hand * (half + 0.6)
    for _ in range(dice.whole(1, 4)):
        cast.add(things.tree, kerb + hand * 0.2, dice.real(8, 36))
    for z in range(dice.whole(7, 14), 40, 14):
        cast.add(things.lamp_post, kerb, float(z))
    if dice.chance(0.6):
        cast.add(things.sign, kerb, dice.real(6, 14))
    for z in _spread(dice, dice.whole(1, 5), 5.5, 28, 6):
        cast.add(things.car_from_behind, middle + hand * (half - 1.1), z)
    for _ in range(dice.whole(2, 6)):
        cast.add(things.person, middle + hand * (half + dice.real(0.3, pavement - 0.3)), dice.real(4.5, 16))


def _street_across(view, dice, cast):
    """The camera looks at the houses on the street's other side."""
    walls, half, pavement = dice.real(12.5, 17), dice.real(2.9, 3.5), dice.real(2.0, 3.0)
    middle = walls - pavement - half
    ground(view, dice, lambda x, z: (z - middle, x), half, pavement)
    reach = 0.75 * view.canvas.width * walls / view.focal
    left = -reach
    while left < reach:
        right = left + dice.real(5, 10)
        if dice.chance(0.74):
            front(view, Style(view, dice), (left, right), walls, dice.pick([5, 7, 9, 12]) * dice.real(0.9, 1.1))
        else:
            for _ in range(2):
                cast.add(things.tree, dice.real(left, right), walls + dice.real(0, 4))
        left = right

    reach *= 0.8
    for lane in (half - 1.2, -half + 1.2):
        for x in _spread(dice, dice.whole(1, 4), -reach, reach, 5.5):
            cast.add(things.car_from_side, x, middle + lane)
    for z, most in ((walls - 1.2, 6), (middle - half - 0.6, 4)):
        for _ in range(dice.whole(1, most)):
            cast.add(things.person, dice.real(-reach, reach), max(z, 4.5))
    kerb = walls - pavement + 0.5
    for thing in dice.pick([[], [things.tree], [things.tree] * 2]) + [things.lamp_post, things.sign]:
        cast.add(thing, dice.real(-reach, reach), kerb)


def _spread(dice, count, low, high, gap):
    """Up to count numbers in low..high, no two nearer than gap."""
    chosen = []
    for _ in range(count):
        value = dice.real(low, high)
        if all(abs(value - other) >= gap for other in chosen):
            chosen.append(value)
    return chosen
