"""Taking in a video: every container, what is refused, and that nothing is reached or harmed on the way."""

from __future__ import annotations

import io
import tempfile
from typing import Any, BinaryIO

import pytest
from PIL import Image

from photostore.errors import FileTooLarge, InvalidFile
from photostore.videos import VIDEO_FORMATS, CleanVideo, VideoLimits, take_in_video
from testing.videos import CONTAINERS, lying, mirrored, song, turned, video

LIMITS = VideoLimits(formats=frozenset(VIDEO_FORMATS), max_bytes=2_000_000)


def take_in(data: bytes, filename: str, limits: VideoLimits = LIMITS) -> CleanVideo:
    return take_in_video(io.BytesIO(data), filename=filename, limits=limits)


def refusal(data: bytes, filename: str, limits: VideoLimits = LIMITS) -> str:
    with pytest.raises(InvalidFile) as refused:
        take_in(data, filename, limits)
    return refused.value.code


def corner(clean: CleanVideo, x: int, y: int) -> tuple[int, ...]:
    """Which of red, green, blue is strong there in the poster, as 0 and 1."""
    picture = Image.open(io.BytesIO(clean.thumbnails["640"].data)).convert("RGB")
    pixel: Any = picture.getpixel((x * (picture.width - 1), y * (picture.height - 1)))
    return tuple(int(band > 128) for band in pixel)


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container(name: str) -> None:
    clean = take_in(video(name), f"Holiday.{name.upper()}")
    assert (clean.content_type, clean.extension) == (CONTAINERS[name].content_type, name)
    assert (clean.width, clean.height) == ((192, 144) if name == "3gp" else CONTAINERS[name].size)
    assert clean.duration_seconds == pytest.approx(2, abs=0.11)
    assert {size: (of.width, of.height) for size, of in clean.thumbnails.items()}.keys() == {
        "96",
        "256",
        "640",
    }
    assert {of.content_type for of in clean.thumbnails.values()} == {"image/webp"}
    assert [corner(clean, x, y) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))] == [
        (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1),
    ]  # fmt: skip


def test_a_file_on_disk_is_read_where_it_is() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(video("mp4"))
        opened: BinaryIO = file  # type: ignore[assignment]
        assert take_in_video(opened, filename="a.mp4", limits=LIMITS).width == 160
        file.seek(0)
        assert file.read() == video("mp4")


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"", "a.mp4", "empty_file"),
        (b"Dear all", "a.mp4", "unsupported_format"),
        (video("mp4"), "a.jpg", "wrong_extension"),
        (video("mp4"), "a.html", "wrong_extension"),
        (song(), "a.mp4", "no_video"),
        (song(cover=True), "a.mp4", "no_video"),
        (video("mkv", frames=0, audio=True), "a.mkv", "undecodable"),
        (video("mp4")[:-200], "a.mp4", "undecodable"),
        (video("mp4")[:64] + bytes(5000), "a.mp4", "undecodable"),
        (b"RIFF" + bytes(4) + b"AVI " + bytes(500), "a.avi", "undecodable"),
    ],
)
def test_what_is_refused(data: bytes, filename: str, code: str) -> None:
    assert refusal(data, filename) == code


def test_too_many_bytes() -> None:
    with pytest.raises(FileTooLarge):
        take_in(video("avi") + bytes(2_000_000), "a.avi")


def test_a_video_filmed_upright_is_shown_upright() -> None:
    clean = take_in(turned(video("mp4")), "a.mp4")
    assert (clean.width, clean.height) == (120, 160)
    assert corner(clean, 1, 0) == (1, 0, 0), "what was its upper left corner"


def test_a_duration_that_lies_is_not_believed() -> None:
    assert take_in(lying(video("mp4"), seconds=40_000), "a.mp4").duration_seconds == pytest.approx(
        2, abs=0.11
    )


def test_with_sound() -> None:
    assert take_in(video("mp4", audio=True), "a.mp4").duration_seconds == pytest.approx(2, abs=0.11)


@pytest.mark.parametrize(
    ("name", "filename"), [("mov", "a.mp4"), ("avi", "a.mov"), ("mkv", "a.webm"), ("mp4", "blob")]
)
def test_a_true_video_under_another_videos_ending_is_taken(name: str, filename: str) -> None:
    taken = take_in_video(io.BytesIO(video(name)), filename=filename, limits=LIMITS)
    assert taken.extension == name


@pytest.mark.parametrize(
    ("matrix", "upper_left"),
    [
        ((-1, 0, 0, 1), (0, 1, 0)),
        ((1, 0, 0, -1), (0, 0, 1)),
        ((-1, 0, 0, -1), (1, 1, 1)),
        ((0, 1, -1, 0), (0, 0, 1)),
        ((0, -1, 1, 0), (0, 1, 0)),
        ((0, 1, 1, 0), (1, 0, 0)),
        ((0, -1, -1, 0), (1, 1, 1)),
    ],
)
def test_a_mirrored_or_turned_video_is_seen_as_a_player_shows_it(
    matrix: tuple[int, ...], upper_left: tuple[int, ...]
) -> None:
    clean = take_in(mirrored(video("mp4"), *matrix), "a.mp4")
    assert corner(clean, 0, 0) == upper_left
    assert (clean.width, clean.height) == ((160, 120) if matrix[0] else (120, 160))


def test_the_poster_of_a_video_that_begins_black_is_its_first_frame_that_shows_something() -> None:
    clean = take_in(video("mp4", black=15), "a.mp4")
    assert [corner(clean, *place) for place in ((0, 0), (1, 0))] == [(1, 0, 0), (0, 1, 0)]
    assert corner(take_in(video("mp4", black=20), "a.mp4"), 0, 0) == (0, 0, 0), "a night"
