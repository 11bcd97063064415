"""Deleting a student by SQL alone takes the photos' rows along, and their bytes go to quarantine."""

from django.db import migrations

# The foreign keys are checked at the commit, so rows may go after what they point at. Django would delete the rows that point at a student before the student; SQL by hand does not.
FORWARDS = """
CREATE FUNCTION students_forget_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM students_studentphoto WHERE student_id = OLD.id;
    DELETE FROM students_formerstudentnumber WHERE student_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER students_forget_student AFTER DELETE ON students_student
    FOR EACH ROW EXECUTE FUNCTION students_forget_student();
CREATE TRIGGER students_forget_files AFTER DELETE ON students_student
    FOR EACH ROW EXECUTE FUNCTION photostore_forget_owner('students.student');
"""
BACKWARDS = """
DROP TRIGGER students_forget_files ON students_student;
DROP TRIGGER students_forget_student ON students_student;
DROP FUNCTION students_forget_student();
"""


class Migration(migrations.Migration):
    """The triggers of students."""

    dependencies = [("students", "0001_initial"), ("photostore", "0002_triggers")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
