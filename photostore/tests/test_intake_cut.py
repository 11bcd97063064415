"""What is cut is refused, in every format: also where the decoder finds all that it wants before the cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from photostore.errors import InvalidFile
from photostore.intake import ImageLimits, take_in_image
from testing.pictures import heic, portrait, saved

EVERY = frozenset({"jpeg", "png", "gif", "webp", "heic", "avif", "bmp", "tiff"})
STILL = ImageLimits(formats=EVERY, max_bytes=2**22, animation=False)
MOVING = ImageLimits(formats=EVERY, max_bytes=2**22, animation=True)
FRAMES = [portrait(seed, 60, 80) for seed in range(4)]


def several(name: str, **options: object) -> Callable[[], bytes]:
    return lambda: saved(FRAMES[0], name, save_all=True, append_images=FRAMES[1:], **options)


def one(name: str) -> Callable[[], bytes]:
    return lambda: saved(FRAMES[0], name)


KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "animated GIF": ("gif", several("GIF")),
    "animated WebP": ("webp", several("WEBP")),
    "animated PNG": ("png", several("PNG")),
    "animated AVIF": ("avif", several("AVIF")),
    "MPO": ("jpg", lambda: saved(FRAMES[0], "MPO", save_all=True, append_images=FRAMES[1:2])),
    "GIF": ("gif", one("GIF")),
    "WebP": ("webp", one("WEBP")),
    "PNG": ("png", one("PNG")),
    "AVIF": ("avif", one("AVIF")),
    "TIFF": ("tif", one("TIFF")),
    "HEIC": ("heic", lambda: heic(FRAMES[0])),
}


@pytest.mark.parametrize("limits", [STILL, MOVING], ids=["still", "moving"])
@pytest.mark.parametrize("kind", KINDS)
def test_cut_anywhere_it_is_refused(kind: str, limits: ImageLimits) -> None:
    ending, make = KINDS[kind]
    whole = make()
    assert take_in_image(whole, filename=f"a.{ending}", limits=limits).picture.data
    taken = []
    # The checksum of a PNG's last, empty chunk is nothing that anybody misses.
    last = len(whole) - (5 if ending == "png" else 1)
    for cut in sorted({*range(40, last, max(1, len(whole) // 40)), last}):
        try:
            take_in_image(whole[:cut], filename=f"a.{ending}", limits=limits)
        except InvalidFile:
            continue
        taken.append(cut)
    assert taken == [], f"of {len(whole)} bytes"


def test_a_jpeg_whose_further_pictures_were_taken_out_is_whole() -> None:
    """Galleries do that, and leave the list of them as it was."""
    whole = KINDS["MPO"][1]()
    first = whole[: whole.index(b"\xff\xd8\xff", 3)]
    assert first.endswith(b"\xff\xd9")
    for data in (first, first[:-2], several("MPO")()):
        assert take_in_image(data, filename="a.jpg", limits=STILL).picture.data


def test_what_others_append_to_a_file_does_not_matter() -> None:
    for ending, make in KINDS.values():
        if ending in {"png", "gif", "jpg", "heic", "avif"}:
            for rest in (b"SEFT of a phone, no box at all", bytes(64)):
                assert take_in_image(make() + rest, filename=f"a.{ending}", limits=STILL).picture.data
