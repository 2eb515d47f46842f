"""Cars, persons, trees and street furniture as upright billboards, drawn in metres."""
from Data_zoo.SampleScenes.sprite import Sprite, shadow, tint

OTHERS, SKY, BUILDING, TREE, ROAD, CAR, PERSON = range(7)

PAINTS = [(60, 95, 165), (120, 160, 205), (165, 40, 38), (222, 222, 218), (40, 42, 46), (128, 131, 134), (90, 95, 100),
          (55, 98, 70), (190, 150, 60), (120, 70, 52), (178, 182, 190), (205, 110, 50)]
CLOTHES = [(40, 46, 62), (175, 50, 50), (70, 105, 160), (215, 210, 200), (95, 120, 80), (190, 150, 70), (105, 75, 60),
           (130, 130, 136), (150, 85, 130), (30, 30, 32)]
SKINS = [(236, 196, 168), (198, 148, 112), (140, 96, 70), (92, 62, 46)]
LEAVES = [(62, 96, 44), (84, 118, 52), (48, 84, 50), (110, 126, 56), (150, 112, 48), (164, 84, 42), (70, 92, 70)]


def car_from_side(view, dice, x, z, outline):
    paint, facing, tall = dice.pick(PAINTS), dice.pick([-1, 1]), dice.pick([1.0, 1.0, 1.12, 1.35])
    shadow(view, x, z, 2.3, 0.8, 0.66)
    car = Sprite(view, x, z, 2.3, 1.5 * tall, outline)
    lean = -0.25 * facing
    top = 1.42 * tall
    car.paint(car.trapezoid(0.85, top, 1.55, 1.0, lean), paint, CAR)
    car.paint(car.pillow(0, 0.62, 2.1, 0.38), paint, CAR)
    car.paint(car.pillow(0, 0.80, 2.0, 0.16), tint(paint, 1.15), CAR)
    car.paint(car.rectangle(-2.0, 0.26, 2.0, 0.38) & car.pillow(0, 0.62, 2.1, 0.38), tint(paint, 0.5), CAR)
    glass = car.trapezoid(0.93, top - 0.08, 1.36, 0.92, lean)
    reflection = car.u + 0.8 * car.v
    car.paint(glass, view.glass(0.25), CAR)
    car.paint(glass & (reflection > 0.4) & (reflection < 0.9), view.glass(0.6), CAR)
    car.paint(glass & (abs(car.u - lean * 0.5) < 0.05), tint(paint, 0.9), CAR)
    for door in (-0.85, 0.0, 0.85):
        car.paint(car.rectangle(door, 0.4, door + 0.03, 0.9), tint(paint, 0.7), CAR)
    for side in (-1, 1):
        _wheel(car, 1.28 * side)
        lamp = (250, 244, 215) if side == facing else (200, 40, 30)
        car.paint(car.ellipse(2.0 * side, 0.72, 0.16, 0.09), lamp, CAR)


def _wheel(car, u):
    car.paint(car.ellipse(u, 0.34, 0.40, 0.40) & (car.v > 0.2), (25, 25, 27), CAR)
    car.paint(car.ellipse(u, 0.32, 0.32, 0.32), (34, 34, 36), CAR)
    car.paint(car.ellipse(u, 0.32, 0.19, 0.19), (150, 152, 155), CAR)
    car.paint(car.ellipse(u, 0.32, 0.07, 0.07), (70, 70, 72), CAR)


