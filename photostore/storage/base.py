"""The one interface to bytes. Both backends keep these promises, and the same tests hold them to it."""

from __future__ import annotations

import mimetypes
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, ClassVar, Literal, NamedTuple, NoReturn, TypeVar, cast

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage.base import Storage

from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, PhotostoreError, StorageUnavailable
from photostore.storage.key_rules import check_key

CHUNK_BYTES = 256 * 1024

Kind = Literal["file", "partial", "symlink", "unusable", "unreadable"]
EVERY_KIND: frozenset[Kind] = frozenset({"file", "partial", "symlink", "unusable"})
# Kind, key, byte size, and seconds since 1970 of the last write; the last two None where not asked for.
Line = tuple[Kind, str, int | None, float | None]


@dataclass(frozen=True, slots=True)
class FileStat:
    """What a storage knows of one file without reading it.

    `kind` is `file` for ours, `partial` for a temporary file (a write under way, or what a killed one left),
    `symlink` for a symbolic link (never followed, never ours), `unusable` for a name that cannot be a key
    (not UTF-8, a backslash …); then `key` is escaped for reading. Only a survey tells `unreadable`: a folder
    that may hold files and cannot be looked into; its key ends with a slash.
    """

    key: str
    byte_size: int
    modified_at: datetime  # aware, UTC
    kind: Kind = "file"


_Item = TypeVar("_Item")


class Put(NamedTuple):
    """What `put` takes, for `put_many`."""

    key: str
    data: bytes | BinaryIO
    content_type: str
    durable: bool = True


