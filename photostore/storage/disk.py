"""Photos on a local disk: crash-safe, and blind to symbolic links."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.utils.deconstruct import deconstructible

from photostore.errors import FileMissing, FileTooLarge, StorageUnavailable
from photostore.storage.base import CHUNK_BYTES, EVERY_KIND, FileStat, Kind, Line, PhotoStorage, Put
from photostore.storage.beneath import open_beneath
from photostore.storage.chunks import Chunks
from photostore.storage.drafts import open_scratch
from photostore.storage.folders import Folders, disk_errors, prune, regular, sync_folder
from photostore.storage.key_rules import check_key, split, split_for_writing
from photostore.storage.together import move_files, put_files, remove_files
from photostore.storage.tree import survey, walk

OWN_FILE, OWN_FOLDER = 0o600, 0o700
# O_NONBLOCK: opening a named pipe would wait for a writer for ever.
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@deconstructible(path="photostore.storage.disk.DiskStorage")
class DiskStorage(PhotoStorage):
    """Files below `location`, which may be a symbolic link; nothing below it is followed if it is one.

    `location` is made at the first `put` when its parent is there, and marked with a file. From then on
    a root without its mark is `StorageUnavailable` (an unmounted disk leaves an empty folder), never
    "absent". Files are for the service's own user, unless `MEDIA_FILE_MODE` and `MEDIA_FOLDER_MODE` let
    others in, as a web server that serves them by itself needs.
    """

    takes_uploads_itself = False

    kind = "disk"

    def __init__(
        self, location: str | Path, file_mode: int | None = None, folder_mode: int | None = None
    ) -> None:
        self._file_mode = file_mode or _chosen_mode("MEDIA_FILE_MODE", OWN_FILE)
        folder_mode = folder_mode or _chosen_mode("MEDIA_FOLDER_MODE", OWN_FOLDER)
        self._folders = Folders(Path(location).absolute(), folder_mode, self._file_mode)

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        content_type: str,
        durable: bool = True,
    ) -> None:
        self.put_many([Put(key, data, content_type, durable)])

    def put_many(self, files: Iterable[Put]) -> None:
        put_files(self._folders, files, self._file_mode)

    def stat(self, key: str) -> FileStat | None:
        """See `PhotoStorage`. A link, a folder or a pipe of that name is no file of ours: `None`."""
        folders, name = split(key)
        try:
            with self._folders.reading(folders) as chain:
                found = regular(os.stat(name, dir_fd=chain[-1], follow_symlinks=False))
        except FileMissing:
            return None
        return FileStat(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def sizes(self, keys: Sequence[str]) -> list[int | None]:
        return self._folders.sizes(keys)

    def open_file(self, key: str) -> BinaryIO:
        """See `PhotoStorage`. Always a real file, opened for reading."""
        folders, name = split(key)
        with self._folders.reading(folders) as chain:
            descriptor = os.open(name, READING, dir_fd=chain[-1])
            try:
                regular(os.fstat(descriptor))
                return os.fdopen(descriptor, "rb", buffering=0)
            except BaseException:
                os.close(descriptor)
                raise

    def open_to_append(self, key: str) -> BinaryIO:
        """A file that grows where it lies: for what is on its way in, never for what is served.

        Raises `FileMissing`. Not buffered; every write goes to the end.
        """
        folders, name = split_for_writing(key)
        with self._folders.reading(folders) as chain:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(name, flags, dir_fd=chain[-1])
            try:
                regular(os.fstat(descriptor))
                return os.fdopen(descriptor, "ab", buffering=0)
            except BaseException:
                os.close(descriptor)
                raise

    def stream(
        self, key: str, *, start: int = 0, end: int | None = None, chunk_bytes: int = CHUNK_BYTES
    ) -> Chunks:
        file = self.open_file(key)
        with disk_errors():
            if start:
                file.seek(start)
        byte_count = None if end is None else end - start
        return Chunks(file, byte_count=byte_count, chunk_bytes=chunk_bytes, errors=self._folders.reading_on)

    def pieces(self, key: str, buffer: memoryview) -> Iterator[memoryview | bytes]:
        """See `PhotoStorage`. With few calls: where other threads hash, each waits for Python's lock."""
        folders, name = split(key)
        with self._folders.reading(folders) as chain:
            descriptor = os.open(name, READING, dir_fd=chain[-1])
            try:
                left = regular(os.fstat(descriptor)).st_size
                while left > 0 and (count := os.readv(descriptor, [buffer])):
                    yield buffer[:count]
                    left -= count
            finally:
                os.close(descriptor)

    def read(self, key: str, *, max_bytes: int) -> bytes:
        """See `PhotoStorage`. In one call: a wrecked school has a million files to be read."""
        folders, name = split(key)
        with self._folders.reading(()) as (root,):
            descriptor = open_beneath(root, key, READING)
        if descriptor is not None:
            with self._folders.reading_on():
                return _content(descriptor, max_bytes)
        with self._folders.reading(folders) as chain:
            return _content(os.open(name, READING, dir_fd=chain[-1]), max_bytes)

    def copy(self, source: str, target: str, *, content_type: str) -> None:
        """See `PhotoStorage`. Bytes are copied, not linked: a damaged file must not damage its copy."""
        with self.open_file(source) as file:
            self.put(target, file, content_type=content_type)

    def move(self, source: str, target: str) -> None:
        """See `PhotoStorage`. A second name first, then the first one goes; both folders are synced."""
        (why,) = self.move_many([(source, target)])
        if why is not None:
            raise why

    def move_many(self, moves: Sequence[tuple[str, str]]) -> list[Exception | None]:
        return move_files(self._folders, moves)

    def remove_many(self, keys: Sequence[str]) -> list[Exception | None]:
        return remove_files(self._folders, keys)

    def remove(self, key: str, *, durable: bool = True) -> bool:
        """See `PhotoStorage`. Takes the folders that it leaves empty along."""
        folders, name = split(key)
        try:
            with self._folders.reading(folders) as chain:
                regular(os.stat(name, dir_fd=chain[-1], follow_symlinks=False))
                os.unlink(name, dir_fd=chain[-1])
                if durable:
                    sync_folder(chain[-1])
                prune(chain, folders)
        except FileMissing:
            return False
        return True

    def walk(self, prefix: str = "", *, kinds: frozenset[Kind] = EVERY_KIND) -> Iterator[FileStat]:
        return walk(self._folders, prefix, kinds)

    def survey(self, prefix: str = "", *, sizes: bool = True) -> Iterator[Line]:
        return survey(self._folders, prefix, sizes=sizes)

    def scratch(self) -> BinaryIO:
        return open_scratch(self._folders)

    def presigned_url(self, *_: object, **__: object) -> None:
        """`None`: the application serves local files itself."""

    def ping(self) -> None:
        """See `PhotoStorage`. A root that the first `put` would make is as good as there."""
        place = self._folders.root
        if not place.exists() and not self._folders.is_prepared():
            place = place.parent
        else:
            self._folders.confirm()
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            raise StorageUnavailable

    def prepare(self) -> None:
        self._folders.prepare()

    def is_prepared(self) -> bool:
        return self._folders.is_prepared()

    def url(self, name: str | None) -> str:
        """The address under `MEDIA_URL`. It opens only with the signature that delivery adds."""
        return f"{settings.MEDIA_URL}{quote(check_key(name or ''))}"

    def make_folder(self, path: str) -> None:
        with self._folders.writing(check_key(path.strip("/")).split("/")):
            pass

    def remove_empty_folder(self, path: str) -> bool:
        """The folder with those in it, where no file lies below it; whether it is gone."""
        try:
            folders, files = self.listdir(path)
        except FileNotFoundError:
            return False
        if not all([not files, *(self.remove_empty_folder(f"{path}/{name}") for name in folders)]):
            return False
        segments = check_key(path).split("/")
        # The inner one: a file was put there meanwhile.
        with suppress(FileMissing), self._folders.reading(segments[:-1]) as chain, suppress(OSError):
            os.rmdir(segments[-1], dir_fd=chain[-1])
            return True
        return False

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files directly in `path`, sorted. Raises `FileNotFoundError`."""
        segments = check_key(path.strip("/")).split("/") if path.strip("/") else []
        self._folders.confirm()
        try:
            with self._folders.reading(segments) as chain, os.scandir(chain[-1]) as entries:
                found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except FileMissing as error:
            raise FileNotFoundError(path) from error
        return [name for name, folder in found if folder], [name for name, folder in found if not folder]


def _chosen_mode(setting: str, default: int) -> int:
    """Django's own default of 0644 would show photos to the machine."""
    return int(getattr(settings, setting, default))


def _content(descriptor: int, max_bytes: int) -> bytes:
    """Reads all of it and closes the descriptor."""
    try:
        if regular(os.fstat(descriptor)).st_size > max_bytes:
            raise FileTooLarge
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            content = file.readall()
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:  # it grew meanwhile
        raise FileTooLarge
    return content
