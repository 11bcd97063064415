"""The last microsecond that went into the key of a user's image: none is given out twice."""

from django.db import migrations


class Migration(migrations.Migration):
    """A sequence, because a transaction that is rolled back does not give its numbers back."""

    dependencies = [("media_uploads", "0002_triggers")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE media_uploads_image_stamps",
            "DROP SEQUENCE media_uploads_image_stamps",
        ),
    ]
