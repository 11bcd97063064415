"""What the processes of `testing.killing_commands` find imported already, so that each starts in no time."""

import django

django.setup()

from students.management.commands import migrate_orphaned_photos, restore_student_photos  # noqa: E402, F401
