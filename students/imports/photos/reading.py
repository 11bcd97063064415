"""The job that reads an import: lists it, takes the pictures in, finds out whom they show.

Each stage is kept when it is done, so that a killed run goes on: rows are made once; a picture is taken in
and staged before its row says so; zips go when all of them are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from typing import Any

from django.db import transaction

from photostore.errors import FileMissing, FileTooLarge, InvalidFile, StorageUnavailable
from photostore.locks import try_lock, unlock
from photostore.register import mounted_storage
from students import identity
from students.imports import lifecycle
from students.imports.kind import ImportRefused
from students.imports.photos.absent import without_picture
from students.imports.photos.archive import Archive, Member, MemberRefused, refusal
from students.imports.photos.index import ENDINGS as LIST_ENDINGS
from students.imports.photos.index import NO_INDEX, Index, Members, candidates, rank, read_index
from students.imports.photos.index_columns import is_picture
from students.imports.photos.judging import judge
from students.imports.photos.member_names import chosen_names
from students.imports.photos.receive import limits
from students.imports.photos.staging import opened_source, remove_sources, stage
from students.imports.photos.states import State
from students.imports.tables import MAX_BYTES as MAX_INDEX_BYTES
from students.imports.tables.texts import accented_words
from students.matching import Matcher, parse
from students.models import Import, ImportRow, ImportSource, Student, StudentPhoto
from students.versions import IncomingPhoto, import_limits, take_in

AT_ONCE = 2  # as many decoders as intake has
ROWS_TOGETHER = 32
READ_FIELDS = ("state", "findings", "data", "staged_key", "staged_sha256")
JUDGED_FIELDS = ("state", "student", "evidence", "findings", "accepted", "current_sha256", "data")
MISSING_LISTED = 500

Tick = Callable[[], None]


def read(batch: Import, tick: Tick = lambda: None) -> None:
    """See above; nothing where another process is at it. `tick` is called after each picture.

    Raises `ImportRefused`, `StorageUnavailable`.
    """
    if not try_lock(lifecycle.subject_of(batch)):
        return
    try:
        batch.refresh_from_db()
        if batch.state == Import.State.READING:
            _read(batch, tick)
    finally:
        unlock(lifecycle.subject_of(batch))


def _read(batch: Import, tick: Tick) -> None:
    waiting = batch.rows.filter(state=State.WAITING)
    if not batch.rows.exists() or waiting.exists():
        with ExitStack() as stack:
            archives = _opened(batch, stack)
            if not batch.rows.exists():
                _list(batch, archives)
            _read_waiting(batch, archives, tick)
    remove_sources(batch)
    with transaction.atomic():
        _judge(batch)


def _opened(batch: Import, stack: ExitStack) -> list[Archive]:
    try:
        files = [
            stack.enter_context(opened_source(batch.pk, place))
            for place in range(batch.options.get("sources", 0))
        ]
    except FileMissing as error:
        raise refusal("not_a_zip") from error
    return [Archive(file, limits()) for file in files]


def _list(batch: Import, archives: Sequence[Archive]) -> None:
    """A row for each picture and each member that was refused; the index is kept beside them."""
    matcher = Matcher()
    found = [(place, member) for place, archive in enumerate(archives) for member in archive.members()]
    taken = [(place, member) for place, member in found if not member.ignored]
    if not taken:
        raise refusal("no_photos")
    names = chosen_names([member.names for _place, member in taken], lambda name: _is_known(name, matcher))
    lists = {name: one for name, one in zip(names, taken, strict=True) if _is_list(name, one[1])}
    rows = [
        _row(batch, n, name, place, member)
        for n, (name, (place, member)) in enumerate(
            ((name, one) for name, one in zip(names, taken, strict=True) if name not in lists), 1
        )
    ]
    indexes = candidates(lists)
    if chosen := batch.options.get("index"):
        if chosen not in lists:
            raise refusal("no_such_index")
        indexes = [chosen]
    with transaction.atomic():
        ImportRow.objects.bulk_create(rows, batch_size=500)
        if indexes:
            place, member = lists[indexes[0]]
            content = archives[place].read(member, max_bytes=MAX_INDEX_BYTES)
            ImportSource.objects.update_or_create(batch=batch, defaults={"content": content})
        batch.found = {"ignored": len(found) - len(taken), "indexes": indexes}
        batch.save(update_fields=["found"])


def _is_known(name: str, matcher: Matcher) -> bool:
    """Whether it finds a name of the school: what tells the charsets of a zip's names from each other."""
    words = set(parse(name).words)
    return any(theirs and asked for _pk, theirs, asked in matcher.roster.by_words(words))


def school_words() -> set[str]:
    """The case-folded words of all names: what tells the charsets of an index from each other."""
    names = Student.objects.order_by().values_list("name", "first_name", "last_name")
    return {word for row in names.iterator() for name in row for word in accented_words(name)}


def _is_list(name: str, member: Member) -> bool:
    return member.refused is None and name.lower().endswith(LIST_ENDINGS)


def _row(batch: Import, n: int, name: str, place: int, member: Member) -> ImportRow:
    refused = member.refused
    return ImportRow(
        batch=batch,
        n=n,
        file=name[-255:],
        state=State.REFUSED_MEMBER if refused else State.WAITING,
        findings=[_said(refused)] if refused else [],
        data={"source": place, "place": member.place},
    )


