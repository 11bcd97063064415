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

# What had arrived goes when the row goes, and when it became a media file; the outbox is emptied after the
# commit. No register knows these bytes, so they are queued here, whoever deletes the row.
QUEUE_BYTES = """
CREATE FUNCTION media_uploads_queue_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO photostore_pendingremoval
        (storage_alias, key, sha256, byte_size, content_type, owner_label, owner_id, operation, queued_at)
    VALUES
        ('default', OLD.key, '', OLD.size, '', 'media_uploads.upload', OLD.id::text, NULL, now());
    RETURN NULL;
END $$;
CREATE TRIGGER media_uploads_queue_arrived AFTER DELETE ON media_uploads_directupload
    FOR EACH ROW WHEN (OLD.completed_at IS NULL) EXECUTE FUNCTION media_uploads_queue_arrived();
CREATE TRIGGER media_uploads_queue_completed AFTER UPDATE OF completed_at ON media_uploads_directupload
    FOR EACH ROW WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL)
    EXECUTE FUNCTION media_uploads_queue_arrived();
"""
LEAVE_BYTES = """
DROP TRIGGER media_uploads_queue_completed ON media_uploads_directupload;
DROP TRIGGER media_uploads_queue_arrived ON media_uploads_directupload;
DROP FUNCTION media_uploads_queue_arrived();
"""
# Django deletes what hangs on a persona before it; SQL by hand does not. A person takes the personas along.
FORGET_UPLOADS = """
CREATE FUNCTION media_uploads_forget_uploads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM media_uploads_directupload WHERE persona_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER media_uploads_forget_uploads AFTER DELETE ON media_uploads_persona
    FOR EACH ROW EXECUTE FUNCTION media_uploads_forget_uploads();
"""
REMEMBER_UPLOADS = """
DROP TRIGGER media_uploads_forget_uploads ON media_uploads_persona;
DROP FUNCTION media_uploads_forget_uploads();
"""

# The last microsecond that went into the key of a user's image: none is given out twice. A sequence, because
# a transaction that is rolled back does not give its numbers back.
STAMPS = "CREATE SEQUENCE media_uploads_image_stamps"
NO_STAMPS = "DROP SEQUENCE media_uploads_image_stamps"


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
    """The triggers of images, personas, media files and uploads, and the sequence of images."""

    dependencies = [
        ("media_uploads", "0001_initial"),
        ("photostore", "0002_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FORGET_FILES, REMEMBER_FILES),
        migrations.RunSQL(COUNT_USAGE, DO_NOT_COUNT),
        migrations.RunSQL(FORGET_PEOPLE, REMEMBER_PEOPLE),
        migrations.RunSQL(QUEUE_BYTES, LEAVE_BYTES),
        migrations.RunSQL(FORGET_UPLOADS, REMEMBER_UPLOADS),
        migrations.RunSQL(STAMPS, NO_STAMPS),
        migrations.RunPython(watch_people, leave_people_alone),
    ]
