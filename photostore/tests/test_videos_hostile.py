"""Videos that mean harm: they reach no file and no host, and what they break is only the look at them."""

from __future__ import annotations

import io
import random
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from photostore.errors import Busy, InvalidFile, PhotostoreError
from photostore.videos import VIDEO_FORMATS, VideoLimits, probe, take_in, take_in_video
from testing.videos import CONTAINERS, video

LIMITS = VideoLimits(formats=frozenset(VIDEO_FORMATS), max_bytes=2_000_000)


def outcome(data: bytes, filename: str = "a.mp4", limits: VideoLimits = LIMITS) -> str:
    """`taken`, or the code of the refusal."""
    try:
        take_in_video(io.BytesIO(data), filename=filename, limits=limits)
    except PhotostoreError as refusal:
        return refusal.code
    return "taken"


class Trap:
    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/secret.mov"
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _address = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.socket.close()


def atom(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def elsewhere(path: str) -> bytes:
    """A MOV whose pictures lie in another file: an alias in its data reference."""
    words = path.encode()
    alias = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12)
    alias += bytes([5]) + b"x.mov".ljust(63, b"\0") + bytes(16) + struct.pack(">hh", -1, -1) + bytes(16)
    alias += struct.pack(">hh", 2, len(words)) + words + b"\0" * (len(words) % 2) + struct.pack(">hh", -1, 0)
    reference = atom(b"alis", bytes(4) + alias)
    old = atom(b"dref", bytes(4) + struct.pack(">I", 1) + atom(b"url ", b"\0\0\0\1"))
    new = atom(b"dref", bytes(4) + struct.pack(">I", 1) + reference)
    data = video("mov")
    return _replaced(data, old, new, (b"moov", b"trak", b"mdia", b"minf", b"dinf"))


def _replaced(data: bytes, old: bytes, new: bytes, above: tuple[bytes, ...]) -> bytes:
    """With the sizes of the atoms above it; `moov` stands at the end, so no offset changes."""
    at = data.rindex(old)
    changed = bytearray(data[:at] + new + data[at + len(old) :])
    for kind in above:
        size_at = data.rindex(kind, 0, at) - 4
        size = struct.unpack_from(">I", data, size_at)[0]
        struct.pack_into(">I", changed, size_at, size + len(new) - len(old))
    return bytes(changed)


def test_pictures_that_lie_in_another_file_are_not_fetched(tmp_path: Path) -> None:
    other = tmp_path / "other.mov"
    other.write_bytes(video("mov"))
    data = elsewhere(str(other))
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data = data[:begin] + bytes(end - begin) + data[end:]
    options = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(io.BytesIO(data), format="mov", container_options=options) as careless:
        assert next(careless.decode(video=0)).width == 160, "who is careless shows another file's pictures"
    assert outcome(data, "a.mov") == "undecodable"
    assert outcome(elsewhere("/etc/passwd"), "a.mov") == "undecodable"


SCRIPTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_lists_of_other_files_are_not_followed(trap: Trap, kind: str) -> None:
    data = SCRIPTS[kind].format(trap.url).encode()
    with pytest.raises((av.error.FFmpegError, OSError, ValueError)):
        careless: Any = {"safe": "0"} if kind == "concat" else {"allowed_segment_extensions": "ALL"}
        with av.open(io.BytesIO(data), format=kind, container_options=careless) as container:
            next(container.decode(video=0))
    seen = trap.calls
    assert seen >= 1, "the trap is armed: who is careless is caught"
    for name in CONTAINERS:
        assert outcome(data, f"a.{name}") == "unsupported_format"
        # Behind the leading bytes of a container, too.
        assert outcome(video(name)[:64] + data, f"a.{name}") in {"undecodable", "no_video"}
    for demuxer in {known.demuxer for known in VIDEO_FORMATS.values()}:
        assert looked_at(data, demuxer) in {"undecodable", "no_video"}
    assert trap.calls == seen


def looked_at(data: bytes, demuxer: str) -> str:
    """Straight to the probe, whatever the leading bytes say."""
    with pytest.raises(InvalidFile) as refused, take_in._with_descriptor(io.BytesIO(data)) as descriptor:
        take_in._probed(descriptor, demuxer, LIMITS)
    return refused.value.code


EVIL = """
import importlib.util, os, signal, socket, sys, time
spec = importlib.util.spec_from_file_location("probe", {probe!r})
probe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(probe)
probe.CPU_SECONDS, probe.WALL_SECONDS = 1, {wall_seconds}
def look(library, file, **orders):
{deed}
    return {{"width": 1, "height": 1, "duration": 0}}, b""
probe._look = look
probe.main()
"""


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("while True: pass", "undecodable"),
        ("bytearray(8 * 2**30)", "too_many_pixels"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "undecodable"),
        ("os._exit(0)", "undecodable"),
        ("os.write(1, b'{\"refused\": ')", "undecodable"),
        ("open('/etc/passwd')", "undecodable"),
        ("socket.create_connection(('127.0.0.1', 9))", "undecodable"),
        ("os.dup(0)", "undecodable"),
        ("time.sleep(60)", "busy"),
    ],
)
def test_what_a_decoder_does_wrong_ends_only_the_look(
    deed: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "evil.py"
    # On a busy machine a second of the processor takes many seconds.
    wall_seconds = 2 if code == "busy" else 60
    program.write_text(EVIL.format(probe=probe.__file__, deed=f"    {deed}", wall_seconds=wall_seconds))
    monkeypatch.setattr(take_in, "_PROGRAM", program)
    assert outcome(video("mp4")) == code


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('hello')", "import nothing_like_that"])
def test_a_look_that_cannot_begin_is_not_the_files_fault(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text(program)
    monkeypatch.setattr(take_in, "_PROGRAM", tmp_path / "broken.py")
    with pytest.raises(Busy):
        take_in_video(io.BytesIO(video("mp4")), filename="a.mp4", limits=LIMITS)


def test_the_look_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    told = tmp_path / "told"
    program = f"import os; open({str(told)!r}, 'w').write(repr(dict(os.environ)))"
    (tmp_path / "curious.py").write_text(program)
    monkeypatch.setattr(take_in, "_PROGRAM", tmp_path / "curious.py")
    assert outcome(video("mp4")) == "busy"
    assert "not for decoders" not in told.read_text()


def test_pixels_are_counted_in_the_header_and_in_the_frame() -> None:
    small = VideoLimits(formats=LIMITS.formats, max_bytes=LIMITS.max_bytes, max_pixels=100 * 100)
    assert outcome(video("mp4"), limits=small) == "too_many_pixels"
    entry = video("mp4").index(b"avc1", video("mp4").index(b"stsd")) + 4 + 24
    lying = bytearray(video("mp4"))
    assert struct.unpack_from(">HH", lying, entry) == (160, 120)
    struct.pack_into(">HH", lying, entry, 16, 16)
    assert outcome(bytes(lying), limits=small) in {"too_many_pixels", "undecodable"}


@pytest.mark.parametrize("name", CONTAINERS)
def test_damaged_files_are_taken_or_refused(name: str) -> None:
    chance = random.Random(name)
    for _attempt in range(3):
        data = bytearray(video(name))
        for _ in range(20):
            data[chance.randrange(16, len(data))] = chance.randrange(256)
        assert outcome(bytes(data), f"a.{name}") in {
            "taken", "undecodable", "no_video", "unsupported_codec", "too_many_pixels",
            "unsupported_format", "wrong_extension",
        }  # fmt: skip
