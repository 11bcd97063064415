"""Zips from labs, and zips from people who mean harm."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import replace

import pytest

from students.imports.kind import ImportRefused
from students.imports.photos.archive import Archive, ArchiveLimits, Member, MemberRefused, _check_directory
from students.imports.photos.member_names import chosen_names

LIMITS = ArchiveLimits()
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 8


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file


def told(file: io.BytesIO, limits: ArchiveLimits = LIMITS) -> dict[str, str]:
    """What becomes of each member: a refusal's code, `ignored`, or `taken`."""
    archive = Archive(file, limits)
    return {member.name: fate(archive, member) for member in archive.members()}


def fate(archive: Archive, member: Member) -> str:
    if member.ignored:
        return "ignored"
    try:
        if member.refused:
            raise member.refused
        archive.read(member)
    except MemberRefused as refused:
        return refused.code
    return "taken"


def a_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


def test_one_bad_member_stops_no_other():
    file = zipped(
        ("good.jpg", PHOTO),
        ("../../x.jpg", PHOTO),
        ("/etc/x.jpg", PHOTO),
        ("C:\\x.jpg", PHOTO),
        ("a\\..\\..\\y.jpg", PHOTO),
        (a_link("link.jpg"), b"/etc/passwd"),
        ("inner.zip", b"PK\3\4"),
        ("/".join("abcdefghijkl") + "/deep.jpg", PHOTO),
        ("also good.jpg", PHOTO),
    )
    assert told(file) == {
        "good.jpg": "taken",
        "../../x.jpg": "leaves_archive",
        "/etc/x.jpg": "leaves_archive",
        "C:/x.jpg": "leaves_archive",
        "a/../../y.jpg": "leaves_archive",
        "link.jpg": "link",
        "inner.zip": "nested",
        "a/b/c/d/e/f/g/h/i/j/k/l/deep.jpg": "too_deep",
        "also good.jpg": "taken",
    }


def test_what_computers_add_is_ignored():
    names = [
        "__MACOSX/._a.jpg",
        "._a.jpg",
        ".DS_Store",
        "x/Thumbs.db",
        "Desktop.ini",
        "photos/",
        "README.txt",
    ]
    fates = told(zipped(*((name, b"") for name in names)))
    assert set(fates.values()) == {"ignored"}


def test_an_encrypted_member_is_refused():
    file = zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO))
    data = bytearray(file.getvalue())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1
    assert told(io.BytesIO(bytes(data))) == {"a.jpg": "encrypted", "b.jpg": "taken"}


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_only_ordinary_packing_is_read_and_the_sentence_says_how(method: int):
    archive = Archive(zipped(("a.jpg", PHOTO), method=method), LIMITS)
    (member,) = archive.members()
    assert member.refused
    assert member.refused.code == "method"
    assert "ordinary zip" in str(member.refused)


def test_a_bomb_is_refused_before_and_while_it_is_unpacked():
    bomb = zipped(("bomb.jpg", bytes(12 * 1024 * 1024)), method=zipfile.ZIP_DEFLATED)
    assert told(bomb) == {"bomb.jpg": "bomb"}
    lying = declared(bomb.getvalue(), file_size=1000)
    assert told(lying) == {"bomb.jpg": "damaged"}
    too_large = replace(LIMITS, member_bytes=1024 * 1024)
    assert told(zipped(("a.jpg", bytes(2_000_000))), too_large) == {"a.jpg": "too_large"}
    assert told(zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO)), replace(LIMITS, total_bytes=3000)) == {
        "a.jpg": "taken",
        "b.jpg": "over_total",
    }


def declared(data: bytes, *, file_size: int) -> io.BytesIO:
    """The first member says that it is of another size."""
    changed, packed = bytearray(data), struct.pack("<L", file_size)
    central = changed.index(b"PK\1\2")
    changed[central + 24 : central + 28] = packed
    changed[22:26] = packed
    return io.BytesIO(bytes(changed))


def test_members_that_share_bytes_are_refused():
    """Two entries of the directory point into the same bytes: the way of overlap bombs."""
    data = bytearray(zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO), ("c.jpg", PHOTO)).getvalue())
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<L", 10)
    assert told(io.BytesIO(bytes(data))) == {"a.jpg": "overlapping", "b.jpg": "overlapping", "c.jpg": "taken"}


def test_a_damaged_member_is_refused_alone():
    data = bytearray(zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO)).getvalue())
    data[60] ^= 1
    assert told(io.BytesIO(bytes(data))) == {"a.jpg": "damaged", "b.jpg": "taken"}


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_zip_that_did_not_arrive_whole_is_refused_as_a_whole(cut: int):
    data = zipped(("a.jpg", PHOTO), ("b.jpg", PHOTO)).getvalue()
    with pytest.raises(ImportRefused) as refused:
        Archive(io.BytesIO(data[:-cut]), LIMITS)
    assert refused.value.code == "not_a_zip"


