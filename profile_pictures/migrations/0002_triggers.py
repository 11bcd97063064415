"""What must happen whoever changes or deletes a row: an ORM call, a cascade, the admin, or SQL by hand."""

from django.db import migrations

# Whoever deletes a row, by whatever means: an upload takes its files along (the register's own trigger
# queues their removal), and the profile picture that it was; a person takes the uploads along. Django
# would delete the uploads before the person; SQL by hand does not.
FORGET = """
CREATE TRIGGER profile_pictures_forget_files AFTER DELETE ON users_profilepictureupload
    FOR EACH ROW EXECUTE FUNCTION photostore_forget_owner('profile_pictures.upload');
CREATE FUNCTION profile_pictures_forget_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users_user SET profile_picture = '' WHERE id = OLD.user_id AND profile_picture = OLD.image;
    RETURN NULL;
END $$;
CREATE TRIGGER profile_pictures_forget_picture AFTER DELETE ON users_profilepictureupload
    FOR EACH ROW EXECUTE FUNCTION profile_pictures_forget_picture();
CREATE FUNCTION profile_pictures_forget_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM users_profilepictureupload WHERE user_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER profile_pictures_forget_person AFTER DELETE ON users_user
    FOR EACH ROW EXECUTE FUNCTION profile_pictures_forget_person();
"""
REMEMBER = """
DROP TRIGGER profile_pictures_forget_person ON users_user;
DROP FUNCTION profile_pictures_forget_person();
DROP TRIGGER profile_pictures_forget_picture ON users_profilepictureupload;
DROP FUNCTION profile_pictures_forget_picture();
DROP TRIGGER profile_pictures_forget_files ON users_profilepictureupload;
"""
# Whoever switches an account off, by whatever means: its tokens go, and its sessions are of before.
END_SIGN_INS = """
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
LEAVE_SIGN_INS = """
DROP TRIGGER users_end_sign_ins ON users_user;
DROP FUNCTION users_end_sign_ins();
"""


class Migration(migrations.Migration):
    """The triggers of people and of their pictures."""

    dependencies = [
        ("profile_pictures", "0001_initial"),
        ("photostore", "0002_triggers"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        migrations.RunSQL(FORGET, REMEMBER),
        migrations.RunSQL(END_SIGN_INS, LEAVE_SIGN_INS),
    ]
