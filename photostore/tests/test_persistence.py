"""New files and their rows: a refused row takes its files along, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.models import StoredFile
from photostore.register import publish
from photostore.register.persistence import next_id, stored
from photostore.tests.owned_files import OWNER, file_set, keys_in

pytestmark = pytest.mark.django_db(transaction=True)


class CommandRefused(Exception):
    pass


def test_rows_and_files_are_both_there(each_storage: str) -> None:
    photo = file_set(b"face")
    with stored(photo):
        publish(OWNER, photo)
    assert keys_in() == {row.key for row in StoredFile.objects.exclude(kind="export")}


def test_a_refused_row_takes_its_files_along(each_storage: str) -> None:
    with pytest.raises(CommandRefused), stored(file_set(b"face")):
        raise CommandRefused
    assert not keys_in()


def test_a_file_that_lay_there_already_stays(each_storage: str) -> None:
    """It may be the only copy of a photo whose rows were lost."""
    with stored(file_set(b"face")):
        pass
    before = keys_in()
    with pytest.raises(CommandRefused), stored(file_set(b"face")):
        raise CommandRefused
    assert keys_in() == before


def test_a_commit_whose_answer_was_lost_keeps_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    photo, commit = file_set(b"face"), connection.commit

    def commit_and_lose_the_answer() -> None:
        commit()
        raise CommandRefused

    with monkeypatch.context() as patch:
        patch.setattr(connection, "commit", commit_and_lose_the_answer)
        with pytest.raises(CommandRefused), stored(photo):
            publish(OWNER, photo)
    assert StoredFile.objects.filter(key=photo.original.key).exists()
    assert photo.original.key in keys_in()


def test_each_id_is_given_once() -> None:
    first: Any = next_id(StoredFile)
    assert next_id(StoredFile) == first + 1
