"""The register of files: whose each is; put, replaced, removed with the transaction: see `file_sets`."""

from photostore.register.file_sets import (
    FileSet,
    NewFile,
    mounted_storage,
    publish,
    publish_all,
    publish_former,
    refuse_unmounted_storage,
    retire,
    store,
    store_all,
)

__all__ = [
    "FileSet",
    "NewFile",
    "mounted_storage",
    "publish",
    "publish_all",
    "publish_former",
    "refuse_unmounted_storage",
    "retire",
    "store",
    "store_all",
]