@pytest.mark.parametrize("data", [b"", b"PK", b"\xff\xd8\xff" * 1000, b"PK\5\6" + bytes(17)])
def test_what_is_no_zip(data: bytes):
    with pytest.raises(ImportRefused):
        Archive(io.BytesIO(data), LIMITS)


def test_a_zip_of_too_many_files_is_refused_before_its_directory_is_read():
    file = zipped(*((f"{n}.jpg", b"") for n in range(21)))
    with pytest.raises(ImportRefused) as refused:
        Archive(file, replace(LIMITS, members=20))
    assert refused.value.code == "too_many_files"
    understated = bytearray(file.getvalue())
    understated[-14:-10] = struct.pack("<HH", 3, 3)
    with pytest.raises(ImportRefused):
        Archive(io.BytesIO(bytes(understated)), replace(LIMITS, members=20))


def of_zip64(count: int, *, said: int, comment: bytes = b"") -> bytearray:
    """A zip with a zip64 end record whose common end record says that it has `said` members."""
    data = zipped(*((f"{n}.jpg", b"") for n in range(count))).getvalue()
    body, end = data[:-22], bytearray(data[-22:])
    size, begins = struct.unpack("<LL", end[12:20])
    record = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, begins)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    end[8:12] = struct.pack("<HH", said, said)
    end[20:22] = struct.pack("<H", len(comment))
    return bytearray(body + record + locator + end + comment)


@pytest.mark.parametrize("comment", [b"", b"x" * 65_535])
def test_what_zip64_says_of_the_directory_counts(comment: bytes):
    data = of_zip64(21, said=3, comment=comment)
    assert len(told(io.BytesIO(data), replace(LIMITS, members=21))) == 21
    with pytest.raises(ImportRefused) as refused:
        _check_directory(io.BytesIO(data), replace(LIMITS, members=20))
    assert refused.value.code == "too_many_files"


def test_a_zip64_record_is_the_one_that_its_locator_names():
    """One program would read the small directory that the locator names, another the large one before it."""
    data = of_zip64(21, said=3)
    small = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, 200, 0)
    at = data.index(b"PK\6\6")
    data[at:at] = small
    with pytest.raises(ImportRefused) as refused:
        _check_directory(io.BytesIO(data), LIMITS)
    assert refused.value.code == "not_a_zip"
    data = of_zip64(21, said=3)
    data[data.index(b"PK\6\6") + 3] = 5
    with pytest.raises(ImportRefused):
        _check_directory(io.BytesIO(data), LIMITS)


def raw_named(name: bytes, *, utf8_bit: bool = False) -> io.BytesIO:
    """A zip by hand: one member whose name is these bytes."""
    flags, crc = (0x800 if utf8_bit else 0), zlib.crc32(PHOTO)
    size = len(PHOTO)
    local = struct.pack("<4sHHHHHLLLHH", b"PK\3\4", 20, flags, 0, 0, 33, crc, size, size, len(name), 0)
    central = struct.pack(
        "<4sHHHHHHLLLHHHHHLL",
        *(b"PK\1\2", 20, 20, flags, 0, 0, 33, crc, size, size, len(name), 0, 0, 0, 0, 0, 0),
    )
    body = local + name + PHOTO
    directory = central + name
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(body), 0)
    return io.BytesIO(body + directory + end)


@pytest.mark.parametrize(
    "raw",
    [
        unicodedata.normalize("NFD", "Muñoz_José.jpg").encode(),  # macOS, without the bit
        "Muñoz_José.jpg".encode("cp437"),
        "Muñoz_José.jpg".encode("cp850"),
    ],
)
def test_names_without_the_utf8_bit(raw: bytes):
    (member,) = Archive(raw_named(raw), LIMITS).members()
    assert member.name == "Muñoz_José.jpg"
    assert told(raw_named(raw)) == {"Muñoz_José.jpg": "taken"}


def test_the_charset_of_names_is_the_one_that_finds_most():
    names = ["Größe_Jörg.jpg".encode("cp1252"), "Ødegård_Åse.jpg".encode("cp1252"), b"Plain_Ann.jpg"]
    members = [Archive(raw_named(name), LIMITS).members()[0].names for name in names]
    known = {"größe", "ødegård", "plain"}
    chosen = chosen_names(members, lambda name: name.partition("_")[0].lower() in known)
    assert chosen == ["Größe_Jörg.jpg", "Ødegård_Åse.jpg", "Plain_Ann.jpg"]


def test_a_name_with_nul_is_refused():
    (member,) = Archive(raw_named(b"a.jpg\0.exe"), LIMITS).members()
    assert member.refused
    assert member.refused.code == "bad_name"
