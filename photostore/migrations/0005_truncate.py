"""TRUNCATE fires no row triggers: the register forgets the owners' files, and leaves them where they are.

A table is emptied as a whole when a school is reseeded. The files then belong to nobody and stay in place,
where `migrate_orphaned_photos` looks for them; in the register they would be somebody else's, because the
new rows get the same primary keys.
"""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION photostore_queue_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM photostore_storedfile WHERE parent_id = OLD.id;
    IF current_setting('photokeep.leave_files', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    INSERT INTO photostore_pendingremoval
        (storage_alias, key, sha256, byte_size, content_type, owner_label, owner_id, operation, queued_at)
    VALUES
        (OLD.storage_alias, OLD.key, OLD.sha256, OLD.byte_size, OLD.content_type, OLD.owner_label,
         OLD.owner_id,
         CASE WHEN OLD.keep_aside THEN coalesce(
             nullif(current_setting('photokeep.operation', true), '')::uuid,
             md5('photokeep' || pg_current_xact_id()::text || now()::text)::uuid)
         END,
         now());
    RETURN NULL;
END $$;
CREATE FUNCTION photostore_forget_all_owners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('photokeep.leave_files', 'yes', true);
    DELETE FROM photostore_storedfile WHERE owner_label = TG_ARGV[0];
    PERFORM set_config('photokeep.leave_files', '', true);
    RETURN NULL;
END $$;
"""
BACKWARDS = "DROP FUNCTION photostore_forget_all_owners();"


class Migration(migrations.Migration):
    """What an app's own trigger on TRUNCATE calls."""

    dependencies = [("photostore", "0004_verification")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
