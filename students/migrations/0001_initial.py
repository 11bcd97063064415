import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import students.columns
import students.models.imports
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
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
            ],
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("students", "students"), ("photos", "photos")], max_length=8),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "being read"),
                            ("ready", "ready to be looked at"),
                            ("committing", "being committed"),
                            ("committed", "committed"),
                            ("discarded", "discarded"),
                            ("failed", "failed"),
                        ],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("created_by_id", models.CharField(blank=True, max_length=64)),
                ("created_by", models.CharField(blank=True, max_length=200)),
                ("channel", models.CharField(max_length=32)),
                ("committed_by", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(default=students.models.imports.expiry)),
                ("file_names", models.JSONField(default=list)),
                ("options", models.JSONField(default=dict)),
                ("found", models.JSONField(default=dict)),
                ("error", models.JSONField(null=True)),
                ("operation", models.UUIDField(null=True)),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("n", models.PositiveIntegerField()),
                ("file", models.CharField(blank=True, max_length=1024)),
                ("state", models.CharField(max_length=20)),
                ("evidence", models.JSONField(default=list)),
                ("findings", models.JSONField(default=list)),
                ("data", models.JSONField(default=dict)),
                ("changes", models.JSONField(default=dict)),
                ("accepted", models.BooleanField(default=False)),
                (
                    "outcome",
                    models.CharField(
                        blank=True, choices=[("done", "done"), ("stayed", "left as it was")], max_length=6
                    ),
                ),
                ("staged_key", models.CharField(max_length=1024, null=True)),
                ("staged_sha256", models.CharField(max_length=64, null=True)),
                ("current_sha256", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["n"],
            },
        ),
        migrations.CreateModel(
            name="StagedMatch",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("student_id", models.UUIDField(null=True)),
                ("said_by", models.CharField(max_length=200)),
                ("said_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["said_at"],
            },
        ),
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
            ],
            options={
                "ordering": ["-uploaded_at", "-id"],
            },
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
        ),
        migrations.CreateModel(
            name="ImportSource",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="source",
                        serialize=False,
                        to="students.import",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["kind", "-created_at"], name="students_newest_imports"),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["expires_at"], name="students_imports_expire"),
        ),
        migrations.AddField(
            model_name="importrow",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="students.import"
            ),
        ),
        migrations.AddConstraint(
            model_name="stagedmatch",
            constraint=models.UniqueConstraint(fields=("student_id",), name="students_one_staged_match"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="students_search"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=django.contrib.postgres.indexes.HashIndex(
                condition=models.Q(("profile_photo", ""), _negated=True),
                fields=["profile_photo"],
                name="students_by_photo_key",
            ),
        ),
        migrations.AddIndex(
            model_name="student",
            index=django.contrib.postgres.indexes.HashIndex(
                students.columns.PlainName("profile_photo"),
                condition=models.Q(("profile_photo", ""), _negated=True),
                name="students_by_plain_name",
            ),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(
                condition=models.Q(("profile_photo", "")), fields=["id"], name="students_without_photo"
            ),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(fields=["class_name", "id"], name="students_by_class"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(fields=["grade", "id"], name="students_by_grade"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(fields=["status", "id"], name="students_by_status"),
        ),
        migrations.AddIndex(
            model_name="student",
            index=models.Index(fields=["name", "id"], name="students_by_name"),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("profile_photo", ""), _negated=True), ("photo_sha256", ""), _connector="OR"
                ),
                name="students_hash_has_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.CheckConstraint(
                condition=models.Q(("student_number", ""), _negated=True), name="students_number_is_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="students_name_is_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="student",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("student_number"),
                name="students_student_number_without_case",
                violation_error_message="Another student has this number.",
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="student",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="import_rows",
                to="students.student",
            ),
        ),
        migrations.AddField(
            model_name="formerstudentnumber",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="former_numbers",
                to="students.student",
            ),
        ),
        migrations.AddField(
            model_name="studentphoto",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="photos", to="students.student"
            ),
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
        migrations.AddIndex(
            model_name="tombstone",
            index=models.Index(fields=["sha256"], name="students_tombstone_sha256"),
        ),
        migrations.AddConstraint(
            model_name="tombstone",
            constraint=models.UniqueConstraint(
                fields=("student_id", "sha256"), name="students_one_tombstone_each"
            ),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["batch", "state", "n"], name="students_import_rows_by_state"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("accepted", True), ("outcome", "")),
                fields=["batch", "n"],
                name="students_import_rows_to_do",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(
                fields=("batch", "n"), name="students_one_import_row_per_number"
            ),
        ),
        migrations.AddIndex(
            model_name="formerstudentnumber",
            index=models.Index(
                condition=models.Q(("photo_is_retagged", False)), fields=["student"], name="students_to_retag"
            ),
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
