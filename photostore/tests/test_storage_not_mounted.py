"""A service that starts while its disk is not mounted."""

import shutil
from pathlib import Path

import pytest

from photostore.errors import StorageUnavailable
from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.register import FileSet, NewFile, publish, store
from photostore.storage import storage_for


def a_photo(name: str) -> FileSet:
    return FileSet(
        original=NewFile(key=f"photos/{name}.jpg", data=b"x", content_type="image/jpeg", width=1, height=1)
    )


def restart(settings) -> None:
    """What a new process knows of its storages: nothing."""
    settings.STORAGES = {alias: dict(options) for alias, options in settings.STORAGES.items()}


@pytest.mark.django_db
def test_nothing_is_written_into_the_empty_mount_point(settings):
    store(a_photo("first"))
    publish(Owner("a", "1"), a_photo("first"))
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    mounted_elsewhere = root.rename(root.with_name("disk"))
    root.mkdir()
    restart(settings)
    with pytest.raises(StorageUnavailable):
        store(a_photo("second"))
    assert list(root.iterdir()) == []
    root.rmdir()
    shutil.move(mounted_elsewhere, root)
    store(a_photo("second"))
    assert storage_for().stat("photos/second.jpg") and StoredFile.objects.count() == 1


@pytest.mark.django_db
def test_a_service_without_any_photo_begins_where_it_is_told():
    store(a_photo("first"))
    assert storage_for().stat("photos/first.jpg")
