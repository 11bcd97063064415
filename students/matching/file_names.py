"""What a photo's file name is made of. Names are claims, never proofs. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from students.matching.folding import name_words

PORTRAIT_WORDS = frozenset(
    {"photo", "profile", "portrait", "student", "image", "pic", "picture", "retake", "copy", "kopie", "copie"}
)
# Cameras count their pictures, and a counter is no student number.
CAMERA_WORDS = frozenset({"img", "dsc", "dscn", "dscf", "dscm", "pict", "pxl", "gopr", "mvimg", "scan"})
_JUNK = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".localized", "ehthumbs.db"})
# What file managers and photographers append; the first of them belongs to what is looked for.
_MARK = re.compile(
    r"(?: ?\(\d{1,3}\)| - (?:copy|copie|kopie)| (?:copy|copie|kopie)(?: \d{1,3})?|[ _-]retake\d?|-\d)$",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_,;+.]+")
_BY_ID = re.compile(r"student[_-](\d{1,18})[_-]profile", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileName:
    """`stem` is without extension and `marks`; `whole` still has the marks. `folders` lead to it.

    `tokens` may be numbers, `words` names; `pk` is a database's own integer, which comes back for others.
    """

    whole: str
    stem: str
    marks: tuple[str, ...]
    tokens: tuple[str, ...]
    words: tuple[str, ...]
    folders: tuple[str, ...]
    pk: int | None = None
    is_cameras: bool = False


def is_junk(path: str) -> bool:
    """What operating systems leave beside pictures."""
    name = PurePosixPath(path).name
    return name.lower() in _JUNK or name.startswith("._") or "__MACOSX/" in path


def parse(path: str) -> FileName:
    """A path with `/`, or a bare name."""
    *folders, name = unicodedata.normalize("NFC", path).split("/")
    whole = _EXTENSION.sub("", name.strip()).strip()
    stem = whole
    marks: list[str] = []
    while (mark := _MARK.search(stem)) and mark.start():
        marks.insert(0, mark[0].strip(" _"))
        stem = stem[: mark.start()].rstrip()
    by_id = _BY_ID.fullmatch(stem)
    if by_id:
        return FileName(whole, stem, tuple(marks), (), (), tuple(folders), pk=int(by_id[1]))
    tokens = tuple(one for one in _SEPARATORS.split(stem) if one)
    words = [word for token in tokens for word in name_words(token)]
    is_cameras = any(word.rstrip("0123456789") in CAMERA_WORDS for word in words)
    return FileName(
        whole,
        stem,
        tuple(marks),
        tokens,
        tuple(word for word in words if word.isalpha() and word not in PORTRAIT_WORDS | CAMERA_WORDS),
        tuple(folders),
        is_cameras=is_cameras,
    )
