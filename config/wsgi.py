"""The application that a WSGI server serves."""

import os

from django.core.wsgi import get_wsgi_application

from photostore.uploads.bodies import Bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = Bodies(get_wsgi_application())
