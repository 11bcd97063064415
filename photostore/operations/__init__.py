"""Operations: journaled before they act, listed, undone as one; finished by the next run when killed.

An app describes each kind of act it knows (`ActKind`, `register`), makes a frozen plan, and conducts it:

    with conduct("cleanup_orphaned_photos", actor) as operation:
        for orphan in plan:
            operation.act("quarantine", subject=orphan.key, details={...})
"""

from photostore.operations import purge, sweeping  # noqa: F401 - a killed one is finished by any command
from photostore.operations.acts import ActKind, register
from photostore.operations.conductor import Conductor, conduct
from photostore.operations.undo import last_undoable, undo

__all__ = ["ActKind", "Conductor", "conduct", "last_undoable", "register", "undo"]
