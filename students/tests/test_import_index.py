"""What labs call an index."""

from __future__ import annotations

import pytest

from students.imports.photos.index import Index, Members, candidates, named_twice, read_index

NAMES = [("Muñoz", "José"), ("Müller", "Zoë"), ("Garçon", "Anaïs")]
NAMES += [(f"Last{n}", f"First{n}") for n in range(9)]
PEOPLE = [(str(1001 + n), last, first) for n, (last, first) in enumerate(NAMES)]
NUMBERS = {number for number, _last, _first in PEOPLE}
FILES = [f"photos/{n:04}.jpg" for n in range(len(PEOPLE))]


def words() -> set[str]:
    return {word.casefold() for _number, *names in PEOPLE for word in names}


def read(content: bytes | str, path: str = "INDEX.TXT", files: list[str] | None = None) -> Index:
    data = content.encode() if isinstance(content, str) else content
    return read_index(data, path, files=FILES if files is None else files, numbers=NUMBERS, known_words=words)


def pspa(rest: tuple[str, ...] = (), *, delimiter: str = "\t", folder: str = "photos") -> str:
    lines = [
        delimiter.join(["VOL1", folder, f"{n:04}.jpg", "3", last, first, *rest])
        for n, (_number, last, first) in enumerate(PEOPLE)
    ]
    return "\r\n".join(lines) + "\r\n"


def numbered(*, delimiter: str = "\t") -> str:
    lines = pspa(("3A", "P1"), delimiter=delimiter).splitlines()
    return "\n".join(f"{line}{delimiter}{one[0]}" for line, one in zip(lines, PEOPLE, strict=True))


def whose(index: Index) -> list[tuple[str, str, str]]:
    return [(row.file, row.said["last_name"], row.said["first_name"]) for row in index.rows]


ALL = [(f"{n:04}.jpg", last, first) for n, (_number, last, first) in enumerate(PEOPLE)]


@pytest.mark.parametrize(
    ("rest", "delimiter", "teacher"),
    [
        (("3A", "P1", "Ms Gray", "A", "Dep", "Title", "Large"), "\t", "Ms Gray"),
        (("3A",), "\t", None),
        (("Ms Gray", "3A"), ",", "Ms Gray"),
    ],
    ids=["long", "short", "picaboo"],
)
def test_dialects_of_pspa(rest: tuple[str, ...], delimiter: str, teacher: str | None):
    index = read(pspa(rest, delimiter=delimiter))
    assert index.layout == "pspa"
    assert whose(index) == ALL
    assert {row.said["homeroom"] for row in index.rows} == {"3A"}
    assert {row.said.get("teacher") for row in index.rows} == {teacher}
    assert "number" not in index.columns


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_a_column_that_holds_only_students_numbers_is_the_number_column(delimiter: str):
    index = read(numbered(delimiter=delimiter))
    assert [row.said["number"] for row in index.rows] == [number for number, *_name in PEOPLE]


def test_a_column_of_which_a_fifth_is_no_number_is_not():
    lines = numbered().splitlines()
    lines[:3] = [line.rpartition("\t")[0] + "\t77" for line in lines[:3]]
    assert "number" not in read("\n".join(lines)).columns


@pytest.mark.parametrize("charset", ["cp1252", "mac_roman", "cp850", "utf-8", "utf-16", "utf-8-sig"])
def test_any_charset_and_a_ctrl_z(charset: str):
    assert whose(read((pspa(("3A",)) + "\x1a").encode(charset))) == ALL


@pytest.mark.parametrize("delimiter", ["\t", ",", "|"])
@pytest.mark.parametrize("file_first", [True, False])
def test_two_columns_in_either_order(delimiter: str, file_first: bool):
    pairs = [(f"{n:04}.jpg", number) for n, (number, *_name) in enumerate(PEOPLE)]
    lines = [delimiter.join(pair if file_first else pair[::-1]) for pair in pairs]
    index = read("\r\n".join(lines))
    assert [(row.file, row.said["number"]) for row in index.rows] == pairs


