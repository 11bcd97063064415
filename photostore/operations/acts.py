"""Which handler does an act and takes it back."""

from __future__ import annotations

from photostore.models import Act
from photostore.registration import ActKind, apps


def kind_of(act: Act) -> ActKind:
    """The kind that the journal names. Raises `KeyError` for one that no app knows any more."""
    for app in apps():
        if act.kind in app.kinds:
            return app.kinds[act.kind]
    raise KeyError(act.kind)
