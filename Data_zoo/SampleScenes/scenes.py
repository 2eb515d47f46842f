"""Draws street scenes: what stands where along a street, painted from far to near."""
import numpy as np

from Data_zoo.SampleScenes.canvas import BUILDING, CAR, OTHERS, PERSON, ROAD, TREE, Scene, Sprite

FAR = 90.0  # metres

WALLS = [(172, 92, 72), (196, 170, 120), (214, 200, 172), (138, 138, 140), (112, 140, 172), (128, 146, 112),
         (190, 140, 128), (104, 108, 114), (150, 112, 84), (208, 208, 204), (92, 104, 88), (146, 128, 150)]
PAINTS = [(60, 95, 165), (120, 160, 205), (165, 40, 38), (222, 222, 218), (40, 42, 46), (128, 131, 134),
          (55, 98, 70), (190, 150, 60), (120, 70, 52), (178, 182, 190), (205, 110, 50)]
CLOTHES = [(205, 50, 55), (225, 120, 45), (220, 185, 60), (150, 60, 140), (55, 80, 175), (225, 95, 140), (60, 150, 140),
           (35, 36, 44)]
SKINS = [(236, 196, 168), (198, 148, 112), (140, 96, 70), (92, 62, 46)]
LEAVES = [(62, 96, 44), (84, 118, 52), (48, 84, 50), (110, 126, 56), (150, 112, 48), (164, 84, 42)]
LAWNS = [(96, 118, 62), (126, 128, 72), (150, 144, 132)]


def draw(seed, part, index):
    """One scene: photo uint8 [h, w, 3] and ids uint8 [h, w], the same everywhere for the same three numbers."""
    scene = Scene(seed, part, index)
    things = street_ahead(scene) if scene.chance(0.6) else street_across(scene)
    for thing, x, z in sorted(things, key=lambda row: -row[2]):
        thing(scene, x, z)
    return scene.develop()


def tint(colour, factor):
    return tuple(factor * value for value in colour)


def street_ahead(scene):
    """Paints a street along which the camera looks; returns [(thing, x, z)] to paint on it."""
    middle, half, pavement = scene.real(-1.2, 1.2), scene.real(2.8, 4.2), scene.real(1.6, 2.6)
    ground(scene, lambda across, along: (middle + across, 0, along), half, pavement, 1.0, FAR)
    house(scene, (-60, FAR), (60, FAR), scene.real(5, 14))
    things = []
    for hand in (-1, 1):
        wall, far = middle + hand * (half + pavement), FAR
        while far > 3:
            near = max(far - scene.real(7, 15), 1.0)
            things += lot(scene, (wall, far), (wall, near), (wall + 10 * hand, near), near > 5)
            far = near
        kerb = middle + hand * (half + 0.5)
        things += [(tree, kerb, scene.real(7, 30)), (post, kerb, scene.real(6, 20))]
        things += [(car_from_behind, middle + hand * (half - 1.0), z + scene.real(0, 2)) for z in (5, 12, 19, 26)
                   if scene.chance(0.5)]
    return things + [(car_from_behind, middle + scene.real(-1, 1), scene.real(6, 14))] + people(scene)


def street_across(scene):
    """Paints a street whose other side the camera faces; returns [(thing, x, z)] to paint on it."""
    walls, half, pavement = scene.real(11, 15), scene.real(2.6, 3.2), scene.real(1.8, 2.6)
    middle, reach = walls - pavement - half, 0.8 * walls
    ground(scene, lambda across, along: (along, 0, max(middle + across, 1.0)), half, pavement, -40, 40)
    left, things = -reach, []
    while left < reach:
        right = left + scene.real(5, 10)
        things += lot(scene, (left, walls), (right, walls), (right, walls + 8), True)
        left = right
    for lane in (-1, 1):
        things += [(car_from_side, x + scene.real(-1, 1), middle + lane * (half - 1.2)) for x in (-6, 0, 6)
                   if scene.chance(0.5)]
    for thing in (tree, post):
        things.append((thing, scene.real(-reach / 2, reach / 2), walls - pavement + 0.4))
    return things + people(scene)


