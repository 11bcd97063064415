"""`manage.py import_photos FOLDER_OR_ZIP`: photos by the hundred, as the admin imports them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand, one_at_a_time
from photostore.errors import CommandRefused, PhotostoreError
from photostore.storage import storage_for
from students.imports import kinds, lifecycle
from students.imports.kinds import KINDS
from students.imports.photos import committing, reading, receive
from students.imports.photos.absent import without_picture
from students.imports.photos.states import LABELS, TABS, State
from students.models import Import, ImportRow

FINE = (State.NEW, State.REPLACES, State.IDENTICAL)
EXPLAINED = 200


class Command(PhotoCommand):
    """Reads photos and says whose they are; with `--commit` makes them the students' photos."""

    help = (
        "Reads the photos of a folder or a zip, with or without a lab's index, and says whose they are. With "
        "--commit those of which that is certain become the students' photos, as one operation; "
        "undo_photo_operation undoes it. What needs a person is listed and left alone: the admin's page "
        "asks about each."
    )
    # Reading takes minutes, and changes nothing: only the commit is alone.
    exclusive = False

    def arguments(self, parser: ArgumentParser) -> None:
        """Which photos, and whether it is done."""
        parser.add_argument("source", metavar="FOLDER_OR_ZIP", type=Path)
        parser.add_argument("--index", metavar="F", type=Path, help="the list that says whose each file is")
        parser.add_argument("--commit", action="store_true", help="do it; without this nothing is changed")

    def work(self, *, commit: bool = False, **options: Any) -> int:
        """Read it, tell, and commit or forget it."""
        self._finish_killed()
        batch = self._read(options["source"], options["index"])
        try:
            self._tell(batch)
            if commit:
                return self._commit(batch)
        finally:
            batch.refresh_from_db()
            if batch.state in (Import.State.READING, Import.State.READY, Import.State.FAILED):
                kinds.discard(batch, self.actor)
        self.say("Nothing was changed. Do it with --commit.")
        return DONE

    def _finish_killed(self) -> None:
        """A commit that was killed, here or on a page, is finished first."""
        killed = Import.objects.filter(kind=Import.Kind.PHOTOS, state=Import.State.COMMITTING)
        if killed.exists():
            with one_at_a_time(self.name):
                for batch in killed:
                    committing.commit(batch)

    def _read(self, source: Path, index: Path | None) -> Import:
        options = {"index": index.name} if index else {}
        try:
            with _opened(source, index) as files, self.waiting("Taking the photos over"):
                batch = receive.begin(files, actor=self.actor, options=options)
        except OSError as error:
            raise CommandRefused(f"{error.filename or source} cannot be read: {error.strerror}.") from error
        try:
            with self.ticking("Reading") as tick:
                reading.read(batch, tick)
        except PhotostoreError:
            kinds.discard(batch, self.actor)
            raise
        batch.refresh_from_db()
        return batch

    def _tell(self, batch: Import) -> None:
        counts, found = lifecycle.counts(batch), batch.found
        self.result |= {"counts": counts, "index": found.get("index")}
        self.result["enrolled_without_photo"] = found["enrolled_without_photo"]
        absent = without_picture(batch)[:EXPLAINED]
        self.result["without_photo"] = [{"id": one.pk, "name": one.name} for one in absent]
        if found.get("index"):
            self.say(f"Index: {found['index']}, {found['charset']}.")
        for state in TABS:
            if state in counts:
                self.say(f"{counts[state]:6} {LABELS[state]}")
        self.say(f"{found['enrolled_without_photo']:6} students of whom there is no picture here")
        listed = self.listed()
        for row in batch.rows.exclude(state__in=FINE).select_related("student").order_by("n").iterator():
            if listed.count < EXPLAINED:
                self.say(_told(row))
            listed.append({"file": row.file, "state": row.state, "student": row.student_id,
                           "evidence": row.evidence, "findings": row.findings})  # fmt: skip
        self.result |= {"for_a_person": listed.items, "for_a_person_count": listed.count}
        if listed.count > EXPLAINED:
            self.say(f"… and {listed.count - EXPLAINED} more; --json lists them.")

    def _commit(self, batch: Import) -> int:
        accepted = batch.rows.filter(accepted=True).count()
        lifecycle.begin_commit(batch, self.actor)
        with self.ticking("Importing", total=accepted) as tick:
            committing.commit(batch, tick)
        batch.refresh_from_db()
        done = batch.rows.filter(outcome=ImportRow.Outcome.DONE).count()
        stayed = batch.rows.filter(outcome=ImportRow.Outcome.STAYED).select_related("student")
        self.result |= {"operation": batch.operation, "done": done, "stayed": stayed.count()}
        self.say(f"{done} photos were assigned to their students.")
        if batch.operation:
            self.say(f"Not wanted? manage.py undo_photo_operation {batch.operation}")
        for row in stayed.order_by("n"):
            self.say(_told(row))
        return FOUND_WRONG if stayed.exists() else DONE


@contextmanager
def _opened(source: Path, index: Path | None) -> Iterator[list[receive.HandedIn]]:
    """What is handed in; raises `OSError`."""
    with ExitStack() as stack:
        if source.is_dir():
            besides = [index] if index else []
            file = stack.enter_context(receive.zipped_folder(source, besides))
            yield [receive.HandedIn(f"{source.name}.zip", file)]
            return
        found = [receive.HandedIn(source.name, stack.enter_context(source.open("rb")))]
        if index:
            copied = stack.enter_context(storage_for().scratch())
            copied.write(index.read_bytes())
            copied.seek(0)
            found.append(receive.HandedIn(index.name, copied))
        yield found


def _told(row: ImportRow) -> str:
    kind = KINDS[Import.Kind.PHOTOS]
    why = " ".join(kind.sentence_of(one) for one in (*row.evidence, *row.findings))
    who = f" {row.student.name}." if row.student else ""
    return f"  {row.file}: {LABELS[cast(State, row.state)]}.{who} {why}".rstrip()
