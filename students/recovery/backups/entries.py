"""From one entry to one student; what is wrong with an odd one is said in words."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from students.recovery.backups.contents import BackedUpStudent, OddEntry, problem_of

Typed = TypeVar("Typed")
# What msgspec, and Python below it, say of bytes that are not what they should be.
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
MOST_SHOWN = 80

_decoder = msgspec.json.Decoder(BackedUpStudent)
_AT = re.compile(r"`\$\.(\w+)([^`]*)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
ID_FIELDS = ("student_id", "_id", "id")
PHOTO_FIELDS = ("photo", "profile_photo", "photo_url")
# As each field of ours is called elsewhere.
TEXT_FIELDS = {
    "first_name": ("first_name", "firstName", "firstname"),
    "last_name": ("last_name", "lastName", "lastname"),
    "grade": ("grade",),
    "class_name": ("class_name", "className", "class"),
    "student_number": ("student_number", "studentNumber"),
}


def student_of_line(line: bytes) -> BackedUpStudent:
    """One line of a backup of ours. Raises one of UNREADABLE."""
    student = _decoder.decode(line)
    if problem := problem_of(student):
        raise ValueError(problem)
    return student


def student_of_entry(found: Any) -> BackedUpStudent:
    """One entry of another system's backup. Raises one of UNREADABLE.

    The address in `photo` says only that there was one: where it lies follows from the `student_id`.
    """
    if not isinstance(found, dict):
        raise ValueError("it is not an object")
    values = {name: _plain(value) for name, value in found.items()}
    number = next((values[name] for name in ("id", "pk") if _is_number(values.get(name))), None)
    photos = [values.get(name) for name in PHOTO_FIELDS]
    texts = {name: _text(values, *others) for name, others in TEXT_FIELDS.items()}
    texts["name"] = _text(values, "name", "full_name") or _joined(texts)
    profile_photo = values.get("profile_photo")
    entry = {name: value for name, value in texts.items() if value} | {
        "student_id": _student_id(values),
        "id": number,
        "had_photo": any(photos),
        "profile_photo": profile_photo if isinstance(profile_photo, str) else "",
    }
    return msgspec.convert(entry, BackedUpStudent)


def odd(place: int, found: object, error: Exception) -> OddEntry:
    """Which entry it is, and why it cannot be read."""
    values = found if isinstance(found, dict) else {}
    called = [values.get("name"), *(values.get(name) for name in ID_FIELDS)]
    shown = ", ".join(_shown(_plain(one)) for one in called if one is not None)
    return OddEntry(place, shown[:MOST_SHOWN], _why(values, error))


def loosely(line: bytes) -> object:
    """What can be told of a line that is no student; None where even that is too much."""
    try:
        return msgspec.json.decode(line)
    except UNREADABLE:
        return None


def _why(values: dict[Any, Any], error: Exception) -> str:
    said = str(error)
    if missing := _MISSING.search(said):
        return f"it has no {missing[1]}"
    if not isinstance(error, msgspec.ValidationError):
        return said if type(error) is ValueError else "it is not JSON"
    at = _AT.search(said)
    if at is None:
        return "it is not an object"
    if at[2] or at[1] not in values:
        return f"its {at[1]}{at[2]} is not as it should be"
    return f"it has {_shown(values[at[1]])} as {at[1]}"


def _shown(value: object) -> str:
    """Shortened and escaped: it may be anything."""
    return ascii(value)[:MOST_SHOWN]


def _student_id(values: dict[str, Any]) -> UUID:
    """A UUID, with or without dashes: the only thing that may ever become a part of a key."""
    if values.get("student_id") is not None:
        return _uuid(values["student_id"], "student_id")
    for name in ("_id", "id"):
        if isinstance(values.get(name), str):
            return _uuid(values[name], name)
    raise ValueError("it has no student_id")


def _uuid(value: object, name: str) -> UUID:
    try:
        return msgspec.convert(value, UUID)
    except UNREADABLE:
        raise ValueError(f"it has {_shown(value)} as {name}, which is no UUID") from None


def _text(values: dict[str, Any], *names: str) -> Any:
    """The first that says anything; numbers are written out, the types refuse what else is no text."""
    value = next((values[name] for name in names if values.get(name) not in (None, "")), None)
    return str(value) if _is_number(value) else value


def _joined(texts: dict[str, Any]) -> str:
    return " ".join(one for one in (texts["first_name"], texts["last_name"]) if isinstance(one, str))


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """What a database's own export wraps: `{"$oid": …}`, `{"$uuid": …}`, numbers, and a UUID's bytes."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inside),) = value.items()
    if kind in ("$oid", "$uuid"):
        return inside
    if kind in ("$numberInt", "$numberLong") and re.fullmatch(r"-?\d{1,19}", str(inside)):
        return int(inside)
    if kind == "$binary" and isinstance(inside, dict) and inside.get("subType") in ("04", "4"):
        return _uuid_of_bytes(inside.get("base64"))
    return value


def _uuid_of_bytes(text: object) -> object:
    try:
        return str(UUID(bytes=base64.b64decode(str(text), validate=True)))
    except (binascii.Error, ValueError):
        return text
