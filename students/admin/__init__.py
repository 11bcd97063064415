"""The students' admin: where staff find a student, look at the photo, replace it, bring one back."""

from students.admin.attendance import AttendanceAdmin
from students.admin.roster import ImportAdmin
from students.admin.students import StudentAdmin

__all__ = ["AttendanceAdmin", "ImportAdmin", "StudentAdmin"]
