"""`python -m testing.words`: words that the design replaced by the field's own do not come back.

Looks at every text, code and comments alike, and ends with 1 where it finds one.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What not to write, and what to write instead: the right and the left column of the design's table of words.
INSTEAD = {
    r"desks?": "admin, staff",
    r"doors?": "channel",
    r"conductors?": "operation runner",
    r"strays?": "unowned file",
    r"takeovers?": "transfer",
    r"engine room": "photostore",
    r"StorageAway|ScannerAway|(storage|scanner|database|bucket) (is|was|being) away": "unavailable",
    r"ActKind|an act": "step, handler",
    r"documented cop(y|ies)": "export",
}
TEXTS = (".css", ".html", ".js", ".md", ".po", ".py", ".sh", ".toml")
# State, and other people's texts.
LEFT_OUT = {"var", "media", "backups", "node_modules"}
PATTERNS = {re.compile(rf"(?<![a-z]){word}(?![a-z])"): instead for word, instead in INSTEAD.items()}


def main() -> int:
    found = list(wrong_words())
    for line in found:
        print(line)  # noqa: T201 (a program for a terminal)
    return 1 if found else 0


def wrong_words() -> Iterator[str]:
    """A line for each: file, line, the word, and what to write."""
    for folder, folders, names in os.walk("."):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith(".")]
        for name in names:
            if name.endswith(TEXTS) and Path(folder, name) != Path("testing/words.py"):
                yield from _in_file(Path(folder, name))


def _in_file(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for pattern, instead in PATTERNS.items():
            if match := pattern.search(line):
                yield f'{path}:{number}: "{match[0]}": write {instead}'


if __name__ == "__main__":
    sys.exit(main())