def _said(refused: MemberRefused | InvalidFile | FileTooLarge) -> dict[str, Any]:
    params = getattr(refused, "params", {})
    return {"code": refused.code, "sentence": str(refused), **params}


def _read_waiting(batch: Import, archives: Sequence[Archive], tick: Tick) -> None:
    mounted_storage()  # these two may ask the database, and the threads have no connection
    identity.confirm_key()
    members = [archive.members() for archive in archives]
    rows = batch.rows.filter(state=State.WAITING).order_by("n")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while some := list(rows[:ROWS_TOGETHER]):
            for _row in _taken_in(pool, some, archives, members):
                tick()
            ImportRow.objects.bulk_update(some, READ_FIELDS)


def _taken_in(
    pool: ThreadPoolExecutor,
    rows: Sequence[ImportRow],
    archives: Sequence[Archive],
    members: Sequence[Sequence[Member]],
) -> Iterator[ImportRow]:
    """Each row when it is done; of no more pictures than are worked on the bytes are in memory."""
    ahead: list[Future[ImportRow]] = []
    waiting = iter(rows)
    while True:
        for row in islice(waiting, AT_ONCE + 1 - len(ahead)):
            source, place = row.data["source"], row.data["place"]
            try:
                data = archives[source].read(members[source][place])
            except MemberRefused as refused:
                row.state, row.findings = State.REFUSED_MEMBER, [_said(refused)]
                yield row
            else:
                ahead.append(pool.submit(_take_in, row, data))
        if not ahead:
            return
        yield ahead.pop(0).result()


def _take_in(row: ImportRow, data: bytes) -> ImportRow:
    """Into the storage, and onto the row; not saved. Raises `StorageUnavailable`."""
    try:
        taken = take_in(data, filename=row.file, origin=StudentPhoto.Origin.IMPORT, limits=import_limits())
    except StorageUnavailable:
        raise
    except (InvalidFile, FileTooLarge) as refused:
        row.state, row.findings = State.NOT_AN_IMAGE, [_said(refused)]
        return row
    row.state = State.READ
    row.staged_key = stage(row.batch_id, row.n, taken.clean)
    row.staged_sha256 = taken.clean.picture.sha256
    row.data |= _picture(taken)
    return row


def _picture(taken: IncomingPhoto) -> dict[str, Any]:
    clean, inside = taken.clean, taken.named
    return {
        "source_sha256": clean.source_sha256,
        "pixel_sha256": clean.pixel_sha256,
        "dhash": clean.dhash,
        "width": clean.picture.width,
        "height": clean.picture.height,
        "content_type": clean.picture.content_type,
        "extension": clean.picture.extension,
        "thumbnails": {size: [small.width, small.height] for size, small in clean.thumbnails.items()},
        "taken_on": clean.taken_on.isoformat() if clean.taken_on else None,
        "named": inside
        and {
            "student_id": str(inside.student_id),
            "number_hash": inside.number_hash,
            "attendance": inside.attendance,
        },
    }


def _judge(batch: Import) -> None:
    """In the caller's transaction: every row gets its student and state, and the import is ready."""
    matcher = Matcher()
    rows = list(batch.rows.order_by("n"))
    index = _index(batch, rows, matcher)
    judge(rows, index, matcher, batch.created_at.date())
    ImportRow.objects.bulk_update(rows, JUDGED_FIELDS, batch_size=500)
    found = {name: batch.found.get(name) for name in ("ignored", "indexes")}
    if index is not None:
        missing = _missing(batch, index, rows)
        ImportRow.objects.bulk_create(missing, batch_size=500)
        found |= {"index": index.path, "columns": dict(index.columns), "layout": index.layout}
        found |= {"no_picture": index.without_picture, "charset": index.table.charset}
    found["enrolled_without_photo"] = without_picture(batch).count()
    lifecycle.now_ready(batch, found=found)


def _index(batch: Import, rows: Sequence[ImportRow], matcher: Matcher) -> Index | None:
    """A list that is called as an index, or that was chosen, must be readable: `ImportRefused`.

    Any other one is an index if it can be read as one and names a file that came.
    """
    source = ImportSource.objects.filter(batch=batch).first()
    if source is None:
        return None
    path = batch.found["indexes"][0]
    is_meant = rank(path) < NO_INDEX or path == batch.options.get("index")
    try:
        index = read_index(
            bytes(source.content),
            path,
            files=[row.file for row in rows if is_picture(row.file)],
            numbers=matcher.roster.numbers,
            known_words=school_words,
            options=batch.options,
        )
    except ImportRefused:
        if is_meant:
            raise
        return None
    members = Members([row.file for row in rows])
    return index if is_meant or any(members.find(index, one) for one in index.rows) else None


def _missing(batch: Import, index: Index, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """A row for each file that the index names and that did not come."""

    members, last = Members([row.file for row in rows]), max((row.n for row in rows), default=0)
    absent = [one for one in index.rows if one.file and not members.find(index, one)]
    return [
        ImportRow(
            batch=batch,
            n=last + place,
            file=one.file[-255:],
            state=State.MISSING_FILE,
            data={"said": one.said},
        )
        for place, one in enumerate(absent, 1)
    ]
