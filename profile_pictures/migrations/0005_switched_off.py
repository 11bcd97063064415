from django.db import migrations, models

# Whoever switches an account off, by whatever means: its tokens go, and its sessions are of before.
FORWARDS = """
CREATE FUNCTION users_end_sign_ins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sign_ins_ended := OLD.sign_ins_ended;
    IF OLD.is_active AND NOT NEW.is_active THEN
        NEW.sign_ins_ended := OLD.sign_ins_ended + 1;
        DELETE FROM knox_authtoken WHERE user_id = OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER users_end_sign_ins BEFORE UPDATE ON users_user
    FOR EACH ROW EXECUTE FUNCTION users_end_sign_ins();
"""
BACKWARDS = """
DROP TRIGGER users_end_sign_ins ON users_user;
DROP FUNCTION users_end_sign_ins();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profile_pictures", "0004_image_columns"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sign_ins_ended",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
