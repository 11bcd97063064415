"""The application that a WSGI server serves."""

import os

from django.core.wsgi import get_wsgi_application

from photostore.uploads.drain import DrainUnreadBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = DrainUnreadBody(get_wsgi_application())
