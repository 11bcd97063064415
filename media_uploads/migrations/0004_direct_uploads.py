"""Uploads that are on their way in over more than one request."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

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


class Migration(migrations.Migration):
    dependencies = [
        ("media_uploads", "0003_image_stamps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DirectUpload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.CharField(max_length=1024, unique=True)),
                ("filename", models.CharField(max_length=255)),
                ("size", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=128)),
                ("description", models.TextField(blank=True)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("tus", "resumable, through the service"),
                            ("put", "one PUT into the bucket"),
                            ("multipart", "in parts into the bucket"),
                        ],
                        max_length=16,
                    ),
                ),
                ("multipart_id", models.CharField(blank=True, max_length=1024)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(null=True)),
                ("file_id", models.BigIntegerField(null=True)),
                (
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="media_uploads.persona",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "direct upload",
                "verbose_name_plural": "direct uploads",
                "indexes": [
                    models.Index(
                        condition=models.Q(("completed_at", None)),
                        fields=["user"],
                        name="media_uploads_open_uploads",
                    ),
                    models.Index(fields=["expires_at"], name="media_uploads_upload_expiry"),
                ],
            },
        ),
        migrations.RunSQL(QUEUE_BYTES, LEAVE_BYTES),
        migrations.RunSQL(FORGET_UPLOADS, REMEMBER_UPLOADS),
    ]
