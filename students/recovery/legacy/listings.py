"""What lies where, listed once: a bucket is not asked about every name that a photo might have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

from photostore.references import root_of
from photostore.references.spelling import plain_name
from photostore.storage import storage_for
from photostore.storage.key_rules import is_key
from students.checking import called, rivals_of
from students.key_claims import OF_OTHERS
from students.models import Student
from students.recovery.storages import FileRef, Storages, every_storage

_ALIKE = f"""
SELECT asked.key, l.key FROM unnest(%(keys)s::text[]) AS asked (key)
JOIN {{listing}} l ON {plain_name("l.key")} = {plain_name("asked.key")}
WHERE l.kind = 'file' ORDER BY 1, 2
"""  # noqa: S608 - names of our own
_RIVALS = f"""
SELECT mine.id, other.id, other.name, other.class_name, other.profile_photo FROM students_student mine
JOIN students_student other ON other.id <> mine.id AND other.profile_photo <> ''
  AND {plain_name("other.profile_photo")} = {plain_name("mine.profile_photo")}
WHERE mine.id = ANY(%s) AND mine.profile_photo <> '' ORDER BY 1, 2
"""  # noqa: S608 - names of our own


@dataclass
class Named:
    """The files that a row's own name may mean, and other students whose rows mean the same one."""

    keys: list[str] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)


class Lying:
    """The places as they were listed. What came or went since is found when the file is read."""

    def __init__(self, storages: Storages) -> None:
        self._sizes = storages.sizes
        self._listing, _safe = (storages.listing(root_of(alias)) for alias in ("default", "safe"))
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX ON {self._listing.table} USING hash (({plain_name('key')}))")

    def those_there(self, file_refs: Collection[FileRef]) -> set[FileRef]:
        """Those of these places where a file lies."""
        return set(self._sizes(file_refs))

    def named(self, students: Sequence[Student]) -> dict[int, Named]:
        """What each student's row means, by primary key.

        The very file that it names; else those that are called so but for case, Unicode form, slashes or a
        leading `/media/`. On most disks `a.jpg` and `A.jpg` are two files, so a row whose own file is there
        competes for no other one.
        """
        said = {one.pk: str(one.profile_photo) for one in students if one.profile_photo}
        rivals = _rivals_of(list(said))
        exact = self._exact([*said.values(), *(key for some in rivals.values() for _who, key in some)])
        alike = self._alike([key for key in said.values() if key not in exact])
        found: dict[int, Named] = {}
        for pk, key in said.items():
            keys = [key] if key in exact else alike.get(key, [])
            claiming = [who for who, other in rivals.get(pk, ()) if other in keys or other not in exact]
            found[pk] = Named(keys, claiming)
        return found

    def _exact(self, names: Collection[str]) -> set[str]:
        return {key for _alias, key in self._sizes(("default", name) for name in names if is_key(name))}

    def _alike(self, names: Collection[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if names:
            for name, key in self._listing.rows(_ALIKE, keys=list(names)):
                if not key.startswith(OF_OTHERS):
                    found.setdefault(name, []).append(key)
        return found


def _rivals_of(pks: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RIVALS, [pks])
        for pk, other, name, class_name, key in cursor.fetchall():
            found.setdefault(pk, []).append((called(name, class_name, other), key))
    return found


@contextmanager
def lying() -> Iterator[Lying]:
    """List the places where students' photos lie. Raises `StorageUnavailable`."""
    with every_storage("default", "safe") as storages:
        yield Lying(storages)


def named_by(student: Student) -> Named:
    """The same for one student, without a listing: the very file that the row names alone."""
    key = str(student.profile_photo)
    if not is_key(key) or storage_for().stat(key) is None:
        return Named()
    return Named([key], rivals_of(student.pk, key))
