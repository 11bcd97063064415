"""Operations: journaled before they act, listed, undone as one; finished by the next run when killed.

An app registers a handler for each kind of act it knows (`ActKind`), makes a frozen plan, and conducts it:

    with conduct("cleanup_orphaned_photos", actor) as operation:
        for orphan in plan:
            operation.act("quarantine", subject=orphan.key, details={...})
"""

from photostore.operations.conductor import Conductor, conduct
from photostore.operations.undo import last_undoable, undo
from photostore.registration import ActKind

__all__ = ["ActKind", "Conductor", "conduct", "last_undoable", "undo"]
