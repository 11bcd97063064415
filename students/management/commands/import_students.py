"""`manage.py import_students FILE`: a list of students, as the admin imports it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand
from photostore.errors import CommandRefused
from students.imports import kinds, lifecycle
from students.imports.kinds import KINDS
from students.imports.roster import receive, rows
from students.imports.roster.columns import FIELDS
from students.imports.roster.commit import begin_commit
from students.imports.roster.lines import full_name
from students.imports.roster.words import RowState
from students.models import Import, ImportRow

# What somebody has to see to before or after; the others go by themselves.
FOR_A_PERSON = (RowState.BAD_ROW, RowState.DUPLICATE_NUMBER, RowState.NUMBER_CHANGED, RowState.MISSING)
EXPLAINED = 200


class Command(PhotoCommand):
    """Reads a list and says what it would do; with `--commit` does it."""

    help = (
        "Reads a list of students (CSV, TSV or XLSX), and says what importing it would change. With "
        "--commit that is done, as one operation; undo_photo_operation undoes it. What is only proposed, "
        "and who is not in the list, is listed and left alone: the admin's page asks about each."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """Which list, how it is read, and whether it is done."""
        parser.add_argument("file", metavar="FILE", type=Path, help="the list")
        parser.add_argument("--commit", action="store_true", help="do it; without this nothing is changed")
        parser.add_argument(
            "--columns",
            metavar="A,B,,C",
            help=f"what each column holds, nothing for none; of {', '.join(FIELDS)}",
        )
        parser.add_argument(
            "--leave",
            action="store_true",
            help="mark as left who is in the school and not in the list",
        )
        parser.add_argument(
            "--confirm-left",
            metavar="N",
            type=int,
            help="how many that are, where it is more than 30 %% of the school",
        )

    def work(self, *, commit: bool = False, leave: bool = False, **options: Any) -> int:
        """Read it, tell, and commit or forget it."""
        self._finish_killed()
        batch = self._read(options["file"], options["columns"])
        try:
            if leave:
                rows.accept_all(batch, RowState.MISSING, accepted=True, actor=self.actor)
            self._tell(batch)
            if commit:
                return self._commit(batch, options["confirm_left"])
        finally:
            batch.refresh_from_db()
            if batch.state in (Import.State.READY, Import.State.FAILED):
                lifecycle.discard(batch, self.actor)
        self.say("Nothing was changed. Do it with --commit.")
        return DONE

    def _finish_killed(self) -> None:
        """A commit of a list that was killed, here or on a page, is finished first."""
        for batch in Import.objects.filter(kind=Import.Kind.STUDENTS, state=Import.State.COMMITTING):
            kinds.commit(batch.pk)

    def _read(self, file: Path, columns: str | None) -> Import:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandRefused(f"{file} cannot be read: {error.strerror}.") from error
        batch = receive.begin(content, file_name=file.name, options=_options(columns), actor=self.actor)
        with self.waiting("Reading the list"):
            kinds.read(batch.pk)
        batch.refresh_from_db()
        if batch.error:
            sentence = KINDS[batch.kind].sentence_of(batch.error)
            lifecycle.discard(batch, self.actor)
            raise CommandRefused(sentence, code=batch.error["code"])
        return batch

    def _tell(self, batch: Import) -> None:
        counts = lifecycle.counts(batch)
        self.result |= {
            "counts": counts,
            "columns": batch.found["columns"],
            "charset": batch.found["charset"],
        }
        self.say(f"Columns: {', '.join(name or '-' for name in batch.found['columns'])}.")
        for state, count in counts.items():
            self.say(f"{count:6} {RowState(state).label}")
        listed = self.listed()
        for row in batch.rows.filter(state__in=FOR_A_PERSON).order_by("n").iterator():
            if listed.count < EXPLAINED:
                self.say(_told(row))
            listed.append({"n": row.n, "state": row.state, "data": row.data, "findings": row.findings})
        self.result |= {"for_a_person": listed.items, "for_a_person_count": listed.count}
        if listed.count > EXPLAINED:
            self.say(f"… and {listed.count - EXPLAINED} more; --json lists them.")

    def _commit(self, batch: Import, confirm_left: int | None) -> int:
        begin_commit(batch, self.actor, confirm_left=confirm_left)
        with self.waiting("Importing"):
            kinds.commit(batch.pk)
        batch.refresh_from_db()
        done = batch.rows.filter(outcome=ImportRow.Outcome.DONE).count()
        stayed = batch.rows.filter(outcome=ImportRow.Outcome.STAYED)
        self.result |= {"operation": batch.operation, "done": done, "stayed": stayed.count()}
        self.say(f"{done} students were added or changed.")
        if batch.operation:
            self.say(f"Not wanted? manage.py undo_photo_operation {batch.operation}")
        for row in stayed.order_by("n"):
            self.say(_told(row))
        return FOUND_WRONG if stayed.exists() else DONE


def _options(columns: str | None) -> dict[str, Any]:
    if columns is None:
        return {}
    chosen = [name.strip() or None for name in columns.split(",")]
    unknown = [name for name in chosen if name and name not in FIELDS]
    if unknown:
        raise CommandRefused(f"{unknown[0]!r} is none of {', '.join(FIELDS)}.")
    return {"columns": chosen}


def _told(row: ImportRow) -> str:
    kind = KINDS[row.batch.kind]
    who = " ".join(filter(None, (row.data.get("student_number"), full_name(row.data))))
    why = " ".join(kind.sentence_of(one) for one in row.findings)
    return f"  line {row.n}: {RowState(row.state).label}: {who or 'no student'}. {why}".rstrip()