def people(scene):
    """Two to four, anywhere in the picture and near enough to be seen well: [(person, x, z)]."""
    depths = [scene.real(3.0, 6.5) for _ in range(scene.whole(2, 5))]
    return [(person, scene.x_at(scene.real(0.05, 0.95), z), z) for z in depths]


def ground(scene, place, half, pavement, start, end):
    """Lawn, pavement and road; place(metres across the street, metres along it) is a point of it."""
    def strip(low, high, first, last, colour, class_id):
        scene.polygon([place(low, first), place(low, last), place(high, last), place(high, first)], colour, class_id)
    grey, stone = scene.real(70, 125), scene.pick([(168, 162, 152), (150, 146, 144), (178, 158, 140)])
    edge = half + pavement
    strip(-200, 200, start, end, scene.pick(LAWNS), OTHERS)
    strip(-edge, edge, start, end, stone, OTHERS)
    strip(-half - 0.2, half + 0.2, start, end, tint(stone, 1.15), OTHERS)
    strip(-half, half, start, end, (grey * scene.real(0.97, 1.06), grey, grey * scene.real(0.94, 1.05)), ROAD)
    if scene.light.sun:  # the houses' shadow
        shade = sorted(-scene.light.sun * across for across in (half, scene.real(0, half)))
        strip(*shade, start, end, (grey * 0.7,) * 3, ROAD)
    for along in range(int(start), int(end), 5):  # the middle's dashes
        strip(-0.08, 0.08, along, along + 2.5, (210, 208, 200), ROAD)


def lot(scene, far, near, back, wooded):
    """A house whose walls stand on the ground points (x, z), or trees: [(thing, x, z)]."""
    if wooded and scene.chance(0.25):
        return [(tree, scene.real(*sorted((near[0], back[0]))), scene.real(near[1], far[1] + 3)) for _ in range(2)]
    height, colour = scene.pick([6, 9, 12, 15]) * scene.real(0.9, 1.1), scene.pick(WALLS)
    house(scene, near, back, height, tint(colour, 0.8))
    house(scene, far, near, height, colour)
    return []


def house(scene, start, end, height, colour=(150, 140, 130)):
    """Paints a wall between two ground points (x, z), with a grid of windows and a darker eave."""
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])

    def quad(left, low, right, high, fill):
        ends = [[a + (b - a) * u / length for a, b in zip(start, end)] for u in (left, right)]
        scene.polygon([(x, v, z) for (x, z), v in zip((ends[0], ends[0], ends[1], ends[1]), (low, high, high, low))],
                      fill, BUILDING)
    quad(0, 0, length, height, colour)
    quad(0, height - 0.4, length, height, tint(colour, 0.7))
    bay, storey = scene.real(1.8, 3.0), scene.real(2.8, 3.4)
    for floor in range(int(height / storey)):
        for column in range(int(length / bay)):
            u, v = (column + 0.25) * bay, floor * storey + 0.8
            glass = (250, 230, 150) if scene.chance(scene.light.lit) else tint(scene.light.top, scene.real(0.2, 0.8))
            quad(u, v, u + bay / 2, v + 1.4, glass)


def car_from_side(scene, x, z):
    car, paint, face = Sprite(scene, CAR, x, z, 2.3), scene.pick(PAINTS), scene.pick([-1, 1])
    top = scene.pick([1.4, 1.4, 1.8])

    def part(colour, *points):
        car.polygon(colour, *((face * u, v) for u, v in points))
    part(paint, (-1.7, 0.8), (-1.2, top), (0.6, top), (1.3, 0.8))
    part(tint(scene.light.top, 0.4), (-1.5, 0.85), (-1.1, top - 0.1), (0.5, top - 0.1), (1.1, 0.85))
    car.box(paint, -0.35, 0.8, -0.25, top)
    part(paint, (-2.1, 0.3), (-2.05, 0.85), (1.4, 0.85), (2.1, 0.7), (2.1, 0.3))
    car.box(tint(paint, 0.6), -2.0, 0.25, 2.0, 0.38)
    for u in (-1.3, 1.3):
        car.ellipse((28, 28, 30), u, 0.34, 0.36, 0.34)
        car.ellipse((150, 152, 155), u, 0.34, 0.18, 0.17)


