"""Names of files in zips and folders: which charset, and which files are not meant to be uploaded."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

UTF8_BIT = 0x800
# What zips without the bit are written in, beside UTF-8: DOS, Western Windows' DOS box, Windows.
EIGHT_BIT = ("cp437", "cp850", "cp1252")
JUNK = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", ".localized"})
JUNK_FOLDERS = frozenset({"__macosx", ".git", ".spotlight-v100", ".trashes", ".fseventsd", "@eadir"})
JUNK_STEMS = ("readme", "lisezmoi", "read me", "licence", "license")


def name_of(info: zipfile.ZipInfo) -> list[str]:
    """What a member's name may be, the likeliest first; with `/` between folders, composed (NFC)."""
    if info.flag_bits & UTF8_BIT:
        return [clean(info.orig_filename)]
    # zipfile has decoded it as cp437, which maps every byte, so that the bytes can be had back.
    raw = info.orig_filename.encode("cp437", errors="replace")
    try:
        return [clean(raw.decode())]  # macOS writes UTF-8 without saying so
    except UnicodeDecodeError:
        return list(dict.fromkeys(clean(raw.decode(charset, errors="replace")) for charset in EIGHT_BIT))


def clean(name: str) -> str:
    """With `/` between folders, letters composed, and no NUL, which no row of the database can hold."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").replace("\0", "\N{REPLACEMENT CHARACTER}"))


def is_junk(name: str) -> bool:
    """What computers and labs put into every zip."""
    path = PurePosixPath(name)
    file = path.name.lower()
    if file in JUNK or file.startswith("._"):
        return True
    if any(part.lower() in JUNK_FOLDERS for part in path.parts[:-1]):
        return True
    return path.suffix.lower() in ("", ".txt", ".md", ".rtf", ".pdf", ".htm", ".html") and file.startswith(
        JUNK_STEMS
    )


def chosen_names(members: Sequence[Sequence[str]], known: Callable[[str], bool]) -> list[str]:
    """One name of each member. `known`: whether a name, or a part of it, stands in an index or the school.

    One charset for all that do not tell theirs: the one that finds most names; among equals the first.
    """
    unsure = [names for names in members if len(names) > 1]
    if not unsure:
        return [names[0] for names in members]
    width = len(EIGHT_BIT)
    found = [sum(known(names[min(i, len(names) - 1)]) for names in unsure) for i in range(width)]
    best = max(range(width), key=lambda i: found[i])
    return [names[min(best, len(names) - 1)] for names in members]
