"""`manage.py export_photos TARGET`: photos under readable names, for printing a yearbook."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand
from photostore.errors import CommandRefused
from students.exporting import Export
from students.exporting.names import FIELDS, PATTERN, Names


class Command(PhotoCommand):
    """Exports today's photo of every student, or of a class."""

    help = (
        "Exports today's photos as plain files with readable names and without the tag inside: into a new "
        "folder, or into a zip where TARGET ends with .zip. Nothing of the service changes; the audit says "
        "that it was done."
    )
    exclusive = False

    def arguments(self, parser: ArgumentParser) -> None:
        """Where to, of whom, and under which names."""
        fields = ", ".join(f"{{{field}}}" for field in FIELDS)
        parser.add_argument("target", metavar="TARGET", help="a new or empty folder, or a new file.zip")
        parser.add_argument("--class", dest="class_name", metavar="C", help="of this class only")
        parser.add_argument(
            "--name", default=PATTERN, metavar="PATTERN", help=f"of {fields} (default: {PATTERN!r})"
        )

    def work(self, **options: Any) -> int:
        """Write them, and say who was left out and why."""
        if not options["target"]:
            raise CommandRefused("TARGET is a folder or a file.zip, and none was given.")
        target = Path(options["target"])
        export = Export(target, options["class_name"], Names(options["name"]), self.actor)
        left, photos = self.listed(), 0
        for one in self.progress(export.run(), what="Exporting", total=export.students.count()):
            photos += bool(one.file)
            if one.why_not:
                left.append({"name": one.name, "class_name": one.class_name, "why": one.why_not})
                self.say(str(one))
        self.result |= {"target": str(target), "photos": photos}
        self.result |= {"left_out": left.items, "left_out_count": left.count}
        self.say(f"Exported {photos} photos to {target}.")
        return FOUND_WRONG if left.count else DONE