def car_from_behind(scene, x, z):
    """Or from ahead: a row of silhouettes from the far end to the near one."""
    car, paint, top = Sprite(scene, CAR, x, z, 1.1), scene.pick(PAINTS), scene.pick([1.42, 1.55, 1.9])
    for back in np.arange(3.9, -0.01, -0.3):
        if 0.6 <= back <= 3.2 or top > 1.5 and back < 1:
            car.trapezoid(tint(paint, 0.9), 0.8, top, 0.82, 0.64, back)
            car.trapezoid(tint(scene.light.top, 0.35), 0.95, top - 0.12, 0.7, 0.56, back)
        for u in (-0.7, 0.7):
            car.box((28, 28, 30), u - 0.13, 0, u + 0.13, 0.5, back=back)
        car.polygon(tint(paint, 0.75 if back else 1), (-0.85, 0.3), (-0.9, 0.6), (-0.8, 0.92), (0.8, 0.92), (0.9, 0.6),
                    (0.85, 0.3), back=back)
    lamp = scene.pick([(205, 30, 28), (250, 246, 220)])
    for u in (-0.66, 0.66):
        car.ellipse(lamp, u, 0.72, 0.16, 0.09)
    car.box((225, 222, 205), -0.26, 0.45, 0.26, 0.57)


def person(scene, x, z):
    size, stride = scene.pick([1.0, 0.95, 1.05, 0.75]), scene.real(0.02, 0.18)
    body = Sprite(scene, PERSON, x, z, 0.4)
    coat, trousers, skin = scene.pick(CLOTHES), scene.pick(CLOTHES), scene.pick(SKINS)

    def limb(colour, low, high, half_width):
        (u, v), (w, t) = low, high
        body.polygon(colour, *((size * p, size * q) for p, q in (
            (u - half_width, v), (w - half_width, t), (w + half_width, t), (u + half_width, v))))
    for side in (-1, 1):
        limb(tint(trousers, 1 + 0.1 * side), (side * (0.08 + stride), 0), (side * 0.09, 0.9), 0.09)
        limb(tint(coat, 0.8), (side * (0.25 + stride), 0.8), (side * 0.2, 1.42), 0.06)
    limb(coat, (0, scene.pick([0.8, 0.8, 0.55])), (0, 1.1), 0.22)
    limb(coat, (0, 1.1), (0, 1.46), 0.24)
    body.ellipse(scene.pick(SKINS[2:]), 0, size * 1.63, size * 0.13, size * 0.15)
    if scene.chance(0.6):
        body.ellipse(skin, 0, size * 1.6, size * 0.105, size * 0.13)


def tree(scene, x, z):
    height, leaf = scene.real(4.5, 8.0), scene.pick(LEAVES)
    plant, radius = Sprite(scene, TREE, x, z, 1.5), height * scene.real(0.22, 0.34)
    plant.trapezoid((78, 62, 50), 0, height * 0.6, 0.18, 0.1)
    for step in range(30):
        u, v = scene.real(-0.8, 0.8), scene.real(-0.8, 0.8)
        if u * u + v * v < 0.64:
            bright = 0.6 + 0.3 * v + 0.01 * step
            plant.ellipse(tint(leaf, bright), radius * u, height * (0.66 + 0.28 * v), radius * 0.4, radius * 0.35)


def post(scene, x, z):
    """A lamp post or a sign."""
    pole, height = Sprite(scene, OTHERS, x, z), scene.pick([2.8, 5.0])
    pole.box((90, 94, 98), -0.07, 0, 0.07, height)
    colour = scene.pick([(190, 35, 35), (40, 85, 170), (225, 220, 200)])
    pole.ellipse(colour, 0, height, 0.35, 0.35 if height < 3 else 0.12)
