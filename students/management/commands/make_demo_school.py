"""`manage.py make_demo_school`: a made-up school to play with."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import track

from photostore.audit import Actor
from photostore.errors import PhotostoreError
from photostore.locks import try_lock, unlock
from students.demo.report import as_json, what_to_try
from students.demo.school import Plan, carry_out, plan_school

LOCK = "students.demo"
REFUSED = 2


class Command(BaseCommand):
    """Adds what the made-up school lacks here; the second time that is nothing."""

    help = "Adds a made-up school: 200 students in 8 classes, drawn portraits, some unowned files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="also beside students who are here already")
        parser.add_argument("--json", action="store_true", help="print the result for machines")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Plan, ask the plan whether it is safe, do it."""
        if not try_lock(LOCK):
            raise CommandError("Another make_demo_school is at work right now.", returncode=REFUSED)
        try:
            plan = plan_school()
            _refuse_what_is_unsafe(plan, force=options["force"])
            self._carry_out(plan, quiet=options["json"])
        except PhotostoreError as error:
            raise CommandError(f"{error} Run it again to go on.") from error
        finally:
            unlock(LOCK)
        result = as_json(plan)
        self.stdout.write(json.dumps(result) if options["json"] else what_to_try(plan))

    def _carry_out(self, plan: Plan, *, quiet: bool) -> None:
        console = Console(stderr=True)
        bar = track(
            carry_out(plan, Actor(id="", name="make_demo_school", channel="command")),
            description="Drawing portraits",
            total=len(plan.tasks),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        for _pupil in bar:
            pass


def _refuse_what_is_unsafe(plan: Plan, *, force: bool) -> None:
    if plan.tasks and plan.others and not force:
        raise CommandError(
            f"Nothing was changed: {_students(plan.others)} here already. "
            "--force adds the made-up ones beside them.",
            returncode=REFUSED,
        )
    if plan.taken_numbers:
        raise CommandError(
            f"Nothing was changed: other students have the numbers {', '.join(plan.taken_numbers)}.",
            returncode=REFUSED,
        )


def _students(count: int) -> str:
    return "1 other student is" if count == 1 else f"{count} other students are"
