"""Zips from anywhere, read from a file that can seek: nothing is believed, one bad member stops no other.

zipfile gives no more bytes of a member than the central directory declares, and compares their checksum, so
that what is declared can be added up; it does not limit the directory itself, hence `_check_directory`.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from photostore.errors import PhotostoreError, Sentence
from students.imports.kind import ImportRefused
from students.imports.photos.member_names import is_junk, name_of

MEGABYTE = 1_048_576
PIECE_BYTES = 256 * 1024
# Of the central directory, for each member: 46 bytes, a name, dates and permissions.
DIRECTORY_BYTES_PER_MEMBER = 1_024
RATIO_FROM = MEGABYTE  # what is smaller unpacked does no harm
NESTED = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
METHODS = {
    9: "Deflate64", 12: "BZIP2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 96: "JPEG", 98: "PPMd", 99: "AES",
}  # fmt: skip
ENCRYPTED = 0x1 | 0x40 | 0x2000

MEMBER_SENTENCES: dict[str, Sentence] = {
    "leaves_archive": _("Its path leads out of the archive."),
    "too_deep": _("It lies in too many folders."),
    "bad_name": _("Its name cannot be a file's name."),
    "link": _("It is a link or a device, not a file."),
    "encrypted": _("It is encrypted. Save the zip without a password."),
    "method": _("It was packed with %(method)s. Save it as an ordinary zip."),
    "nested": _("It is an archive inside the archive. Unpack it and upload its photos."),
    "too_large": _("It is larger than %(megabytes)s MB."),
    "bomb": _("It is compressed more than any photo can be."),
    "overlapping": _("It overlaps with another file of the archive."),
    "damaged": _("It is damaged in the archive."),
    "over_total": _("With it the archive would be too large when unpacked."),
}
ARCHIVE_SENTENCES: dict[str, Sentence] = {
    "not_a_zip": _("This is not a zip file, or it did not arrive completely. Please upload it again."),
    "too_many_files": _("The zip holds more than %(limit)s files. Please upload it in several parts."),
    "no_photos": _("There is no photo in it."),
    "no_such_index": _("There is no list of this name in it."),
    "zip_too_large": _("The zip is larger than %(gigabytes)s GB. Please upload it in several parts."),
}


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much a zip may hold; bytes are of what is unpacked, except `zip_bytes`."""

    zip_bytes: int = 4 * 1024 * MEGABYTE
    members: int = 20_000
    total_bytes: int = 25 * 1024 * MEGABYTE
    member_bytes: int = 20 * MEGABYTE
    ratio: int = 200
    depth: int = 10


class MemberRefused(PhotostoreError):
    """One member that is not taken; `code` is one of `MEMBER_SENTENCES`, `params` fill it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(
            str(MEMBER_SENTENCES[code]) % params if params else MEMBER_SENTENCES[code], code=code
        )
        self.params = params


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip. `place` is its number in the directory, `names` what its name may be, best first.

    There is more than one where the name is in an 8-bit charset that the zip does not tell.
    """

    place: int
    names: Sequence[str]
    byte_size: int
    refused: MemberRefused | None = None
    ignored: bool = False
    info: zipfile.ZipInfo = field(repr=False, default_factory=zipfile.ZipInfo)

    @property
    def name(self) -> str:
        return self.names[0]


