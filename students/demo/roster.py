"""Who is at the made-up school, the same on every machine: students, their photos, and unowned files."""

from __future__ import annotations

import io
import random
import uuid
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from students.demo.names import NAMES
from students.demo.portraits import portrait
from students.models import Student

NAMESPACE = uuid.UUID("5c0a1f0e-0d3e-5a51-9a3c-7068c0701cab")
CLASSES = ("5A", "5B", "6A", "6B", "7A", "7B", "8A", "8B")
PER_CLASS = 25
TWINS_IN_NAME = (37, 112)
WIDTH, HEIGHT = 480, 600
# Not a key of ours: where an older system kept its files under names of its own.
OLD_FOLDER = "student_photos/"


@dataclass(frozen=True)
class Sitting:
    seed: int
    year: int
    board: str

    @property
    def filename(self) -> str:
        return f"{self.board or self.seed}_{self.year}.jpg"

    @property
    def taken_on(self) -> date:
        """The second week of the school year."""
        return date(self.year, 9, 10)

    def jpeg(self) -> bytes:
        file = io.BytesIO()
        picture = portrait(self.seed, WIDTH, HEIGHT, sitting=2025 - self.year, board=self.board)
        picture.save(file, "JPEG", quality=90)
        return file.getvalue()


@dataclass(frozen=True)
class Pupil:
    """A student to be, and the photos that were taken over the years, oldest first."""

    place: int
    first_name: str
    last_name: str
    photos: int

    @cached_property
    def student_id(self) -> uuid.UUID:
        """The same in every made-up school, so that a second run recognises everybody."""
        return uuid.uuid5(NAMESPACE, str(self.place))

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def number(self) -> str:
        """The school's number: the year of entry, and a place on the list."""
        return f"{25 - self.place // 50}{self.place + 101:04}"

    @property
    def fields(self) -> dict[str, Any]:
        class_name = CLASSES[self.place % len(CLASSES)]
        left = self.place % 29 == 13
        return {
            "student_id": self.student_id,
            "student_number": self.number,
            "name": self.name,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "class_name": class_name,
            "grade": class_name[0],
            "status": Student.Status.LEFT if left else Student.Status.ACTIVE,
            "left_on": date(2025, 7, 4) if left else None,
        }

    @property
    def sittings(self) -> list[Sitting]:
        return [Sitting(self.place, 2025 - back, self.number) for back in reversed(range(self.photos))]


def pupils() -> list[Pupil]:
    return [Pupil(place, *name, _photos_of(place)) for place, name in enumerate(_names())]


def unowned_files(school: list[Pupil]) -> dict[str, Sitting]:
    """Unowned legacy files, by key. Some can be matched, some cannot."""
    first, second, third = [pupil for pupil in school if not pupil.photos][:3]
    unknown = Sitting(9001, 2025, "")
    files = {
        "12345.jpg": unknown,
        "12345 (1).jpg": unknown,
        f"{first.number}.jpg": Sitting(first.place, 2025, first.number),
        f"{second.number}.jpg": Sitting(second.place, 2025, second.number),
        f"{third.first_name}_{third.last_name}.jpg": Sitting(third.place, 2025, ""),
        "IMG_2041.JPG": Sitting(9002, 2025, ""),
    }
    return {f"{OLD_FOLDER}{name}": sitting for name, sitting in files.items()}


def _names() -> list[tuple[str, str]]:
    rng = random.Random("the made-up school")  # noqa: S311 (names are no secret)
    every = [(first, last) for firsts, lasts in NAMES for first in firsts for last in lasts]
    # In a school the origins mix: about one name in five.
    mixed = [(rng.choice(rng.choice(NAMES)[0]), rng.choice(rng.choice(NAMES)[1])) for _ in range(40)]
    size = len(CLASSES) * PER_CLASS
    chosen = sorted({*mixed, *rng.sample(every, size + 10)})
    rng.shuffle(chosen)
    one, other = TWINS_IN_NAME
    chosen[other] = chosen[one]
    return chosen[:size]


def _photos_of(place: int) -> int:
    """None for every seventh or so; two or three for some."""
    if place % 20 in {3, 9, 16}:
        return 0
    return 3 if place % 25 == 5 else 2 if place % 10 == 2 else 1