def car_from_behind(view, dice, x, z, outline):
    """Or from ahead: its depth is a row of silhouettes from the far end to the near one."""
    paint, ahead, top = dice.pick(PAINTS), dice.chance(0.4), dice.pick([1.42, 1.42, 1.55, 1.9])
    shadow(view, x, z + 1.9, 1.15, 2.6, 0.62)
    for step in range(12, 0, -1):
        part = Sprite(view, x, z + 0.33 * step, 1.0, top, outline)
        if 2 <= step <= 10:
            part.paint(part.trapezoid(0.85, top, 0.80, 0.62), view.glass(0.2), CAR)
            part.paint(part.trapezoid(top - 0.08, top, 0.64, 0.60), tint(paint, 0.95), CAR)
        part.paint(part.pillow(0, 0.62, 0.9, 0.37), tint(paint, 0.72), CAR)
        if step in (2, 3, 9, 10):
            part.paint(part.rectangle(-0.88, 0, -0.6, 0.55) | part.rectangle(0.6, 0, 0.88, 0.55), (28, 28, 30), CAR)
    car = Sprite(view, x, z, 1.0, top, outline)
    car.paint(car.rectangle(-0.82, 0, -0.56, 0.4) | car.rectangle(0.56, 0, 0.82, 0.4), (26, 26, 28), CAR)
    if top > 1.5:  # a van's or an estate's back is upright
        car.paint(car.trapezoid(0.8, top, 0.84, 0.68), paint, CAR)
        car.paint(car.trapezoid(0.98, top - 0.12, 0.68, 0.58), view.glass(0.3), CAR)
    car.paint(car.pillow(0, 0.62, 0.9, 0.37), paint, CAR)
    car.paint(car.pillow(0, 0.86, 0.8, 0.10), tint(paint, 1.18), CAR)
    car.paint(car.rectangle(-0.86, 0.30, 0.86, 0.42) & car.pillow(0, 0.62, 0.9, 0.37), tint(paint, 0.45), CAR)
    car.paint(car.rectangle(-0.26, 0.46, 0.26, 0.58), (225, 222, 205), CAR)
    lamps = car.ellipse(-0.66, 0.72, 0.17, 0.09) | car.ellipse(0.66, 0.72, 0.17, 0.09)
    car.paint(lamps, (250, 246, 220) if ahead else (205, 30, 28), CAR)


def person(view, dice, x, z, outline):
    size = dice.pick([1.0, 0.95, 1.04, 0.92, 0.68])
    coat, trousers, skin, hair = dice.pick(CLOTHES), dice.pick(CLOTHES), dice.pick(SKINS), dice.pick(SKINS[2:])
    stride, hem = dice.real(0.04, 0.28), dice.pick([0.82, 0.82, 0.55])
    shadow(view, x, z, 0.45 * size, 0.3, view.light.shade)
    body = Sprite(view, x, z, 0.5 * size, 1.8 * size, outline)
    body.u, body.v = body.u / size, body.v / size
    for side in (-1, 1):
        middle = side * (0.07 + stride * (0.85 - body.v))
        leg = (abs(body.u - middle) <= 0.085) & (body.v >= 0.0) & (body.v <= 0.9)
        body.paint(leg, tint(trousers, 0.85 if side < 0 else 1.0), PERSON)
        body.paint(leg & (body.v < 0.09), (30, 26, 24), PERSON)
        swing = side * (0.25 + 0.5 * stride * (1.4 - body.v))
        body.paint((abs(body.u - swing) <= 0.06) & (body.v >= 0.85) & (body.v <= 1.42), tint(coat, 0.82), PERSON)
        body.paint(body.ellipse(side * (0.25 + 0.3 * stride), 0.82, 0.06, 0.07), skin, PERSON)
    body.paint(body.pillow(0, (1.47 + hem) / 2, 0.23, (1.47 - hem) / 2), coat, PERSON)
    body.paint(body.rectangle(-0.05, 1.42, 0.05, 1.52), tint(skin, 0.85), PERSON)
    body.paint(body.ellipse(0, 1.62, 0.115, 0.145), hair, PERSON)
    if dice.chance(0.6):  # seen from the front
        body.paint(body.ellipse(0, 1.59, 0.095, 0.12), skin, PERSON)
    if dice.chance(0.3):
        body.paint(body.pillow(dice.pick([-0.32, 0.32]), 0.72, 0.11, 0.14), dice.pick(CLOTHES), PERSON)


