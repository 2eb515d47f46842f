"""Painting one upright thing in metres."""
import copy


class Sprite:
    """A window onto the canvas in metres from the foot of one thing: u to the right, v up."""

    def __init__(self, view, x, z, half_width, height, outline=0):
        self.view, self.z, self.outline = view, z, outline
        self.scale, self.foot = view.focal / z, view.to_screen(x, 0, z)
        self._look_at(-half_width, 0, half_width, height)

    def _look_at(self, left, low, right, high):
        canvas, (x, y) = self.view.canvas, self.foot
        self.box = rows, columns = canvas.box(x + left * self.scale, y - high * self.scale,
                                              x + right * self.scale, y - low * self.scale)
        self.u = (canvas.x[:, columns] - x) / self.scale
        self.v = (y - canvas.y[rows]) / self.scale

    def part(self, left, low, right, high):
        """The same thing seen through a smaller window."""
        part = copy.copy(self)
        part._look_at(left, low, right, high)
        return part

    def paint(self, mask, colour, class_id, grain='fine', strength=0.06):
        canvas = self.view.canvas
        texture = 1 + strength * canvas.grain[grain][self.box][mask]
        canvas.paint(self.box, mask, self.view.lit(colour, self.z) * texture[:, None], class_id, self.outline)

    def rectangle(self, left, low, right, high):
        return (self.u >= left) & (self.u <= right) & (self.v >= low) & (self.v <= high)

    def ellipse(self, u, v, half_width, half_height):
        du, dv = (self.u - u) / half_width, (self.v - v) / half_height
        return du * du + dv * dv <= 1

    def pillow(self, u, v, half_width, half_height):
        """Between an ellipse and a rectangle."""
        du, dv = (self.u - u) / half_width, (self.v - v) / half_height
        du, dv = du * du, dv * dv
        return du * du + dv * dv <= 1

    def trapezoid(self, low, high, bottom, top, lean=0.0):
        """From half width `bottom` at v = low to `top` at v = high, whose middle is `lean` to the right."""
        rise = (self.v - low) / (high - low)
        return (rise >= 0) & (rise <= 1) & (abs(self.u - lean * rise) <= bottom + (top - bottom) * rise)


def shadow(view, x, z, half_width, half_depth, factor):
    """Darkens an ellipse on the ground under a thing, in metres; its middle more than its rim."""
    near, far = max(z - half_depth, 1.0), z + half_depth
    corners = [view.to_screen(x + side, 0, end) for side in (-half_width, half_width) for end in (near, far)]
    columns, rows = zip(*corners)
    box = view.canvas.box(min(columns), min(rows), max(columns), max(rows))
    depth = view.focal * view.eye / (view.canvas.y[box[0]] - view.horizon)
    du = ((view.canvas.x[:, box[1]] - view.centre) * depth / view.focal - x) / half_width
    dv = (depth - z) / half_depth
    for size in (1.0, 0.75):
        view.canvas.shade(box, du * du + dv * dv <= size, factor)


def tint(colour, factor):
    return tuple(factor * value for value in colour)