class PhotoStorage(Storage, ABC):
    """A Django storage that never shows half a file and never mistakes "cannot tell" for "absent".

    Every method may raise `StorageUnavailable` (`StorageFull` when there is no space): the storage could not
    tell or could not do it. `None`, `False` and `FileMissing` mean that it answered. A key that is not one
    (see `key_rules`) raises `SuspiciousFileOperation`. Use from any number of threads and processes.
    """

    @property
    @abstractmethod
    def kind(self) -> str:
        """What it is, for people: `disk`, `s3` or `r2`."""

    # Whether clients may send to the storage itself, by presigned links (see `photostore.incoming`).
    takes_uploads_itself: ClassVar[bool]

    @abstractmethod
    def put(self, key: str, data: bytes | BinaryIO, *, content_type: str, durable: bool = True) -> None:
        """Write `data` (a file object: from where it stands to its end) under `key`, whole or not at all.

        Replaces what was there; a reader sees the old bytes or the new ones. When it returns, a crash
        of the machine loses nothing, except with `durable=False` (derivatives: they can be rebuilt).
        """

    def put_many(self, files: Iterable[Put]) -> None:
        """`put` each; where that costs less, synced together. One after the other is taken from `files`.

        Each is there whole or not at all; when it returns, all are there for good.
        """
        for one in files:
            self.put(one.key, one.data, content_type=one.content_type, durable=one.durable)

    @abstractmethod
    def stat(self, key: str) -> FileStat | None:
        """Size and time of one file; `None` when it is not there."""

    @abstractmethod
    def stream(
        self, key: str, *, start: int = 0, end: int | None = None, chunk_bytes: int = CHUNK_BYTES
    ) -> Iterator[bytes]:
        """The bytes `start` up to but not including `end`, in chunks; nothing beyond the end of the file.

        Raises `FileMissing` at the call, not at the first chunk. The iterator has `close()`.
        """

    def pieces(self, key: str, buffer: memoryview) -> Iterator[memoryview | bytes]:
        """The whole file, as pieces of at most the buffer's size: for going through a million files.

        A piece may lie in `buffer`, where the next one takes its place. Raises `FileMissing` at the first.
        """
        yield from self.stream(key, chunk_bytes=len(buffer))

    @abstractmethod
    def open_file(self, key: str) -> BinaryIO | None:
        """An open file with a descriptor, for `sendfile`; `None` when bytes come over the network here.

        Raises `FileMissing`. Use `stream` where `None` comes back.
        """

    @abstractmethod
    def copy(self, source: str, target: str, *, content_type: str) -> None:
        """Put the bytes of `source` under `target` too, as `put` would. Raises `FileMissing`."""

    @abstractmethod
    def move(self, source: str, target: str) -> None:
        """Give a file another key. It has one of the two names, or for a moment both, never none.

        Never overwrites: `Conflict` (code `file_exists`) when `target` holds something else. When a kill
        left both names, a second call finishes. Raises `FileMissing` when `source` is not there.
        """

    def move_many(self, moves: Sequence[tuple[str, str]]) -> list[Exception | None]:
        """`move` each source to its target, synced as `put_many`.

        For each what kept it where it was: also `StorageUnavailable`, where others were moved before.
        """
        return each_of(lambda pair: self.move(*pair), moves)

    @abstractmethod
    def remove(self, key: str, *, durable: bool = True) -> bool:
        """Take a file away. `False` when it was known not to be there; S3 does not say, and gives `True`."""

    def remove_many(self, keys: Sequence[str]) -> list[Exception | None]:
        """`remove` each; the same."""
        return each_of(self.remove, keys)

    @abstractmethod
    def walk(self, prefix: str = "", *, kinds: frozenset[Kind] = EVERY_KIND) -> Iterator[FileStat]:
        """Everything of these kinds whose key starts with `prefix`, in one streamed pass.

        In key order on S3, in no order on disk. Errors surface while iterating. What comes or goes during
        the pass may be in it or not; what stays is in it once.
        """

    @abstractmethod
    def presigned_url(
        self, key: str, *, valid_from: datetime, expires_at: datetime, content_disposition: str | None = None
    ) -> str | None:
        """An absolute link that works without us between two aware moments, at most 7 days apart.

        `None` on disk: the application serves it itself. Equal arguments give an equal link. A public
        bucket gives its plain public link.
        """

    @abstractmethod
    def ping(self) -> None:
        """A cheap look whether the storage is there. Raises `StorageUnavailable`."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the place ready for its first file; does nothing where it is. `put` does it by itself."""

    @abstractmethod
    def is_prepared(self) -> bool:
        """Whether `prepare` has run here. `False` beside a register with rows: the wrong, empty place."""

    def scratch(self) -> BinaryIO:
        """An empty file without a name, gone when it is closed, also by a crash; write, then read.

        Where the storage is a disk it lies there: no smaller one fills up.
        """
        return cast(BinaryIO, tempfile.TemporaryFile())

    def survey(
        self,
        prefix: str = "",
        *,
        sizes: bool = True,  # noqa: ARG002 - a LIST tells them anyway
    ) -> Iterator[Line]:
        """What `walk` finds, as bare lines: for comparing a million files with a million rows.

        Without `sizes` a storage may leave size and time out where they cost a look at each file.
        """
        for found in self.walk(prefix):
            yield found.kind, found.key, found.byte_size, found.modified_at.timestamp()

    def scan(self, prefix: str = "") -> Iterator[FileStat]:
        """The files alone: see `walk`."""
        return self.walk(prefix, kinds=frozenset({"file"}))

    def partials(self, prefix: str = "") -> Iterator[FileStat]:
        """The temporary files alone; `remove` takes them away. Leave the young ones: they are being
        written.
        """
        return self.walk(prefix, kinds=frozenset({"partial"}))

    def symlinks(self, prefix: str = "") -> Iterator[str]:
        return (found.key for found in self.walk(prefix, kinds=frozenset({"symlink"})))

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        """The byte size of each of these files, None where it is not there or cannot be looked at.

        For thousands on a disk, where keys of one folder follow each other. A bucket is listed instead.
        """
        return [found.byte_size if found else None for found in map(self.stat, keys)]

    def read(self, key: str, *, max_bytes: int) -> bytes:
        """The whole file. Raises `FileMissing`, and `FileTooLarge` rather than read more than `max_bytes`."""
        content = b"".join(self.stream(key, end=max_bytes + 1))
        if len(content) > max_bytes:
            raise FileTooLarge
        return content

    # Django's own interface, for file fields and the admin, in terms of the above.

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode not in ("rb", "r"):
            raise ValueError("A stored file is replaced whole: use save().")
        try:
            return File(self.open_file(name) or self._fetched(name), name)
        except FileMissing as error:
            raise FileNotFoundError(name) from error

    def _fetched(self, key: str) -> BinaryIO:
        chunks = self.stream(key)
        copy = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115 - the caller closes it
        try:
            copy.writelines(chunks)
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
        return cast(BinaryIO, copy)

    def _save(self, name: str, content: File[bytes]) -> str:
        content.seek(0)
        content_type = getattr(content, "content_type", None) or mimetypes.guess_type(name)[0]
        self.put(name, cast(BinaryIO, content), content_type=content_type or "application/octet-stream")
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: keys are built to be free, and a silent other name would belong to no row."""
        if max_length is not None and len(name) > max_length:
            raise SuspiciousFileOperation("The storage key is longer than its column.")
        return check_key(name)

    def delete(self, name: str) -> None:
        """Remove the file; no error when it is not there."""
        self.remove(name)

    def exists(self, name: str) -> bool:
        """Whether it is there. Raises `StorageUnavailable` when the storage cannot tell."""
        return self.stat(name) is not None

    def size(self, name: str) -> int:
        """Bytes. Raises `FileNotFoundError`, as Django's callers expect."""
        return self._known(name).byte_size

    def get_modified_time(self, name: str) -> datetime:
        """The aware moment of the last write. Raises `FileNotFoundError`."""
        return self._known(name).modified_at

    def _known(self, name: str) -> FileStat:
        found = self.stat(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def path(self, name: str, *_: Any) -> NoReturn:
        """CommandRefused on purpose: half of the storages have no paths, so nothing may lean on one."""
        raise NotImplementedError("Stored files have keys, not paths.")


def each_of(work: Callable[[_Item], object], items: Sequence[_Item]) -> list[Exception | None]:
    """For each why it cannot be done. Once the storage is unavailable, it is not asked about the others."""
    kept: list[Exception | None] = []
    for item in items:
        try:
            work(item)
        except (PhotostoreError, SuspiciousFileOperation) as why:
            kept.append(why)
            if isinstance(why, StorageUnavailable) and not isinstance(why, FileUnreadable):
                return kept + [why] * (len(items) - len(kept))
        else:
            kept.append(None)
    return kept