def tree(view, dice, x, z, outline):
    height, leaf = dice.real(4.5, 9.0), dice.pick(LEAVES)
    radius = height * dice.real(0.22, 0.36)
    conifer = dice.chance(0.15)
    shadow(view, x, z, radius, min(1.5, z / 4), view.light.shade)
    plant = Sprite(view, x, z, radius * 1.25, height * 1.05, outline)
    bark = (78, 62, 50)
    plant.paint(plant.trapezoid(0, height * 0.6, 0.17, 0.08), bark, TREE, 'leaf', 0.2)
    if conifer:
        leaves = view.canvas.grain['leaf'][plant.box]
        for step in range(7):
            low = height * (0.12 + 0.12 * step)
            wide = radius * 0.8 * (1 - step / 7.5)
            skirt = plant.trapezoid(low, low + height * 0.24, wide, wide * 0.15)
            plant.paint(skirt & (leaves > -0.85), tint((44, 74, 52), 0.7 + 0.07 * step), TREE, 'leaf', 0.3)
        return
    middle, tall = height * 0.64, height * 0.36
    clumps = 46 if z < 30 else 16
    for step in range(clumps):
        u, v = dice.real(-1, 1), dice.real(-1, 1)
        if u * u + v * v > 1:
            continue
        size = radius * dice.real(0.3, 0.5) * (1 - 0.5 * step / clumps)
        bright = 0.62 + 0.23 * step / clumps + 0.22 * v + 0.12 * u * view.light.side
        _leaves(plant, 0.75 * radius * u, middle + 0.75 * tall * v, size, tint(leaf, bright * dice.real(0.9, 1.1)))


def _leaves(plant, u, v, size, colour):
    """One ragged clump of a crown."""
    clump = plant.part(u - 1.3 * size, v - 1.1 * size, u + 1.3 * size, v + 1.1 * size)
    du, dv = (clump.u - u) / size, (clump.v - v) / (0.85 * size)
    ragged = 1 + 0.35 * plant.view.canvas.grain['leaf'][clump.box]
    clump.paint(du * du + dv * dv <= ragged, colour, TREE, 'leaf', 0.22)


def lamp_post(view, dice, x, z, outline):
    side, height = dice.pick([-1, 1]), dice.real(4.5, 6.0)
    post = Sprite(view, x, z, 1.3, height + 0.2, outline)
    metal = dice.pick([(70, 74, 78), (110, 112, 112), (52, 66, 58)])
    post.paint(post.trapezoid(0, height, 0.085, 0.05), metal, OTHERS)
    post.paint(post.rectangle(min(0, side), height - 0.08, max(0, side), height), metal, OTHERS)
    glow = (255, 236, 180) if view.light.lit > 0.3 else (200, 200, 195)
    post.paint(post.ellipse(side, height - 0.1, 0.3, 0.1), glow, OTHERS)


def sign(view, dice, x, z, outline):
    post = Sprite(view, x, z, 0.5, 3.0, outline)
    post.paint(post.rectangle(-0.04, 0, 0.04, 2.3), (120, 122, 124), OTHERS)
    colour, kind = dice.pick([(190, 35, 35), (40, 85, 170), (225, 190, 50)]), dice.whole(0, 3)
    if kind == 0:
        post.paint(post.ellipse(0, 2.5, 0.36, 0.36), colour, OTHERS)
        post.paint(post.ellipse(0, 2.5, 0.25, 0.25), (235, 235, 230), OTHERS)
    elif kind == 1:
        post.paint(post.rectangle(-0.35, 2.15, 0.35, 2.85), colour, OTHERS)
        post.paint(post.rectangle(-0.2, 2.3, 0.2, 2.7), (235, 235, 230), OTHERS)
    else:
        post.paint(post.trapezoid(2.15, 2.85, 0.42, 0.0), colour, OTHERS)
        post.paint(post.trapezoid(2.25, 2.65, 0.25, 0.0), (240, 235, 225), OTHERS)
