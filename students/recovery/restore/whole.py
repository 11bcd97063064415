"""Who has all that the rows say of them: asked for thousands at once, and not looked at any further."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from students.recovery.backups import BackedUpStudent
from students.recovery.restore.finding import StorageContents

# Every version has its original in the register, today's is live, no row is a legacy one; whether the
# registered files are there, the storages say.
_LOOK = """
SELECT files, aliases, byte_sizes, names, s.id, s.student_id::text, s.name, s.photo_sha256 <> '', sha256s,
    slots, verified, attended, coalesce(sha256s <@ originals, sha256s IS NULL)
    AND CASE WHEN photo_sha256 = '' THEN today IS NULL AND profile_photo = ''
        ELSE coalesce(photo_sha256 = today AND photo_sha256 = ANY (live), false) END
FROM students_student AS s
CROSS JOIN LATERAL (
    SELECT array_agg(sha256) AS sha256s,
        array_agg(slot) FILTER (WHERE slot <> 'profile' AND replaced_at IS NULL) AS slots,
        array_agg(sha256) FILTER (WHERE slot <> 'profile') AS of_attendance,
        max(sha256) FILTER (WHERE slot = 'profile' AND replaced_at IS NULL) AS today
    FROM students_studentphoto AS p WHERE p.student_id = s.id) AS versions
CROSS JOIN LATERAL (
    SELECT count(*) AS files, string_agg(storage_alias, ' ') AS aliases,
        string_agg(byte_size::text, ' ') AS byte_sizes,
        string_agg(replace(key, E'\\n', ' '), E'\\n') AS names,
        array_agg(sha256) FILTER (WHERE kind = 'original') AS originals,
        array_agg(sha256) FILTER (WHERE kind = 'original' AND live) AS live,
        count(*) FILTER (WHERE kind = 'original') AS verified,
        count(*) FILTER (WHERE kind = 'original' AND sha256 = ANY (of_attendance)) AS attended
    FROM photostore_storedfile AS f
    WHERE f.owner_label = 'students.student' AND f.owner_id = s.id::text) AS files
WHERE {which} ORDER BY s.id LIMIT %(limit)s
"""


class Looked(NamedTuple):
    """One student here. `is_whole`: nothing of what the rows say is missing or in doubt."""

    pk: int
    student_id: str
    name: str
    has_photo: bool
    sha256s: list[str] | None
    slots: list[str] | None
    verified: int
    attendance: int
    is_whole: bool

    def has_all_of(self, entry: BackedUpStudent) -> bool:
        """Whether the backup knows nothing that the rows do not."""
        if (entry.had_photo and not entry.photos) or (entry.today and not self.has_photo):
            return False
        slots = {one.slot for one in entry.attendance}
        sha256s = {one.sha256 for one in entry.photos}
        return slots.issubset(self.slots or ()) and sha256s.issubset(self.sha256s or ())


def look_at(student_ids: Iterable[UUID], storages: StorageContents) -> dict[str, Looked]:
    """Those of them who are here, by their ids."""
    found = _looked(storages, "student_id = ANY(%(ids)s)", ids=list(student_ids), limit=None)
    return {one.student_id: one for one in found}


def look_at_all(storages: StorageContents, at_once: int, besides: str) -> Iterator[list[Looked]]:
    """Everybody by primary key, so many at a time; not those whom the backup's table `besides` has."""
    last = 0
    others = f"NOT EXISTS (SELECT FROM {besides} AS e WHERE e.student_id = s.student_id AND NOT e.is_erased)"
    which = f"s.id > %(last)s AND {others if besides else 'true'}"
    while found := _looked(storages, which, last=last, limit=at_once):
        last = found[-1].pk
        yield found


def _looked(storages: StorageContents, which: str, **values: Any) -> list[Looked]:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(which=which), values)
        rows: list[Any] = cursor.fetchall()
    aliases, byte_sizes, names = (
        [one for row in rows if row[0] for one in row[column].split(separator)]
        for column, separator in ((1, " "), (2, " "), (3, "\n"))
    )
    sizes = storages.sizes_in_order(aliases, names)
    is_right = [said == str(found) for said, found in zip(byte_sizes, sizes, strict=True)]
    looked, at = [], 0
    for files, _aliases, _byte_sizes, _names, *known, is_whole in rows:
        looked.append(Looked._make([*known, is_whole and False not in is_right[at : at + files]]))
        at += files
    return looked
