from django.db import migrations, models


class Migration(migrations.Migration):
    """The figures of verify_media."""

    dependencies = [
        ("photostore", "0003_operations"),
    ]

    operations = [
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
    ]
