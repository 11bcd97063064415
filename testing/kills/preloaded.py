"""What the processes of `testing.kills.commands` find imported already, so that each starts in no time."""

from functools import cache

import boto3
import botocore.session
import django

django.setup()

from django.core.management import get_commands, load_command_class  # noqa: E402
from django.test import Client  # noqa: E402, F401
from django.urls import get_resolver  # noqa: E402

OURS = ("students", "photostore", "profile_pictures", "media_uploads")

for name, app in get_commands().items():
    if app in OURS:
        load_command_class(app, name)
get_resolver().url_patterns  # noqa: B018 - for those that ask the service

# Each process makes a client to S3 of its own. What S3 is, it need not read again.
botocore.session.create_loader = cache(botocore.session.create_loader)
boto3.Session().client("s3", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
