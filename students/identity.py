"""The identity inside a student's photo: who it shows, readable with our key only.

The tag is an XMP packet: the `student_id`, a keyed hash of the student number, for an attendance photo its
date and session, and a keyed signature over these and over the sha256 of the file without the tag. Copied
onto another picture, or made with another deployment's key, it does not verify. There is no personal data
in the clear.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from photostore import tags
from photostore.errors import StorageUnavailable
from photostore.secrets import kept_secret
from students.models import StudentPhoto

_OUR_MARK = b"urn:photokeep:identity:"
HASH_BYTES = 16  # 128 bits: a school's numbers are few, the key is what protects them

_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:photokeep="urn:photokeep:identity:1#" photokeep:student="{student}" '
    'photokeep:number="{number}" photokeep:attendance="{attendance}" photokeep:signature="{signature}"/>'
    "</rdf:RDF></x:xmpmeta>"
)
_VALUES = re.compile(
    rb'photokeep:student="([0-9a-f-]{36})" photokeep:number="([0-9a-f]{0,32})" '
    rb'photokeep:attendance="((?:[0-9]{4}-[0-9]{2}-[0-9]{2}_[AP]M)?)" '
    rb'photokeep:signature="([0-9a-f]{64})"'
)


class IdentityKeyMissing(StorageUnavailable):
    """Photos were signed with a key that is not there: most likely the backups' disk is not mounted."""

    code = "identity_key_missing"
    sentence = _(
        "The key that signs students' photos is missing: identity.key is not in PHOTO_BACKUP_DIR. Mount that "
        "disk, or set PHOTO_IDENTITY_KEYS. Only if the key is lost for good: manage.py start_identity_key."
    )


@dataclass(frozen=True, slots=True)
class Identity:
    student_id: UUID
    number_hash: str
    # `2026-11-21_AM` for an attendance photo; empty for a profile photo.
    attendance: str = ""
    # An older key may be another school's: see `students.recovery.evidence.ours`.
    by_newest_key: bool = True


class Inspected(NamedTuple):
    """A picture's sha256 without its tag, and the identity inside. `is_forged`: one does not verify."""

    bare_sha256: str
    identity: Identity | None
    is_forged: bool = False


def number_hash(student_number: str | None, key: bytes | None = None) -> str:
    """The keyed hash of a number, 32 hexadecimal digits; empty for no number."""
    if not student_number:
        return ""
    message = b"number:" + student_number.strip().encode()
    return hmac.digest(key or keys()[0], message, hashlib.sha256)[:HASH_BYTES].hex()


def number_hashes(student_number: str) -> set[str]:
    """The same with every key: a photo may have been made with an older one."""
    return {number_hash(student_number, key) for key in keys()}


def tag(picture: bytes, *, student_id: UUID, student_number: str | None, attendance: str = "") -> bytes:
    """The picture (JPEG or PNG) with its student's identity inside, in place of any tag it carried."""
    return next(tagged(picture, Identity(student_id, number_hash(student_number), attendance)))


def tagged(picture: bytes, inside: Identity) -> Iterator[bytes]:
    """The picture with this identity inside, as each key signs it, the newest first."""
    bare = tags.strip(picture)
    bare_sha256 = hashlib.sha256(bare).hexdigest()
    message = f"photo:{inside.student_id}:{inside.number_hash}:{inside.attendance}:{bare_sha256}".encode()
    for key in keys():
        packet = _PACKET.format(
            student=inside.student_id,
            number=inside.number_hash,
            attendance=inside.attendance,
            signature=_signature(key, message),
        )
        yield tags.embed(bare, packet.encode())


def read(picture: bytes) -> Identity | None:
    """The student that this picture names; None without a tag, or with one that does not verify.

    Raises `InvalidFile` for bytes that are no JPEG or PNG.
    """
    packet = tags.extract(picture)
    if packet is None or not _VALUES.search(packet):
        return None
    return inspect(picture).identity


def without(picture: bytes) -> Inspected:
    """The sha256 alone, for who has no key."""
    return Inspected(hashlib.sha256(tags.strip(picture)).hexdigest(), None)


def inspect(picture: bytes) -> Inspected:
    """The same, and what is seen on the way to it."""
    bare, packet = tags.split(picture)
    bare_sha256 = hashlib.sha256(bare).hexdigest()
    match = _VALUES.search(packet) if packet else None
    if match is None:
        return Inspected(bare_sha256, None, _OUR_MARK in (packet or b""))
    student, number, attendance, offered = (value.decode() for value in match.groups())
    message = f"photo:{student}:{number}:{attendance}:{bare_sha256}".encode()
    genuine = [hmac.compare_digest(_signature(key, message), offered) for key in keys()]
    if not any(genuine):
        return Inspected(bare_sha256, None, True)
    return Inspected(bare_sha256, Identity(UUID(student), number, attendance, genuine[0]))


def _signature(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, hashlib.sha256).hex()


def keys() -> list[bytes]:
    """The deployment's keys, newest first: `PHOTO_IDENTITY_KEYS`, else the one kept beside the backups.

    Beside the backups and never in the database: restoring photos from a backup needs it, and
    a thief of the database must not have it. Made with a new service's first photo; raises
    `IdentityKeyMissing` where photos were signed already and the key is not there.
    """
    given = settings.PHOTO_IDENTITY_KEYS or [_kept(key_file())]
    return [_derived(key) for key in given]


@lru_cache(maxsize=64)
def _derived(key: str) -> bytes:
    return hashlib.sha256(b"photokeep.identity:" + key.encode()).digest()


def key_file() -> Path:
    """Where the key is kept when `PHOTO_IDENTITY_KEYS` is not set."""
    return Path(settings.PHOTO_BACKUP_DIR) / "identity.key"


def confirm_key() -> None:
    """Make sure that signatures can be read; makes no key. Raises `IdentityKeyMissing`.

    Asks the database only where the file is missing; for callers that go on in threads without one.
    """
    if not settings.PHOTO_IDENTITY_KEYS and not key_file().exists() and _is_expected():
        raise IdentityKeyMissing


@lru_cache(maxsize=8)
def _kept(path: Path) -> str:
    confirm_key()
    return kept_secret(path)


def _is_expected() -> bool:
    """Whether something in the database was made with a key: the identity in a photo."""
    return StudentPhoto.objects.exists()
