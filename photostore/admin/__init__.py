"""photostore in the admin: the audit, operations with their undo, what verify_media found."""

from photostore.admin.audit import AuditEntryAdmin
from photostore.admin.bytes import BytesAdmin, CheckedActions, ReadOnlyAdmin
from photostore.admin.jobs import BackgroundJobAdmin
from photostore.admin.operations import OperationAdmin
from photostore.admin.refusals import note_refusal, tell_refusal
from photostore.admin.verifications import VerificationAdmin

__all__ = [
    "AuditEntryAdmin",
    "BackgroundJobAdmin",
    "BytesAdmin",
    "CheckedActions",
    "OperationAdmin",
    "ReadOnlyAdmin",
    "VerificationAdmin",
    "note_refusal",
    "tell_refusal",
]
