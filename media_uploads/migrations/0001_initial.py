import django.contrib.postgres.indexes
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("profile_pictures", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="media_usage",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("files", models.BigIntegerField(default=0)),
                ("bytes", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "usage",
                "verbose_name_plural": "storage",
            },
        ),
        migrations.CreateModel(
            name="Persona",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="personas",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "persona",
                "verbose_name_plural": "personas",
            },
        ),
        migrations.CreateModel(
            name="MediaFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file", models.FileField(max_length=1024, upload_to="", verbose_name="file")),
                ("original_filename", models.CharField(blank=True, max_length=255, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64)),
                ("file_size", models.BigIntegerField(verbose_name="bytes")),
                ("mime_type", models.CharField(max_length=64)),
                (
                    "media_type",
                    models.CharField(
                        choices=[("image", "image"), ("video", "video")], max_length=8, verbose_name="kind"
                    ),
                ),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("duration", models.FloatField(null=True)),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("updated_at", models.DateTimeField(verbose_name="updated at")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="media_files",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "persona",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="media_uploads.persona",
                    ),
                ),
            ],
            options={
                "verbose_name": "media file",
                "verbose_name_plural": "media files",
                "db_table": "media_files",
                "ordering": ["-id"],
            },
        ),
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
                ("tus_metadata", models.TextField(blank=True, db_default="", default="")),
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "persona",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="media_uploads.persona",
                    ),
                ),
            ],
            options={
                "verbose_name": "direct upload",
                "verbose_name_plural": "direct uploads",
            },
        ),
        migrations.CreateModel(
            name="UserImage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("image", models.ImageField(max_length=1024, upload_to="", verbose_name="image")),
                ("storage_alias", models.CharField(default="default", max_length=32)),
                (
                    "image_type",
                    models.CharField(
                        choices=[("profile", "profile"), ("gallery", "gallery"), ("cover", "cover")],
                        default="gallery",
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                ("is_primary", models.BooleanField(default=False, verbose_name="primary")),
                ("caption", models.CharField(blank=True, max_length=1000, verbose_name="caption")),
                ("original_filename", models.CharField(blank=True, max_length=255, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64)),
                ("file_size", models.BigIntegerField(verbose_name="bytes")),
                ("mime_type", models.CharField(max_length=64)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("uploaded_at", models.DateTimeField(verbose_name="uploaded at")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="user_images",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "user image",
                "verbose_name_plural": "user images",
                "ordering": ["-uploaded_at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="persona",
            index=models.Index(fields=["user", "id"], name="media_uploads_personas_of_user"),
        ),
        migrations.AddIndex(
            model_name="mediafile",
            index=models.Index(fields=["user", "id"], name="media_files_of_user"),
        ),
        migrations.AddIndex(
            model_name="mediafile",
            index=models.Index(fields=["persona", "id"], name="media_files_of_persona"),
        ),
        migrations.AddIndex(
            model_name="mediafile",
            index=django.contrib.postgres.indexes.HashIndex(fields=["file"], name="media_files_by_key"),
        ),
        migrations.AddIndex(
            model_name="directupload",
            index=models.Index(
                condition=models.Q(("completed_at", None)), fields=["user"], name="media_uploads_open_uploads"
            ),
        ),
        migrations.AddIndex(
            model_name="directupload",
            index=models.Index(fields=["expires_at"], name="media_uploads_upload_expiry"),
        ),
        migrations.AddIndex(
            model_name="userimage",
            index=models.Index(fields=["user", "-uploaded_at", "-id"], name="media_uploads_images_newest"),
        ),
        migrations.AddIndex(
            model_name="userimage",
            index=models.Index(fields=["-uploaded_at", "-id"], name="media_uploads_all_images"),
        ),
        migrations.AddIndex(
            model_name="userimage",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["image"], name="media_uploads_by_image_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="userimage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_primary", True)), fields=("user",), name="media_uploads_one_primary"
            ),
        ),
    ]
