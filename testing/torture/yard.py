"""Where houses are built and torn down: a PostgreSQL server, an S3 server, folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from testing.database import open_folder, throwaway_database
from testing.s3_server import S3Server, running
from testing.torture.houses import Databases, House, house


class Yard:
    """Everything that outlives one house. `s3` gives the S3 server, which is started when first asked for."""

    def __init__(self, server_url: str, s3: Callable[[], S3Server]) -> None:
        self.databases = Databases(server_url)
        self.s3 = s3

    @contextmanager
    def house(self, **options: Any) -> Iterator[House]:
        """A service with a database and folders of its own; options as of `houses.house`."""
        with (
            self.folder() as folder,
            self.databases.fresh() as database_url,
            house(database_url, folder, **options) as built,
        ):
            yield built

    @contextmanager
    def folder(self) -> Iterator[Path]:
        with open_folder() as folder:
            yield folder

    def close(self) -> None:
        self.databases.close()


@contextmanager
def own_yard() -> Iterator[Yard]:
    """A yard with throwaway servers of its own."""
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        s3 = cache(lambda: stack.enter_context(running(folder)))
        yard = Yard(stack.enter_context(throwaway_database()), s3)
        stack.callback(yard.close)
        yield yard
