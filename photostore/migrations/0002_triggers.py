"""What must happen whoever deletes a row: an ORM call, a cascade, the admin, or SQL by hand."""

from django.db import migrations

# After, not before: one statement may delete an original and its exports together. Children (exports,
# derivatives) go with their original; each row that goes leaves its key in the outbox, in the same
# transaction, unless the table is being emptied (see below). A file that must not be lost gets the uuid of the operation that it is set
# aside under: the one that the transaction announced, else one that all rows of this transaction share.
QUEUE_REMOVAL = """
CREATE FUNCTION photostore_queue_removal() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER photostore_queue_removal AFTER DELETE ON photostore_storedfile
    FOR EACH ROW EXECUTE FUNCTION photostore_queue_removal();
"""
# An app puts this trigger on its own table, with its owner label as the argument; so photostore need not
# know whose files it keeps.
FORGET_OWNER = """
CREATE FUNCTION photostore_forget_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM photostore_storedfile WHERE owner_label = TG_ARGV[0] AND owner_id = OLD.id::text;
    RETURN NULL;
END $$;
"""
# TRUNCATE fires no row triggers: the register forgets the owners' files, and leaves them where they are. A
# table is emptied as a whole when a school is reseeded. The files then are orphans and stay in place, where
# `migrate_orphaned_photos` looks for them; in the register they would be somebody else's, because the new
# rows get the same primary keys. An app puts this trigger on its own table as well.
FORGET_ALL_OWNERS = """
CREATE FUNCTION photostore_forget_all_owners() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('photokeep.leave_files', 'yes', true);
    DELETE FROM photostore_storedfile WHERE owner_label = TG_ARGV[0];
    PERFORM set_config('photokeep.leave_files', '', true);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    """The triggers of the register."""

    dependencies = [("photostore", "0001_initial")]

    operations = [
        migrations.RunSQL(
            QUEUE_REMOVAL,
            "DROP TRIGGER photostore_queue_removal ON photostore_storedfile; DROP FUNCTION photostore_queue_removal();",
        ),
        migrations.RunSQL(FORGET_OWNER, "DROP FUNCTION photostore_forget_owner();"),
        migrations.RunSQL(FORGET_ALL_OWNERS, "DROP FUNCTION photostore_forget_all_owners();"),
    ]
