"""What apps tell the inventory about their rows and files beyond the register.

Rows are also made and edited by seed scripts, imports and SQL, past our code.
"""

from __future__ import annotations

from collections.abc import Iterator

from photostore.registration import Contradiction, Inspector, Keys, Repair, apps


def legacy(keys: Keys) -> set[str]:
    """Those of `keys` that legacy rows name."""
    return set().union(*(app.legacy_keys(keys) for app in apps()))


def kept(keys: Keys) -> set[str]:
    """Those of these unowned files that no sweep takes."""
    return set().union(*(app.kept_keys(keys) for app in apps()))


def who(keys: Keys) -> dict[str, str]:
    """Whose they are, as far as anybody can tell."""
    return {key: name for app in apps() for key, name in app.who(keys).items()}


def contradictions() -> Iterator[Contradiction]:
    """Rows that contradict each other, of every app; streamed."""
    for app in apps():
        yield from app.contradictions()


def repairs() -> Iterator[Repair]:
    """What mends the contradictions on which the evidence decides; streamed."""
    for app in apps():
        for found in app.contradictions():
            repair = app.repair(found) if found.kind == "inconsistent" else None
            if repair is not None:
                yield repair


def inspector_of(owner_label: str) -> Inspector | None:
    """Who can tell a misplaced file of this kind of owner."""
    known = (inspector for app in apps() for inspector in app.inspectors)
    return next((inspector for inspector in known if inspector.owner_label == owner_label), None)
