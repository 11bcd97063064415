"""An emptied table of students leaves no row in the register that another child could inherit."""

from django.db import migrations

FORWARDS = """
CREATE TRIGGER students_forget_all_files AFTER TRUNCATE ON students_student
    FOR EACH STATEMENT EXECUTE FUNCTION photostore_forget_all_owners('students.student');
CREATE TRIGGER students_forget_all_files AFTER TRUNCATE ON students_attendancephoto
    FOR EACH STATEMENT EXECUTE FUNCTION photostore_forget_all_owners('students.attendancephoto');
"""
BACKWARDS = """
DROP TRIGGER students_forget_all_files ON students_student;
DROP TRIGGER students_forget_all_files ON students_attendancephoto;
"""


class Migration(migrations.Migration):
    """The triggers of students on TRUNCATE."""

    dependencies = [("students", "0005_photos_by_their_bytes"), ("photostore", "0005_truncate")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
