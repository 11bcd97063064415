import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobFailure",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("sentence", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="RateWindow",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("window_started_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("checksum", models.BooleanField()),
                ("rehashed", models.BigIntegerField()),
                ("files", models.BigIntegerField()),
                ("present", models.BigIntegerField()),
                ("rehashed_lately", models.BigIntegerField()),
                ("missing", models.BigIntegerField()),
                ("damaged", models.BigIntegerField()),
                ("misplaced", models.BigIntegerField()),
                ("orphaned", models.BigIntegerField()),
                ("symlinks", models.BigIntegerField()),
                ("unreadable", models.BigIntegerField(default=0)),
                ("inconsistent", models.BigIntegerField(default=0)),
                ("unadopted", models.BigIntegerField(default=0)),
                ("to_adopt", models.BigIntegerField(default=0)),
                ("shared", models.BigIntegerField(default=0)),
                ("unusable", models.BigIntegerField()),
                ("partials", models.BigIntegerField()),
                ("young", models.BigIntegerField()),
                ("stale", models.BigIntegerField()),
                ("suspects", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BackgroundJob",
            fields=[],
            options={
                "verbose_name": "background job",
                "verbose_name_plural": "background jobs",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("procrastinate.procrastinatejob",),
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("channel", models.CharField(max_length=32)),
                ("action", models.CharField(max_length=128)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("done", "done"), ("refused", "refused")], default="done", max_length=8
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=64)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("old_sha256", models.CharField(blank=True, max_length=64)),
                ("new_sha256", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("details", models.TextField(blank=True, db_default="", default="")),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="photostore_audit_newest"),
                    models.Index(fields=["subject", "-at"], name="photostore_audit_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("command", models.CharField(max_length=64)),
                ("actor_id", models.CharField(blank=True, max_length=64)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("channel", models.CharField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "running"),
                            ("done", "done"),
                            ("partly", "partly undone"),
                            ("undone", "undone"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("can_be_undone", models.BooleanField(default=True)),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "undoes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undos",
                        to="photostore.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OperationStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=64)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("details", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("done", "done"),
                            ("undone", "undone"),
                            ("skipped", "skipped"),
                        ],
                        default="planned",
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="photostore.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PendingRemoval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("storage_alias", models.CharField(max_length=32)),
                ("key", models.CharField(db_collation="C", max_length=1024)),
                ("sha256", models.CharField(max_length=64)),
                ("byte_size", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=64)),
                ("owner_label", models.CharField(max_length=64)),
                ("owner_id", models.CharField(max_length=64)),
                ("operation", models.UUIDField(null=True)),
                ("queued_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner_label", "owner_id"], name="photostore_removal_owner"),
                    models.Index(fields=["queued_at"], name="photostore_removal_queued"),
                ],
            },
        ),
        migrations.CreateModel(
            name="QuarantinedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("operation", models.UUIDField()),
                ("storage_alias", models.CharField(max_length=32)),
                ("key", models.CharField(db_collation="C", max_length=1024)),
                ("sha256", models.CharField(max_length=64)),
                ("byte_size", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=64)),
                ("owner_label", models.CharField(max_length=64)),
                ("owner_id", models.CharField(max_length=64)),
                ("quarantined_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("operation", "storage_alias", "key"),
                        name="photostore_one_row_per_quarantined_file",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("storage_alias", models.CharField(default="default", max_length=32)),
                ("key", models.CharField(db_collation="C", max_length=1024)),
                ("sha256", models.CharField(max_length=64)),
                ("byte_size", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=64)),
                ("width", models.PositiveIntegerField(null=True)),
                ("height", models.PositiveIntegerField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("original", "original"),
                            ("export", "export"),
                            ("derivative", "derivative"),
                        ],
                        max_length=10,
                    ),
                ),
                ("live", models.BooleanField(default=True)),
                ("keep_aside", models.BooleanField(default=False)),
                ("owner_label", models.CharField(max_length=64)),
                ("owner_id", models.CharField(max_length=64)),
                ("written_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="children",
                        to="photostore.storedfile",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["-started_at"], name="photostore_newest_operations"),
        ),
        migrations.AddIndex(
            model_name="operationstep",
            index=models.Index(fields=["subject"], name="photostore_steps_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="operationstep",
            constraint=models.UniqueConstraint(
                fields=("operation", "number"), name="photostore_one_step_per_number"
            ),
        ),
        migrations.AddIndex(
            model_name="storedfile",
            index=models.Index(fields=["owner_label", "owner_id"], name="photostore_file_owner"),
        ),
        migrations.AddIndex(
            model_name="storedfile",
            index=models.Index(
                condition=models.Q(("written_at", None)), fields=["id"], name="photostore_stale_exports"
            ),
        ),
        migrations.AddConstraint(
            model_name="storedfile",
            constraint=models.UniqueConstraint(
                fields=("storage_alias", "key"), name="photostore_one_row_per_file"
            ),
        ),
        migrations.AddConstraint(
            model_name="storedfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "original"), ("parent", None)),
                    models.Q(models.Q(("kind", "original"), _negated=True), ("parent__isnull", False)),
                    _connector="OR",
                ),
                name="photostore_children_have_a_parent",
            ),
        ),
    ]
