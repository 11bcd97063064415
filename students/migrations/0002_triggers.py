"""What must happen whoever changes a row: an ORM call, a cascade, the admin, or SQL by hand."""

from django.db import migrations

# A student's photos go with the student, and their files to quarantine. Foreign keys are checked at the commit,
# so rows may go after what they point at: Django deletes them before the student, SQL by hand does not. A row
# of an import stays, and is about no student any more.
FORGET_STUDENT = """
CREATE FUNCTION students_forget_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM students_studentphoto WHERE student_id = OLD.id;
    DELETE FROM students_formerstudentnumber WHERE student_id = OLD.id;
    UPDATE students_importrow SET student_id = NULL WHERE student_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER students_forget_student AFTER DELETE ON students_student
    FOR EACH ROW EXECUTE FUNCTION students_forget_student();
CREATE TRIGGER students_forget_files AFTER DELETE ON students_student
    FOR EACH ROW EXECUTE FUNCTION photostore_forget_owner('students.student');
"""
# An emptied table leaves no row in the register that another child with the same integer could inherit.
FORGET_ALL = """
CREATE TRIGGER students_forget_all_files AFTER TRUNCATE ON students_student
    FOR EACH STATEMENT EXECUTE FUNCTION photostore_forget_all_owners('students.student');
"""
# A number that is changed by SQL is a former number, too, and the photo gets the new one inside.
KEEP_FORMER_NUMBER = """
CREATE FUNCTION students_keep_former_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO students_formerstudentnumber (student_id, student_number, replaced_at, photo_is_retagged)
    VALUES (OLD.id, OLD.student_number, now(), false);
    RETURN NULL;
END $$;
CREATE TRIGGER students_keep_former_number AFTER UPDATE OF student_number ON students_student
    FOR EACH ROW WHEN (OLD.student_number <> '' AND OLD.student_number IS DISTINCT FROM NEW.student_number)
    EXECUTE FUNCTION students_keep_former_number();
"""
BACKWARDS = """
DROP TRIGGER students_keep_former_number ON students_student;
DROP FUNCTION students_keep_former_number();
DROP TRIGGER students_forget_all_files ON students_student;
DROP TRIGGER students_forget_files ON students_student;
DROP TRIGGER students_forget_student ON students_student;
DROP FUNCTION students_forget_student();
"""


class Migration(migrations.Migration):
    """The triggers of students."""

    dependencies = [("students", "0001_initial"), ("photostore", "0002_triggers")]

    operations = [migrations.RunSQL(FORGET_STUDENT + FORGET_ALL + KEEP_FORMER_NUMBER, BACKWARDS)]
