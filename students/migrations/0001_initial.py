"""The tables of students."""

import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import students.columns
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Student",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "student_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                    ),
                ),
                ("student_number", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("first_name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("last_name", models.CharField(blank=True, db_default="", default="", max_length=100)),
                ("grade", models.CharField(blank=True, db_default="", default="", max_length=32)),
                ("class_name", models.CharField(blank=True, db_default="", default="", max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("left", "left")],
                        db_default="active",
                        default="active",
                        max_length=6,
                    ),
                ),
                ("left_on", models.DateField(blank=True, null=True)),
                (
                    "profile_photo",
                    models.ImageField(
                        blank=True, db_default="", default="", editable=False, max_length=1024, upload_to=""
                    ),
                ),
                (
                    "photo_sha256",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
                ),
                ("photo_updated_at", models.DateTimeField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=students.columns.SearchVector(
                            django.db.models.functions.text.Concat(
                                "name",
                                models.Value(" "),
                                django.db.models.functions.comparison.Coalesce(
                                    "student_number", models.Value("")
                                ),
                                models.Value(" "),
                                students.columns.OneWord(
                                    django.db.models.functions.comparison.Coalesce(
                                        "student_number", models.Value("")
                                    )
                                ),
                                models.Value(" "),
                                students.columns.WithoutZeros(
                                    students.columns.OneWord(
                                        django.db.models.functions.comparison.Coalesce(
                                            "student_number", models.Value("")
                                        )
                                    )
                                ),
                                models.Value(" "),
                                students.columns.OneWord("class_name"),
                            )
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="students_search"),
                    django.contrib.postgres.indexes.HashIndex(
                        condition=models.Q(("profile_photo", ""), _negated=True),
                        fields=["profile_photo"],
                        name="students_by_photo_key",
                    ),
                    django.contrib.postgres.indexes.HashIndex(
                        students.columns.PlainName("profile_photo"),
                        condition=models.Q(("profile_photo", ""), _negated=True),
                        name="students_by_plain_name",
                    ),
                    models.Index(
                        condition=models.Q(("profile_photo", "")),
                        fields=["id"],
                        name="students_without_photo",
                    ),
                    models.Index(fields=["class_name", "id"], name="students_by_class"),
                    models.Index(fields=["grade", "id"], name="students_by_grade"),
                    models.Index(fields=["status", "id"], name="students_by_status"),
                    models.Index(fields=["name", "id"], name="students_by_name"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("profile_photo", ""), _negated=True),
                            ("photo_sha256", ""),
                            _connector="OR",
                        ),
                        name="students_hash_has_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("student_number", ""), _negated=True),
                        name="students_number_is_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="students_name_is_not_empty"
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("student_number"),
                        name="students_student_number_without_case",
                        violation_error_message="Another student has this number.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StudentPhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.CharField(db_default="profile", default="profile", max_length=13)),
                ("file", models.ImageField(max_length=1024, upload_to="")),
                ("sha256", models.CharField(max_length=64)),
                ("untagged_sha256", models.CharField(max_length=64)),
                ("source_sha256", models.CharField(max_length=64)),
                ("pixel_sha256", models.CharField(max_length=64)),
                ("dhash", models.BigIntegerField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("content_type", models.CharField(max_length=64)),
                ("taken_on", models.DateField(null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("api", "API"),
                            ("admin", "admin"),
                            ("match", "matched file"),
                            ("import", "import"),
                            ("restore", "restored"),
                            ("migrate", "migrated"),
                        ],
                        max_length=8,
                    ),
                ),
                ("original_filename", models.CharField(blank=True, max_length=255)),
                ("credit", models.CharField(blank=True, max_length=200)),
                ("uploaded_by_id", models.CharField(blank=True, max_length=64)),
                ("uploaded_by", models.CharField(blank=True, max_length=200)),
                ("uploaded_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(null=True)),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="students.student",
                    ),
                ),
            ],
            options={
                "ordering": ["-uploaded_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="AttendancePhoto",
            fields=[],
            options={
                "ordering": ["-id"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("students.studentphoto",),
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("student_id", models.UUIDField()),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("erased_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["sha256"], name="students_tombstone_sha256")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("student_id", "sha256"), name="students_one_tombstone_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FormerStudentNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("student_number", models.CharField(max_length=64)),
                ("replaced_at", models.DateTimeField(auto_now_add=True)),
                ("photo_is_retagged", models.BooleanField(db_default=False, default=False)),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_numbers",
                        to="students.student",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("photo_is_retagged", False)),
                        fields=["student"],
                        name="students_to_retag",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="studentphoto",
            index=models.Index(fields=["source_sha256"], name="students_by_source"),
        ),
        migrations.AddIndex(
            model_name="studentphoto",
            index=models.Index(fields=["pixel_sha256"], name="students_by_pixels"),
        ),
        migrations.AddIndex(
            model_name="studentphoto",
            index=django.contrib.postgres.indexes.HashIndex(fields=["file"], name="students_by_version_key"),
        ),
        migrations.AddIndex(
            model_name="studentphoto",
            index=models.Index(fields=["sha256"], name="students_by_bytes"),
        ),
        migrations.AddIndex(
            model_name="studentphoto",
            index=models.Index(fields=["untagged_sha256"], name="students_by_bare_bytes"),
        ),
        migrations.AddConstraint(
            model_name="studentphoto",
            constraint=models.UniqueConstraint(
                fields=("student", "slot", "sha256"), name="students_one_row_per_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="studentphoto",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at", None)),
                fields=("student", "slot"),
                name="students_one_current_photo",
            ),
        ),
    ]