def test_two_columns_with_quotes_and_leading_zeros():
    index = read('"00123","0001.jpg"\r\n"123","0002.jpg"\r\n')
    assert [(row.said["number"], row.file) for row in index.rows] == [
        ("00123", "0001.jpg"),
        ("123", "0002.jpg"),
    ]


def test_a_names_map_has_no_heading_over_its_files():
    index = read("Last_Name\tFirst_Name\tGrade_Level\t\nMuñoz\tJosé\t3\t0000.jpg\nMüller\tZoë\t4\t0001.jpg\n")
    assert whose(index) == [("0000.jpg", "Muñoz", "José"), ("0001.jpg", "Müller", "Zoë")]


def test_memento_with_a_repeated_heading_blank_lines_a_total_and_absent_children():
    index = read(
        "FileName,LName,FName\n0000.jpg,Muñoz,José\n\n,Müller,Zoë\nFileName,LName,FName\n"
        "0002.jpg,Garçon,Anaïs\nTotal,2,\n"
    )
    assert whose(index) == [
        ("0000.jpg", "Muñoz", "José"),
        ("", "Müller", "Zoë"),
        ("0002.jpg", "Garçon", "Anaïs"),
    ]
    assert index.without_picture == 1
    assert [row.line for row in index.rows] == [2, 4, 6]


def test_headings_in_other_words_and_order():
    index = read("Klasse;Vorname;Nachname;Schülernummer;Datei\n3A;José;Muñoz;1001;0000.jpg\n")
    (row,) = index.rows
    assert row.said == {
        "file": "0000.jpg", "number": "1001", "last_name": "Muñoz", "first_name": "José", "homeroom": "3A",
    }  # fmt: skip


def test_staff_and_small_pictures_are_known():
    text = pspa(("3A", "", "", "", "", "", "Large")).splitlines()
    text[0] = text[0].replace("\t3\t", "\tFaculty\t", 1)
    text[1] = text[1].replace("Large", "Small")
    rows = read("\n".join(text)).rows
    assert [row.is_staff for row in rows[:3]] == [True, False, False]
    assert [row.is_small for row in rows[:3]] == [False, True, False]


def test_a_lone_quote_swallows_no_row():
    text = pspa(("3A",)).replace("First3", '"Bo').replace("First4", "Anna")
    assert len(read(text).rows) == len(PEOPLE)


def test_master_wins_over_index_and_these_over_any_list():
    names = ["a/INDEX.TXT", "a/Master_2026.txt", "a/other.csv", "a/0001.jpg"]
    assert candidates(names) == ["a/Master_2026.txt", "a/INDEX.TXT"]
    assert candidates(["x/list.csv", "x/1.jpg"]) == ["x/list.csv"]
    assert candidates(["x/list.csv", "x/more.csv"]) == []


@pytest.mark.parametrize("folder", ["photos", "PHOTOS\\", "photos/", "", "elsewhere"])
def test_paths_are_found_whatever_their_case_and_slashes(folder: str):
    index = read(pspa(("3A",), folder=folder), path="lab/Index.txt")
    members = Members([f"lab/{name}" for name in FILES])
    assert [members.find(index, row) for row in index.rows] == [[n] for n in range(len(PEOPLE))]


def test_a_row_that_is_missing_moves_no_other():
    lines = pspa(("3A",)).splitlines()
    index = read("\n".join([*lines[:5], *lines[6:]]))
    found = {row.said["last_name"]: Members(FILES).find(index, row) for row in index.rows}
    assert found == {last: [n] for n, (_number, last, _first) in enumerate(PEOPLE) if n != 5}


def test_names_that_are_equal_but_for_case_and_rows_for_one_file_are_noticed():
    members = Members(["a/1.jpg", "A/1.JPG", "a/2.jpg"])
    assert members.twice() == {0, 1}
    assert named_twice([[0], [2], [0]]) == {0}
