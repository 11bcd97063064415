"""Who a photo is of by its file name or the cells beside it: a table of names, and random rosters."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from students.matching import Clues, Match, Matcher, Roster, State, is_junk, parse, sentence
from students.matching.folding import is_almost, name_words
from students.models import Student

pytestmark = pytest.mark.django_db
PEOPLE = {
    # name: number, class, grade
    "Zoë Ångström": ("20250017", "8A", "8"),
    "Mary Ann Smith": ("S-17", "8A", "8"),
    "Øystein Bø": ("000123", "8B", "8"),
    "Ada Lovelace": ("0042", "9A", "9"),
    "Grace Hopper": ("42", "9A", "9"),
    "Łukasz Đorđević": (None, "9B", "9"),
    "Işıl Straße": ("7007", "9B", "9"),
    "James Thomas": ("8001", "", ""),
    "Pat O’Brien": ("8002", "", ""),
    "Anna Meier": ("9001", "7A", "7"),
    "Anna  Meïer": ("9002", "7B", "7"),
    "王 小明": ("9003", "", ""),
}
CERTAIN, PROPOSED, AMBIGUOUS, BLOCKED, UNKNOWN = "certain", "proposed", "ambiguous", "blocked", "unknown"
FILES = {
    # Numbers alone.
    "20250017.jpg": (CERTAIN, "number", "Zoë Ångström"),
    "s-17.JPG": (CERTAIN, "number", "Mary Ann Smith"),
    "S-17 (1).jpg": (CERTAIN, "number", "Mary Ann Smith"),
    "20250017_retake.jpg": (CERTAIN, "number", "Zoë Ångström"),
    "20250017-2.jpg": (CERTAIN, "number", "Zoë Ångström"),
    "0042.jpg": (CERTAIN, "number", "Ada Lovelace"),
    "42.jpg": (CERTAIN, "number", "Grace Hopper"),
    "123.jpg": (CERTAIN, "number_without_zeros", "Øystein Bø"),
    "00042.jpg": (AMBIGUOUS, "number_without_zeros", "Ada Lovelace", "Grace Hopper"),
    # Numbers beside other words.
    "20250017_Angstrom_Zoe.jpg": (CERTAIN, "number_and_name", "Zoë Ångström"),
    "spring_20250017.jpg": (PROPOSED, "number_in_file_name", "Zoë Ångström"),
    "42_8001.jpg": (AMBIGUOUS, "number_in_file_name", "Grace Hopper", "James Thomas"),
    "20250017_Hopper_Grace.jpg": (BLOCKED, "number_in_file_name", "Zoë Ångström", "Grace Hopper"),
    "IMG_0042.jpg": (UNKNOWN,),
    "DSC07007.JPG": (UNKNOWN,),
    "999.jpg": (UNKNOWN,),
    # Names.
    "SMITH_MARY ANN.jpg": (PROPOSED, "name_in_file_name", "Mary Ann Smith"),
    "Oystein Bo.jpg": (PROPOSED, "name_in_file_name", "Øystein Bø"),
    "Dordevic, Lukasz copy.png": (PROPOSED, "name_in_file_name", "Łukasz Đorđević"),
    "isil strasse.jpg": (PROPOSED, "name_in_file_name", "Işıl Straße"),
    "obrien-pat.jpeg": (PROPOSED, "name_in_file_name", "Pat O’Brien"),
    "A\u030angstro\u0308m Zoe\u0308.jpg": (PROPOSED, "name_in_file_name", "Zoë Ångström"),
    "王小明.jpg": (UNKNOWN,),
    "王 小明.jpg": (PROPOSED, "name_in_file_name", "王 小明"),
    "Meier_Anna.jpg": (AMBIGUOUS, "name_in_file_name", "Anna Meier", "Anna  Meïer"),
    "7B/Meier_Anna.jpg": (PROPOSED, "name_in_file_name", "Anna  Meïer"),
    "Mary Smith.jpg": (PROPOSED, "part_of_name", "Mary Ann Smith"),
    "Ada Lovelace King.jpg": (PROPOSED, "more_than_name", "Ada Lovelace"),
    "Ada Lovelaec.jpg": (PROPOSED, "almost_the_name", "Ada Lovelace"),
    "ada.jpg": (UNKNOWN,),
    "nobody here.jpg": (UNKNOWN,),
}


@pytest.fixture
def roster() -> dict[str, int]:
    Student.objects.bulk_create(
        Student(name=name, student_number=number, class_name=where, grade=grade)
        for name, (number, where, grade) in PEOPLE.items()
    )
    return dict(Student.objects.values_list("name", "pk"))


def told(match: Match) -> tuple[Any, ...]:
    reasons = [str(one.reason) for one in match.candidates[:1]]
    return (str(match.state), *reasons, *sorted(one.name for one in match.candidates))


def test_file_names(roster: dict[str, int]) -> None:
    matcher = Matcher()
    found = {name: matcher.match([Clues(file_name=name)])[0] for name in FILES}
    expected = {name: (state, *why[:1], *sorted(why[1:])) for name, (state, *why) in FILES.items()}
    assert {name: told(match) for name, match in found.items()} == expected
    # Every reason and every note is a sentence.
    for match in found.values():
        assert all(sentence(one.evidence) for one in match.candidates)
        assert all(sentence(note) for note in match.notes)
    assert found["S-17 (1).jpg"].marks == ("(1)",)


@pytest.mark.parametrize(
    ("clues", "expected"),
    [
        (Clues("x.jpg", number="00123"), (CERTAIN, "number_without_zeros", "Øystein Bø")),
        (Clues("x.jpg", last_name="Lovelace", first_name="Ada"), (CERTAIN, "name", "Ada Lovelace")),
        (Clues(last_name="LOVELACE", first_name="ada", grade="09"), (CERTAIN, "name", "Ada Lovelace")),
        (Clues(last_name="Lovelace", first_name="Ada", grade="7"), (PROPOSED, "name", "Ada Lovelace")),
        (Clues(last_name="James", first_name="Thomas"), (PROPOSED, "name_in_other_order", "James Thomas")),
        (Clues(last_name="Meier", first_name="Anna"), (AMBIGUOUS, "name", "Anna  Meïer", "Anna Meier")),
        (
            Clues(last_name="Meier", first_name="Anna", class_name="7 a"),
            (CERTAIN, "name_and_class", "Anna Meier"),
        ),
        # Another number than the only one of the name has: a namesake.
        (Clues(number="777", last_name="Lovelace", first_name="Ada"), (PROPOSED, "name", "Ada Lovelace")),
        (Clues(number="42", last_name="Hopper", first_name="Grace"), (CERTAIN, "number", "Grace Hopper")),
        (
            Clues(number="42", last_name="Lovelace", first_name="Ada"),
            (BLOCKED, "number", "Ada Lovelace", "Grace Hopper"),
        ),
        (Clues(number="42", last_name="Somebody", first_name="Else"), (BLOCKED, "number", "Grace Hopper")),
        # A row that is shifted by one: the cell says one number, the file another.
        (Clues("42.jpg", number="8001"), (BLOCKED, "number", "Grace Hopper", "James Thomas")),
    ],
)
def test_cells(roster: dict[str, int], clues: Clues, expected: tuple[str, ...]) -> None:
    assert told(Matcher().match([clues])[0]) == expected


def test_an_id_in_a_documented_name_is_only_a_proposal(roster: dict[str, int]) -> None:
    pk = roster["Ada Lovelace"]
    (here, gone) = Matcher().match([Clues(f"student_{pk}_profile.jpg"), Clues("student_999999_profile.jpg")])
    assert told(here) == (PROPOSED, "id_in_file_name", "Ada Lovelace")
    assert told(gone) == (UNKNOWN,)


def test_a_name_that_two_files_have_is_nobodys_for_certain(roster: dict[str, int]) -> None:
    cells = {"last_name": "Lovelace", "first_name": "Ada"}
    one, other, number = Matcher().match([Clues("1.jpg", **cells), Clues("2.jpg", **cells), Clues("42.jpg")])
    assert [match.state for match in (one, other)] == [State.AMBIGUOUS] * 2
    assert number.state == State.CERTAIN
    # The number is hers whatever else is called like her.
    named, numbered = Matcher().match([Clues("1.jpg", **cells), Clues("0042.jpg")])
    assert (named.state, numbered.state) == (State.AMBIGUOUS, State.CERTAIN)


def test_what_operating_systems_leave_is_no_photo() -> None:
    assert all(map(is_junk, (".DS_Store", "a/._x.jpg", "Thumbs.db", "desktop.ini", "__MACOSX/a/x.jpg")))
    assert not any(map(is_junk, ("x.jpg", "_x.jpg", "thumbs.jpg")))


def test_a_mark_is_shown_and_not_a_part_of_the_name() -> None:
    for name, marks in {
        "a (1) copy.jpg": ("(1)", "copy"),
        "a-2.jpg": ("-2",),
        "(1).jpg": (),
        "a": (),
    }.items():
        assert parse(name).marks == marks, name


def test_one_letter_may_be_wrong_and_not_two() -> None:
    alike = (
        ("abcd", "abcd"),
        ("abcd", "abd"),
        ("abcd", "abxcd"),
        ("abcd", "abxd"),
        ("abcd", "abdc"),
        ("", "a"),
    )
    assert all(is_almost(one, other) and is_almost(other, one) for one, other in alike)
    unlike = ("abcd", "badc"), ("abcd", "ab"), ("abcd", "acbx"), ("abcd", "bcda")
    assert not any(is_almost(one, other) or is_almost(other, one) for one, other in unlike)


def _spelt(chance: random.Random, name: str) -> str:
    words = name.split()
    chance.shuffle(words)
    return chance.choice([str.upper, str.lower, str.title])(chance.choice(" _,").join(words))


def _fitting(rows: Iterable[tuple[int, str, str]], clues: Clues) -> set[int]:
    """By a loop over everybody: the numbers that fit exactly, else without zeros, else the same words."""
    rows, stem = list(rows), clues.number or parse(clues.file_name).stem
    for same in (str.lower, lambda number: number.lower().lstrip("0")):
        if found := {pk for pk, number, _ in rows if number and same(number) == same(stem)}:
            return found
    words = sorted(name_words(f"{clues.first_name} {clues.last_name}"))
    return {pk for pk, _, name in rows if words and sorted(name_words(name)) == words}


def test_nothing_is_certain_where_two_fit(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random rosters of few names and few digits, so that much collides; against a loop over everybody."""
    certain = 0
    for seed in range(40):
        chance = random.Random(seed)
        Student.objects.all().delete()
        numbers = chance.sample([f"{'0' * zeros}{n}" for n in range(1, 20) for zeros in range(3)], 12)
        firsts, lasts = ["Zoë", "Zoe", "Øy", "Oy", "An"], ["Bø", "Bo", "Straße", "Strasse", "Zoë"]
        Student.objects.bulk_create(
            Student(
                name=f"{chance.choice(firsts)} {chance.choice(lasts)}",
                student_number=number if chance.random() < 0.7 else None,
            )
            for number in numbers
        )
        rows = list(Student.objects.values_list("pk", "student_number", "name"))
        clues = [Clues(f"{'0' * chance.randrange(4)}{chance.randrange(1, 20)}.jpg") for _ in range(8)]
        clues += [Clues(last_name=chance.choice(lasts), first_name=chance.choice(firsts)) for _ in range(4)]
        clues += [Clues(f"{_spelt(chance, name)}.jpg") for _pk, _number, name in rows[:4]]
        matcher = Matcher(Roster.today())
        for one in clues:
            (match,) = matcher.match([one])
            if match.state == State.CERTAIN:
                certain += 1
                assert {match.candidates[0].pk} == _fitting(rows, one), (seed, one)
    assert certain > 50
