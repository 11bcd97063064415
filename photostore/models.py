"""The register of stored files, what is to be removed, what was set aside, and who did what."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob

KEY_LENGTH = 1024
SHA256_LENGTH = 64


class StoredFile(models.Model):
    """One row for every file that should exist. Delivery, diff and verification read it.

    A database trigger writes the key of every deleted row into `PendingRemoval`, in the same
    transaction, whatever deletes it (see migration 0002).
    """

    class Kind(models.TextChoices):
        ORIGINAL = "original", "original"
        EXPORT = "export", "export"
        DERIVATIVE = "derivative", "derivative"

    storage_alias = models.CharField(max_length=32, default="default")
    # Byte order, as storages list their keys, so that listing and register can be merged as streams.
    key = models.CharField(max_length=KEY_LENGTH, db_collation="C")
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    byte_size = models.BigIntegerField()
    content_type = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The original that a copy repeats or a derivative was made from.
    parent = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="children")
    # An original that is not live is a former version: reachable through history links only.
    live = models.BooleanField(default=True)
    # Set aside in quarantine when its row goes, instead of removed.
    keep_aside = models.BooleanField(default=False)
    owner_label = models.CharField(max_length=64)
    owner_id = models.CharField(max_length=64)
    # Null: a copy that still has to be brought up to its parent.
    written_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two rows for one file would let one of them remove the other's bytes.
            models.UniqueConstraint(fields=["storage_alias", "key"], name="photostore_one_row_per_file"),
            # A copy or a derivative without its original could never be rebuilt or served.
            models.CheckConstraint(
                condition=Q(kind="original", parent=None) | (~Q(kind="original") & Q(parent__isnull=False)),
                name="photostore_children_have_a_parent",
            ),
        ]
        indexes = [
            models.Index(fields=["owner_label", "owner_id"], name="photostore_file_owner"),
            models.Index(fields=["id"], condition=Q(written_at=None), name="photostore_stale_exports"),
        ]

    def __str__(self) -> str:
        return self.key


class PendingRemoval(models.Model):
    """The outbox of bytes: what a committed transaction gave up and that is not removed yet."""

    storage_alias = models.CharField(max_length=32)
    key = models.CharField(max_length=KEY_LENGTH, db_collation="C")
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    byte_size = models.BigIntegerField()
    content_type = models.CharField(max_length=64)
    owner_label = models.CharField(max_length=64)
    owner_id = models.CharField(max_length=64)
    # The operation that it is set aside under; null: remove it for good.
    operation = models.UUIDField(null=True)
    queued_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["owner_label", "owner_id"], name="photostore_removal_owner"),
            models.Index(fields=["queued_at"], name="photostore_removal_queued"),
        ]

    def __str__(self) -> str:
        return self.key


class QuarantinedFile(models.Model):
    """A file that was set aside, byte for byte, under `quarantine/{operation}/{key}`."""

    operation = models.UUIDField()
    storage_alias = models.CharField(max_length=32)
    key = models.CharField(max_length=KEY_LENGTH, db_collation="C")
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    byte_size = models.BigIntegerField()
    content_type = models.CharField(max_length=64)
    owner_label = models.CharField(max_length=64)
    owner_id = models.CharField(max_length=64)
    quarantined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # A drain that was killed after the move and is run again must not list the file twice.
            models.UniqueConstraint(
                fields=["operation", "storage_alias", "key"], name="photostore_one_row_per_quarantined_file"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class AuditEntry(models.Model):
    """Who did what, when, through which channel. Never changed afterwards.

    The actor is kept as text, so that the entry outlives the account.
    """

    class Outcome(models.TextChoices):
        DONE = "done", "done"
        REFUSED = "refused", "refused"

    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=32)
    action = models.CharField(max_length=128)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.DONE)
    code = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    old_sha256 = models.CharField(max_length=SHA256_LENGTH, blank=True)
    new_sha256 = models.CharField(max_length=SHA256_LENGTH, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    # Names of the rights or fields that were changed; never a value.
    details = models.TextField(blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["-at", "-id"], name="photostore_audit_newest"),
            models.Index(fields=["subject", "-at"], name="photostore_audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.subject}"


class RateWindow(models.Model):
    """How often something happened in one window of time; all workers count here."""

    name = models.CharField(max_length=200, primary_key=True)
    window_started_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"


# The operation of an upload that found an unowned file where its own goes.
UPLOAD = "upload"
# The worker's own adoption of photos that rows of another system name.
BY_ITSELF = "adopt_by_itself"


class Operation(models.Model):
    """One run of something that changes many photos or links: listed, and undone as one."""

    class State(models.TextChoices):
        """Where it stands. A running one whose process is gone was interrupted; the next run sees to it."""

        RUNNING = "running", "running"
        DONE = "done", "done"
        # Some of it was taken back; what was skipped can be tried again.
        PARTLY = "partly", "partly undone"
        UNDONE = "undone", "undone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    command = models.CharField(max_length=64)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    # What this one takes back; null for an operation that is not an undo.
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undos")
    # Erasing and purging end things for good.
    can_be_undone = models.BooleanField(default=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="photostore_newest_operations")]

    def __str__(self) -> str:
        return f"{self.command} {self.id}"

    @property
    def is_undoable(self) -> bool:
        """Whether something of it stands that an undo could take back."""
        return self.can_be_undone and self.state in (self.State.DONE, self.State.PARTLY)


class OperationStep(models.Model):
    """One step of an operation, written down before it is done."""

    class State(models.TextChoices):
        """Planned means: perhaps done. Doing it again, or taking it back, comes to the same."""

        PLANNED = "planned", "planned"
        DONE = "done", "done"
        UNDONE = "undone", "undone"
        SKIPPED = "skipped", "skipped"

    operation = models.ForeignKey(Operation, models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    # Keys, sha256s and rows before and after: all that doing it, and taking it back, needs. Names only where
    # the step changes them; an erasure empties it.
    details = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    # Why it was skipped.
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # The order of the journal is the order of the steps, forwards and backwards.
            models.UniqueConstraint(fields=["operation", "number"], name="photostore_one_step_per_number"),
        ]
        indexes = [models.Index(fields=["subject"], name="photostore_steps_by_subject")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.subject}"


class BackgroundJob(ProcrastinateJob):
    """The queue's own row, under a name that people read and a permission of ours."""

    class Meta:
        proxy = True
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")


