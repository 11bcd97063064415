"""What must happen whoever deletes a row: an ORM call, a cascade, the admin, or SQL by hand."""

from django.conf import settings
from django.db import migrations

# A row takes its files along (the register's own trigger queues their removal); an emptied table leaves
# nothing in the register that a new row with the same id could inherit.
FORGET_FILES = """
CREATE TRIGGER media_uploads_forget_files AFTER DELETE ON media_uploads_userimage
    FOR EACH ROW EXECUTE FUNCTION photostore_forget_owner('media_uploads.image');
CREATE TRIGGER media_uploads_forget_files AFTER DELETE ON media_files
    FOR EACH ROW EXECUTE FUNCTION photostore_forget_owner('media_uploads.file');
CREATE TRIGGER media_uploads_forget_all_files AFTER TRUNCATE ON media_uploads_userimage
    FOR EACH STATEMENT EXECUTE FUNCTION photostore_forget_all_owners('media_uploads.image');
CREATE TRIGGER media_uploads_forget_all_files AFTER TRUNCATE ON media_files
    FOR EACH STATEMENT EXECUTE FUNCTION photostore_forget_all_owners('media_uploads.file');
"""
REMEMBER_FILES = """
DROP TRIGGER media_uploads_forget_all_files ON media_files;
DROP TRIGGER media_uploads_forget_all_files ON media_uploads_userimage;
DROP TRIGGER media_uploads_forget_files ON media_files;
DROP TRIGGER media_uploads_forget_files ON media_uploads_userimage;
"""

COUNT_USAGE = """
CREATE FUNCTION media_uploads_count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE media_uploads_usage SET files = files - 1, bytes = bytes - OLD.file_size
            WHERE user_id = OLD.user_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO media_uploads_usage AS usage (user_id, files, bytes)
            VALUES (NEW.user_id, 1, NEW.file_size)
            ON CONFLICT (user_id) DO UPDATE
            SET files = usage.files + 1, bytes = usage.bytes + excluded.bytes;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION media_uploads_count_usage_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_uploads_usage;
    INSERT INTO media_uploads_usage (user_id, files, bytes)
        SELECT user_id, count(*), sum(file_size) FROM (
            SELECT user_id, file_size FROM media_uploads_userimage
            UNION ALL SELECT user_id, file_size FROM media_files
        ) AS kept GROUP BY user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER media_uploads_count_usage AFTER INSERT OR DELETE OR UPDATE OF user_id, file_size
    ON media_uploads_userimage FOR EACH ROW EXECUTE FUNCTION media_uploads_count_usage();
CREATE TRIGGER media_uploads_count_usage AFTER INSERT OR DELETE OR UPDATE OF user_id, file_size
    ON media_files FOR EACH ROW EXECUTE FUNCTION media_uploads_count_usage();
CREATE TRIGGER media_uploads_count_usage_anew AFTER TRUNCATE ON media_uploads_userimage
    FOR EACH STATEMENT EXECUTE FUNCTION media_uploads_count_usage_anew();
CREATE TRIGGER media_uploads_count_usage_anew AFTER TRUNCATE ON media_files
    FOR EACH STATEMENT EXECUTE FUNCTION media_uploads_count_usage_anew();
"""
DO_NOT_COUNT = """
DROP TRIGGER media_uploads_count_usage_anew ON media_files;
DROP TRIGGER media_uploads_count_usage_anew ON media_uploads_userimage;
DROP TRIGGER media_uploads_count_usage ON media_files;
DROP TRIGGER media_uploads_count_usage ON media_uploads_userimage;
DROP FUNCTION media_uploads_count_usage_anew();
DROP FUNCTION media_uploads_count_usage();
"""

# Django deletes what hangs on a person or a persona before them; SQL by hand does not.
FORGET_PEOPLE = """
CREATE FUNCTION media_uploads_forget_persona() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_files WHERE persona_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER media_uploads_forget_persona AFTER DELETE ON media_uploads_persona
    FOR EACH ROW EXECUTE FUNCTION media_uploads_forget_persona();
CREATE FUNCTION media_uploads_forget_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_files WHERE user_id = OLD.id;
    DELETE FROM media_uploads_persona WHERE user_id = OLD.id;
    DELETE FROM media_uploads_userimage WHERE user_id = OLD.id;
    DELETE FROM media_uploads_usage WHERE user_id = OLD.id;
    RETURN NULL;
END $$;
"""
REMEMBER_PEOPLE = """
DROP FUNCTION media_uploads_forget_person();
DROP TRIGGER media_uploads_forget_persona ON media_uploads_persona;
DROP FUNCTION media_uploads_forget_persona();
"""


def _table_of_people(apps, schema_editor):
    app_label, model = settings.AUTH_USER_MODEL.split(".")
    return schema_editor.quote_name(apps.get_model(app_label, model)._meta.db_table)


def watch_people(apps, schema_editor):
    schema_editor.execute(
        f"CREATE TRIGGER media_uploads_forget_person AFTER DELETE ON {_table_of_people(apps, schema_editor)} "
        "FOR EACH ROW EXECUTE FUNCTION media_uploads_forget_person()"
    )


def leave_people_alone(apps, schema_editor):
    schema_editor.execute(
        f"DROP TRIGGER media_uploads_forget_person ON {_table_of_people(apps, schema_editor)}"
    )


class Migration(migrations.Migration):
    """The triggers of images, personas and media files."""

    dependencies = [
        ("media_uploads", "0001_initial"),
        ("photostore", "0005_truncate"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FORGET_FILES, REMEMBER_FILES),
        migrations.RunSQL(COUNT_USAGE, DO_NOT_COUNT),
        migrations.RunSQL(FORGET_PEOPLE, REMEMBER_PEOPLE),
        migrations.RunPython(watch_people, leave_people_alone),
    ]
