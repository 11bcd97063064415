import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                (
                    "profile_picture",
                    models.ImageField(blank=True, editable=False, max_length=1024, upload_to=""),
                ),
                ("sign_ins_ended", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "db_table": "users_user",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="ProfilePictureUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("image", models.ImageField(max_length=1024, upload_to="", verbose_name="picture")),
                ("sha256", models.CharField(max_length=64)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("content_type", models.CharField(max_length=64)),
                ("original_filename", models.CharField(blank=True, max_length=255, verbose_name="file name")),
                ("is_confirmed", models.BooleanField(default=False, verbose_name="confirmed")),
                ("uploaded_at", models.DateTimeField(verbose_name="uploaded at")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="confirmed at")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires at")),
                ("replaced_at", models.DateTimeField(null=True, verbose_name="replaced at")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="picture_uploads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "profile picture",
                "verbose_name_plural": "profile pictures",
                "db_table": "users_profilepictureupload",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.HashIndex(
                condition=models.Q(("profile_picture", ""), _negated=True),
                fields=["profile_picture"],
                name="users_by_picture_key",
            ),
        ),
        migrations.AddIndex(
            model_name="profilepictureupload",
            index=models.Index(fields=["user", "id"], name="users_pictures_of_user"),
        ),
        migrations.AddIndex(
            model_name="profilepictureupload",
            index=django.contrib.postgres.indexes.HashIndex(fields=["image"], name="users_by_upload_key"),
        ),
        migrations.AddIndex(
            model_name="profilepictureupload",
            index=models.Index(
                condition=models.Q(("is_confirmed", False)),
                fields=["expires_at"],
                name="users_pictures_expiring",
            ),
        ),
        migrations.AddConstraint(
            model_name="profilepictureupload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", False), ("expires_at", None), ("is_confirmed", True)),
                    models.Q(
                        ("confirmed_at", None),
                        ("expires_at__isnull", False),
                        ("is_confirmed", False),
                        ("replaced_at", None),
                    ),
                    _connector="OR",
                ),
                name="users_picture_is_pending_or_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="profilepictureupload",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_confirmed", True), ("replaced_at", None)),
                fields=("user",),
                name="users_one_picture_today",
            ),
        ),
    ]