class Verification(models.Model):
    """What one run of `verify_media` found; the newest stands in /metrics and in the admin."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    # Whether it went on with re-hashing everything, and how many files it re-hashed.
    checksum = models.BooleanField()
    rehashed = models.BigIntegerField()
    files = models.BigIntegerField()
    present = models.BigIntegerField()
    rehashed_lately = models.BigIntegerField()
    missing = models.BigIntegerField()
    damaged = models.BigIntegerField()
    misplaced = models.BigIntegerField()
    orphaned = models.BigIntegerField()
    symlinks = models.BigIntegerField()
    # Files that cannot be read while the storage answers; rows that contradict each other; files of people
    # who are here that no row names; legacy rows whose file is there.
    unreadable = models.BigIntegerField(default=0)
    inconsistent = models.BigIntegerField(default=0)
    unadopted = models.BigIntegerField(default=0)
    to_adopt = models.BigIntegerField(default=0)
    # Pictures on several owners, and runs of them that are shifted.
    shared = models.BigIntegerField(default=0)
    unusable = models.BigIntegerField()
    partials = models.BigIntegerField()
    young = models.BigIntegerField()
    stale = models.BigIntegerField()
    # Rows whose bytes were wrong. The next run reads them again, also one that re-hashes nothing else:
    # else damage would be forgotten with the run that found it.
    suspects = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M} {self.coverage}"

    @property
    def coverage(self) -> str:
        """In one sentence, rounded down: 100 % means all."""
        present, rehashed = (
            100 if not self.files else 100 * part // self.files
            for part in (self.present, self.rehashed_lately)
        )
        return f"{present} % present, {rehashed} % re-hashed in the last 30 days, {self.damaged} damaged"


class JobFailure(models.Model):
    """Why a job of this name failed the last time that it did."""

    name = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()
    # For a person; empty where only the log can say.
    sentence = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"
