"""What file names say, as weak pieces of evidence: `students.matching`, over a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

from students.matching import Clues, Match, Matcher, Reason
from students.recovery.evidence.findings import Kind

BATCH = 1_000
# Place, kind, and why, before the students' names.
_SAYS = {
    Reason.NUMBER: (7, Kind.NUMBER_IN_NAME, "the file is named by the number of"),
    Reason.NUMBER_WITHOUT_ZEROS: (7, Kind.NUMBER_IN_NAME, "without its zeros, it is named by the number of"),
    Reason.NUMBER_AND_NAME: (7, Kind.NUMBER_IN_NAME, "the file name has the number and the name of"),
    Reason.NUMBER_IN_FILE_NAME: (11, Kind.SIMILAR_NAME, "the file name contains the number of"),
    Reason.NAME_IN_FILE_NAME: (10, Kind.NAME, "the file is called like"),
    Reason.PART_OF_NAME: (11, Kind.SIMILAR_NAME, "the file name is a part of the name of"),
    Reason.MORE_THAN_NAME: (11, Kind.SIMILAR_NAME, "the file name contains the name of"),
    Reason.ALMOST: (11, Kind.SIMILAR_NAME, "the file name is almost the name of"),
}
_BY_NUMBER = {Reason.NUMBER, Reason.NUMBER_WITHOUT_ZEROS, Reason.NUMBER_AND_NAME, Reason.NUMBER_IN_FILE_NAME}
_CREATE = """
CREATE TEMPORARY TABLE {matched}
    (file bigint, place integer, kind text, why text, students bigint[], by_name boolean)
"""
_NAMES = "SELECT id, key FROM {weak} WHERE stem <> ''"
_INSERT = "INSERT INTO {matched} VALUES (%s, %s, %s, %s, %s, %s)"


def match_file_names(tables: dict[str, str], *, needed: bool) -> None:
    """Of the files of which nothing better is known. Not `needed`: the table stays empty."""
    with connection.cursor() as cursor, connection.chunked_cursor() as names:
        cursor.execute(_CREATE.format(**tables))
        names.execute(_NAMES.format(**tables))
        matcher = None
        while needed and (rows := names.fetchmany(BATCH)):
            matcher = matcher or Matcher()
            matches = matcher.match([Clues(file_name=key) for _file, key in rows])
            for (file, _key), match in zip(rows, matches, strict=True):
                cursor.executemany(_INSERT.format(**tables), list(_pieces(file, match)))


def _pieces(file: int, match: Match) -> Iterator[tuple[Any, ...]]:
    """One for each reason; the id in a documented name is looked up in the table itself."""
    for reason, says in _SAYS.items():
        students = [one.pk for one in match.candidates if one.reason == reason]
        if students:
            yield file, *says, students, reason not in _BY_NUMBER
