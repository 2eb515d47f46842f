"""House walls: every pixel is taken back to metres on its wall, where the windows are a grid."""
import numpy as np

from Data_zoo.SampleScenes.sprite import tint
from Data_zoo.SampleScenes.things import BUILDING

PLASTER, TRIM, DARK, DIM, BRIGHT, LIT, DOOR, AWNING, ROOF = range(9)  # what a point of a wall is made of

WALLS = [(172, 92, 72), (196, 170, 120), (214, 200, 172), (138, 138, 140), (112, 140, 172), (128, 146, 112),
         (190, 140, 128), (104, 108, 114), (150, 112, 84), (208, 208, 204), (92, 104, 88), (146, 128, 150)]
TRIMS = [(222, 216, 204), (96, 92, 90), (188, 178, 160), (70, 62, 58)]
AWNINGS = [(150, 40, 40), (40, 80, 120), (50, 100, 70), (190, 150, 60)]
ROOFS = [(124, 68, 52), (84, 80, 84), (100, 84, 70)]


class Style:
    """How one house looks: its colours, its window grid in metres, and which windows are lit."""

    def __init__(self, view, dice):
        awning = dice.pick(AWNINGS)
        self.colours = np.array([
            dice.pick(WALLS), dice.pick(TRIMS), view.glass(0.12), view.glass(0.4), view.glass(0.75),
            (300, 245, 150), tint(awning, 0.6), awning, dice.pick(ROOFS)], np.float32)
        self.lit = view.light.lit
        self.glassy, self.shop, self.gable = dice.chance(0.12), dice.chance(0.5), dice.chance(0.5)
        self.bay, self.storey = dice.real(1.7, 3.0), dice.real(2.8, 3.4)
        self.wide, self.tall = (0.43, 0.43) if self.glassy else (dice.real(0.18, 0.3), dice.real(0.22, 0.31))
        self.panes = dice.random((16, 32)).astype(np.float32)
        self.shift = dice.real(0, 10)

    def pattern(self, u, v, height):
        """uint8 [h, w] of materials at u metres along the wall (float [1, w]) and v above the ground ([h, w])."""
        u = u + self.shift
        column, floor = np.floor(u / self.bay), np.floor(v / self.storey)
        across, up = abs(u / self.bay - column - 0.5), abs(v / self.storey - floor - 0.5)
        upper = (v > self.storey) & (v < height - 0.7)
        window = upper & (across < self.wide) & (up < self.tall)
        pane = self.panes[floor.astype(int) % 16, np.broadcast_to(column.astype(int) % 32, v.shape)]

        made_of = np.full(v.shape, PLASTER, np.uint8)
        made_of[upper & (across < self.wide + 0.05) & (up < self.tall + 0.05)] = TRIM
        for least, glass in ((0, DARK), (0.35, DIM), (0.7, BRIGHT)):
            made_of[window & (pane >= least)] = glass
        if not self.glassy:
            made_of[window & (across < 0.02)] = TRIM
        made_of[window & (pane < self.lit)] = LIT
        made_of[(v > height - 0.45) | (abs(v - self.storey) < 0.12)] = TRIM
        if self.shop:
            self._shop(made_of, u, v)
        made_of[v > height] = ROOF
        return made_of

    def _shop(self, made_of, u, v):
        along = u / (2 * self.bay) - np.floor(u / (2 * self.bay))
        low = v < self.storey - 0.5
        made_of[low & (along > 0.08) & (along < 0.66) & (v > 0.5)] = DIM
        made_of[low & (along > 0.74) & (along < 0.95)] = DOOR
        made_of[(v > self.storey - 0.75) & (v < self.storey - 0.15)] = AWNING


def front(view, style, span, z, height):
    """A wall that faces the camera, x in span, with a gable where the style has one and the house is small."""
    canvas, (start, end) = view.canvas, span
    roof = 0.3 * (end - start) if style.gable and end - start < 9 and height < 10 else 0.0
    left, top = view.to_screen(start, height + roof, z)
    right, bottom = view.to_screen(end, 0, z)
    box = rows, columns = canvas.box(left, top, right, bottom)
    x = (canvas.x[:, columns] - view.centre) * z / view.focal
    y = view.eye - (canvas.y[rows] - view.horizon) * z / view.focal
    rim = height + roof * (1 - abs(x - (start + end) / 2) / ((end - start) / 2))
    _paint(view, style, box, x - start, y, (x >= start) & (x <= end) & (y <= rim), z, height, 1.0)


def side(view, style, x, near, far, height):
    """A wall along the street in the plane of one x, from z = near to far."""
    canvas = view.canvas
    ends = sorted(view.to_screen(x, 0, z)[0] for z in (near, far))
    top, bottom = view.to_screen(x, height, near)[1], view.to_screen(x, 0, near)[1]
    box = rows, columns = canvas.box(ends[0], top, ends[1], bottom)
    z = view.focal * x / (canvas.x[:, columns] - view.centre)
    y = view.eye - (canvas.y[rows] - view.horizon) * z / view.focal
    sunny = {0: 0.92, 1: 1.08, -1: 0.7}[view.light.side * (1 if x < 0 else -1)]
    _paint(view, style, box, z, y, (z >= near) & (z <= far) & (y <= height), z[:, :, None], height, sunny)


def _paint(view, style, box, u, v, inside, z, height, sunny):
    """u float [1, w] metres along the wall, v [h, w] or [h, 1] above the ground, z away; sunny a factor."""
    inside = inside & (v >= 0)
    if inside.any():
        v = np.broadcast_to(v, inside.shape)
        foot = 0.78 + 0.22 * np.minimum(v / 3, 1)
        shade = sunny * foot * view.canvas.texture(box, fine=0.09, stain=0.10)
        colours = style.colours[style.pattern(u, v, height)]
        view.canvas.paint(box, inside, view.lit(colours * shade[:, :, None], z)[inside], BUILDING)
