"""Whose an unowned file might be by its name. A proposal for a person, and never more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from photostore.inventory import orphans
from students.key_claims import FOLDERS, UPLOADS, claim_of
from students.recovery.storage_index import BATCH, StorageIndex
from students.recovery.unowned import Location, read_unowned_files

# Not where the identity inside names another student, nor what was erased on request.
_PROPOSED = """
SELECT f.key, f.storage_alias, s.id, s.name FROM {files} AS f
JOIN students_student AS s ON s.id = f.old_pk OR s.student_id = f.folder
WHERE s.profile_photo = '' AND coalesce(f.named_student, s.student_id) = s.student_id
AND NOT EXISTS (SELECT FROM students_tombstone AS t WHERE t.sha256 IN (f.sha256, f.bare_sha256))
AND NOT EXISTS (SELECT FROM students_tombstone AS t WHERE t.student_id = f.named_student AND t.sha256 = '')
ORDER BY f.id
"""


def proposals(tick: Callable[[], None] = lambda: None) -> Iterator[dict[str, Any]]:
    """Unowned files whose names name a student who has no photo.

    Streams; `tick` is called after each file that was read.
    """
    index = StorageIndex("names", read_unowned_files(_named(), tick))
    with connection.chunked_cursor() as cursor:
        cursor.execute(_PROPOSED.format(files=index.table))
        while rows := cursor.fetchmany(BATCH):
            for key, alias, pk, name in rows:
                yield {"file": key, "storage": alias, "id": pk, "name": name}


def _named() -> Iterator[Location]:
    """What lies under the documented name of a profile photo."""
    for alias in ("default", "safe"):
        for prefix in (UPLOADS, FOLDERS):
            for file in orphans(alias, prefix):
                if claim_of(file.key).role in ("documented", "safe"):
                    yield Location.of(alias, file)
