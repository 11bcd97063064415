"""Made-up people, drawn: a distinct, friendly face for every seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

_SKINS = [(255, 224, 196), (244, 203, 168), (229, 180, 139), (198, 140, 98), (157, 104, 68), (110, 70, 46)]
_HAIRS = [
    (35, 28, 26),
    (74, 46, 30),
    (120, 74, 40),
    (176, 120, 60),
    (222, 184, 110),
    (160, 60, 34),
    (190, 190, 196),
]
_CLOTHES = [
    (38, 70, 130),
    (150, 40, 52),
    (36, 110, 84),
    (222, 170, 50),
    (96, 62, 130),
    (60, 66, 76),
    (214, 106, 60),
]
_WALLS = [
    (168, 200, 214),
    (214, 202, 178),
    (182, 206, 174),
    (206, 186, 208),
    (196, 204, 216),
    (226, 196, 180),
]
_STYLES = ("short", "long", "bun", "curls", "parted")


@dataclass(frozen=True)
class _Person:
    skin: Colour
    hair: Colour
    clothes: Colour
    wall: Colour
    style: str
    glasses: bool
    smile: float
    face_width: float


def _person(seed: int, sitting: int) -> _Person:
    rng = random.Random(seed)  # noqa: S311 (a face is no secret)
    person = _Person(
        skin=_pick(rng, _SKINS),
        hair=_pick(rng, _HAIRS),
        clothes=_pick(rng, _CLOTHES),
        wall=_pick(rng, _WALLS),
        style=rng.choice(_STYLES),
        glasses=rng.random() < 0.3,
        smile=rng.uniform(0.4, 1.0),
        face_width=rng.uniform(0.9, 1.05),
    )
    if sitting == 0:
        return person
    rng = random.Random(f"{seed} {sitting}")  # noqa: S311
    return replace(person, clothes=_pick(rng, _CLOTHES), wall=_pick(rng, _WALLS), smile=rng.uniform(0.4, 1.0))


def _pick(rng: random.Random, colours: list[Colour]) -> Colour:
    return shade(rng.choice(colours), rng.uniform(0.92, 1.08))


class _Pen:
    """Draws in units of the smaller side, (0, 0) being the middle of the picture, y downwards."""

    def __init__(self, image: Image.Image) -> None:
        self.draw = ImageDraw.Draw(image)
        self.unit = min(image.size)
        self.middle = (image.width / 2, image.height / 2)

    def box(self, x: float, y: float, width: float, height: float) -> Box:
        left, top = (
            self.middle[0] + (x - width / 2) * self.unit,
            self.middle[1] + (y - height / 2) * self.unit,
        )
        return left, top, left + width * self.unit, top + height * self.unit

    def oval(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        self.draw.ellipse(self.box(x, y, width, height), fill=fill)

    def slab(self, box: Box, fill: Colour, round_by: float) -> None:
        self.draw.rounded_rectangle(self.box(*box), round_by * self.unit, fill=fill)

    def arc(self, box: Box, start: float, end: float, fill: Colour, width: float) -> None:
        self.draw.arc(self.box(*box), start, end, fill=fill, width=max(1, round(width * self.unit)))


def portrait(
    seed: int, width: int = 480, height: int = 600, *, sitting: int = 0, board: str = ""
) -> Image.Image:
    """An RGB picture of the person that `seed` makes, in front of a softly lit wall.

    Another `sitting` shows the same face on another day; `board` is what stands on the slate that
    school photographers let people hold.
    """
    person = _person(seed, sitting)
    scale = 2 if max(width, height) <= 2000 else 1  # drawn larger and shrunk, for smooth edges
    image = _wall(person.wall, width * scale, height * scale)
    pen = _Pen(image)
    _hair_behind(pen, person)
    _body(pen, person)
    _head(pen, person)
    _features(pen, person)
    _hair_in_front(pen, person)
    if person.glasses:
        for side in (-1, 1):
            pen.arc((side * 0.09, -0.06, 0.13, 0.11), 0, 360, (50, 46, 48), 0.01)
        pen.arc((0, -0.06, 0.07, 0.04), 200, 340, (50, 46, 48), 0.01)
    if board:
        _board(pen, board)
    return image.resize((width, height), Image.Resampling.LANCZOS) if scale > 1 else image


def shade(colour: Colour, by: float) -> Colour:
    """Darker below 1, lighter above."""
    red, green, blue = (max(0, min(255, round(value * by))) for value in colour)
    return red, green, blue


def _wall(colour: Colour, width: int, height: int) -> Image.Image:
    """Light from the upper left, as by a window."""
    small = Image.new("RGB", (2, 2))
    for place, light in {(0, 0): 1.12, (1, 0): 0.98, (0, 1): 0.9, (1, 1): 0.72}.items():
        small.putpixel(place, shade(colour, light))
    return small.resize((width, height), Image.Resampling.BILINEAR)


def _body(pen: _Pen, person: _Person) -> None:
    pen.slab((0, 0.68, 0.86, 0.62), person.clothes, 0.25)
    pen.oval(0, 0.36, 0.30, 0.13, shade(person.clothes, 0.8))
    pen.slab((0, 0.24, 0.17, 0.26), shade(person.skin, 0.88), 0.07)
    pen.oval(0, 0.355, 0.20, 0.09, shade(person.skin, 0.88))


def _head(pen: _Pen, person: _Person) -> None:
    for side in (-1, 1):
        pen.oval(side * 0.2 * person.face_width, -0.03, 0.075, 0.12, shade(person.skin, 0.92))
    pen.oval(0, -0.03, 0.41 * person.face_width, 0.52, person.skin)
    for side in (-1, 1):
        pen.oval(side * 0.12, 0.06, 0.09, 0.06, shade(person.skin, 0.96))


def _features(pen: _Pen, person: _Person) -> None:
    dark = shade(person.hair, 0.8)
    for side in (-1, 1):
        pen.oval(side * 0.09, -0.06, 0.075, 0.045, (250, 250, 248))
        pen.oval(side * 0.09, -0.06, 0.038, 0.042, (66, 52, 42))
        pen.oval(side * 0.09 + 0.008, -0.068, 0.01, 0.01, (255, 255, 255))
        pen.arc((side * 0.09, -0.10, 0.10, 0.06), 200, 340, dark, 0.012)
    pen.arc((0, 0.0, 0.05, 0.08), 20, 160, shade(person.skin, 0.8), 0.009)
    pen.arc((0, 0.085, 0.15, 0.09 * person.smile), 15, 165, (168, 62, 62), 0.016)


def _hair_behind(pen: _Pen, person: _Person) -> None:
    if person.style == "long":
        pen.slab((0, 0.12, 0.52, 0.72), shade(person.hair, 0.85), 0.22)
    if person.style == "bun":
        pen.oval(0, -0.36, 0.17, 0.16, shade(person.hair, 0.9))
    if person.style == "curls":
        for x, y in ((-0.2, -0.12), (0.2, -0.12), (-0.21, 0.02), (0.21, 0.02), (-0.16, -0.22), (0.16, -0.22)):
            pen.oval(x, y, 0.18, 0.18, person.hair)


def _hair_in_front(pen: _Pen, person: _Person) -> None:
    pen.draw.chord(pen.box(0, -0.09, 0.45 * person.face_width, 0.47), 196, 344, fill=person.hair)
    if person.style == "curls":
        for x, y in ((-0.12, -0.24), (0, -0.27), (0.12, -0.24), (-0.06, -0.2), (0.07, -0.2)):
            pen.oval(x, y, 0.15, 0.13, shade(person.hair, 1.08))
    if person.style == "parted":
        pen.draw.chord(pen.box(-0.07, -0.16, 0.34, 0.26), 150, 340, fill=shade(person.hair, 1.1))
    pen.arc((-0.04, -0.1, 0.32, 0.36), 220, 285, shade(person.hair, 1.3), 0.008)


def _board(pen: _Pen, text: str) -> None:
    pen.slab((0, 0.53, 0.42, 0.14), (44, 48, 52), 0.02)
    left, top, right, bottom = pen.box(0, 0.53, 0.42, 0.14)
    pen.draw.text(
        ((left + right) / 2, (top + bottom) / 2),
        text,
        fill=(240, 240, 236),
        font=ImageFont.load_default(pen.unit * 0.09),
        anchor="mm",
    )
