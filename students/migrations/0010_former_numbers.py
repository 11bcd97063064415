"""A number that is changed by SQL is a former number, too, and its photo gets the new one inside."""

from django.db import migrations, models

FORWARDS = """
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
"""


class Migration(migrations.Migration):
    """The column, its index, and the trigger that fills the table."""

    dependencies = [("students", "0009_numbers_are_hashed_in_each_run")]

    operations = [
        migrations.AddField(
            model_name="formerstudentnumber",
            name="photo_is_retagged",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.AddIndex(
            model_name="formerstudentnumber",
            index=models.Index(
                condition=models.Q(("photo_is_retagged", False)),
                fields=["student"],
                name="students_to_retag",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
