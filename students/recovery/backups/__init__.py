"""Backups of the school: who the students are, and which photo is whose. No bytes of photos are in them."""

from students.recovery.backups.choose import Choice, newest_valid
from students.recovery.backups.contents import (
    BackedUpAttendance,
    BackedUpPhoto,
    BackedUpStudent,
    Erased,
    InvalidBackup,
    OddEntry,
)
from students.recovery.backups.read import NO_BACKUP, Backup, file_version, open_backup
from students.recovery.backups.write import Written, write_backup

__all__ = [
    "NO_BACKUP",
    "BackedUpAttendance",
    "BackedUpPhoto",
    "BackedUpStudent",
    "Backup",
    "Choice",
    "Erased",
    "InvalidBackup",
    "OddEntry",
    "Written",
    "file_version",
    "newest_valid",
    "open_backup",
    "write_backup",
]
