"""Operations: journaled before they act, listed, undone as one; finished by the next run when killed.

An app registers a handler for each kind of act it knows (`StepHandler`), makes a frozen plan, and conducts
it:

    with run_operation("cleanup_orphaned_photos", actor) as operation:
        for orphan in plan:
            operation.act("quarantine", subject=orphan.key, details={...})
"""

from photostore.operations.runner import OperationRunner, run_operation
from photostore.operations.undo import last_undoable, undo
from photostore.registration import StepHandler

__all__ = ["OperationRunner", "StepHandler", "last_undoable", "run_operation", "undo"]