class Archive:
    """An open zip. Raises `ImportRefused` for what is none, or too much of one."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        self.limits = limits
        _check_directory(file, limits)
        try:
            self._zip = zipfile.ZipFile(file)
        except (
            zipfile.BadZipFile,
            UnicodeError,
            ValueError,
            OSError,
            struct.error,
            NotImplementedError,
        ) as error:
            raise refusal("not_a_zip") from error
        if len(self._zip.infolist()) > limits.members:
            raise refusal("too_many_files", limit=limits.members)

    def members(self) -> list[Member]:
        """Every entry, in the order of the directory, refused and ignored ones too; nothing is unpacked."""
        infos = self._zip.infolist()
        overlapping = _overlapping(infos)
        unpacked, found = 0, []
        for place, info in enumerate(infos):
            member = self._member(place, info, overlaps=place in overlapping)
            if member.refused is None and not member.ignored:
                unpacked += info.file_size
                if unpacked > self.limits.total_bytes:
                    unpacked -= info.file_size
                    member = Member(place, member.names, info.file_size, MemberRefused("over_total"))
            found.append(member)
        return found

    def read(self, member: Member, *, max_bytes: int = 0) -> bytes:
        """Its bytes. Raises `MemberRefused`, however the member lies about itself."""
        limit = max_bytes or self.limits.member_bytes
        data = b"".join(self._pieces(member, limit))
        if _is_bomb(len(data), member.info.compress_size, self.limits.ratio):
            raise MemberRefused("bomb")
        return data

    def _pieces(self, member: Member, limit: int) -> Iterator[bytes]:
        taken = 0
        try:
            with self._zip.open(member.info) as opened:
                while piece := opened.read(PIECE_BYTES):
                    taken += len(piece)
                    if taken > limit:
                        raise MemberRefused("too_large", megabytes=limit // MEGABYTE)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error) as error:
            raise MemberRefused("damaged") from error
        except (RuntimeError, NotImplementedError) as error:  # a password; a method of another Python
            raise MemberRefused("encrypted") from error

    def _member(self, place: int, info: zipfile.ZipInfo, *, overlaps: bool) -> Member:
        names = name_of(info)
        refused = self._refused(info, names[0], overlaps=overlaps)
        ignored = refused is None and (names[0].endswith("/") or is_junk(names[0]))
        if refused is None and not ignored:
            refused = self._too_much(info, names[0])
        return Member(place, names, info.file_size, refused, ignored, info)

    def _refused(self, info: zipfile.ZipInfo, name: str, *, overlaps: bool) -> MemberRefused | None:
        if "\0" in info.orig_filename or not name.strip("/ "):
            return MemberRefused("bad_name")
        if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
            return MemberRefused("leaves_archive")
        if name.rstrip("/").count("/") > self.limits.depth:
            return MemberRefused("too_deep")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return MemberRefused("link")
        if overlaps:
            return MemberRefused("overlapping")
        return MemberRefused("encrypted") if info.flag_bits & ENCRYPTED else None

    def _too_much(self, info: zipfile.ZipInfo, name: str) -> MemberRefused | None:
        if name.lower().endswith(NESTED):
            return MemberRefused("nested")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return MemberRefused("method", method=METHODS.get(info.compress_type, info.compress_type))
        if _is_bomb(info.file_size, info.compress_size, self.limits.ratio):
            return MemberRefused("bomb")
        if info.file_size > self.limits.member_bytes:
            return MemberRefused("too_large", megabytes=self.limits.member_bytes // MEGABYTE)
        return None


def refusal(code: str, **params: object) -> ImportRefused:
    """Why a whole zip is refused."""
    return ImportRefused(code, ARCHIVE_SENTENCES[code], **params)


def _is_bomb(unpacked: int, packed: int, ratio: int) -> bool:
    return unpacked > RATIO_FROM and unpacked > ratio * max(packed, 1)


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> set[int]:
    """Those that share bytes: each has at least a header of 30 bytes, its name and what is packed."""
    places = sorted(range(len(infos)), key=lambda place: infos[place].header_offset)
    found: set[int] = set()
    furthest, reaching = 0, -1
    for place in places:
        info = infos[place]
        if reaching >= 0 and info.header_offset < furthest:
            found |= {place, reaching}
        end = info.header_offset + 30 + info.compress_size
        if end > furthest:
            furthest, reaching = end, place
    return found


def _check_directory(file: BinaryIO, limits: ArchiveLimits) -> None:
    """Before zipfile reads the central directory whole into memory (APPNOTE.TXT 4.3.14 to 4.3.16)."""
    byte_size = file.seek(0, 2)
    if byte_size > limits.zip_bytes:
        raise refusal("zip_too_large", gigabytes=limits.zip_bytes // (1024 * MEGABYTE))
    begins = max(0, byte_size - 65_557)
    file.seek(begins)
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise refusal("not_a_zip")
    count, directory_bytes = _zip64_says(file, begins + at) or struct.unpack("<HL", tail[at + 10 : at + 16])
    if count > limits.members or directory_bytes > limits.members * DIRECTORY_BYTES_PER_MEMBER:
        raise refusal("too_many_files", limit=limits.members)
    file.seek(0)


def _zip64_says(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """How many members there are, and the bytes of their directory, of a zip whose end record is at `end`.

    zipfile takes the record directly before the locator, other programs the one that it names: they must be
    the same, or what was checked here is not what is read then.
    """
    if end < 20:
        return None
    file.seek(end - 20)
    locator = file.read(20)
    if not locator.startswith(b"PK\x06\x07"):
        return None
    begins = struct.unpack("<Q", locator[8:16])[0]
    if begins != end - 76:
        raise refusal("not_a_zip")
    file.seek(begins)
    record = file.read(56)
    if not record.startswith(b"PK\x06\x06"):
        raise refusal("not_a_zip")
    count, directory_bytes = struct.unpack("<QQ", record[32:48])
    return count, directory_bytes
