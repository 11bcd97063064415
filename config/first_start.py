"""`python -m config.first_start`: brings the database up to date and makes sure that an administrator can
sign in.

A process of its own, so that the one that forks the workers never loads Django.
"""

import os
import secrets
import sys

import django
from django.core.management import call_command
from django.db import OperationalError

from config.environment import stop


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        ensure_administrator()
    except OperationalError as error:
        stop(f"the database does not let us in; see to it, or to DATABASE_URL. It says: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def ensure_administrator() -> None:
    from django.contrib.auth import get_user_model

    people = get_user_model().objects
    if people.filter(is_superuser=True).exists():
        return
    name = os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin"
    given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
    password = given or secrets.token_urlsafe(12)
    people.create_superuser(username=name, password=password)
    shown = "the password from DJANGO_SUPERUSER_PASSWORD" if given else f"the password {password}"
    print(f"Made the administrator {name} with {shown}. It is not shown again.", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
