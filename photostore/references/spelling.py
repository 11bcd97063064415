"""Names that are one but for their spelling: case, Unicode form, slashes, a leading `/media/`."""

from __future__ import annotations

# Two spellings of one name are equal here; whether they are one file, the storage has to say.
PLAIN_NAME = (
    "regexp_replace(lower(normalize(regexp_replace(translate({}, '\\', '/'), '/+', '/', 'g'), NFC)), "
    "'^/?(media/)?', '')"
)


def plain_name(expression: str) -> str:
    """SQL for the plain spelling of a key."""
    return PLAIN_NAME.format(expression)
