"""The application that a WSGI server serves."""

import os

from django.core.wsgi import get_wsgi_application

from photostore.uploads.bodies import Bodies
from photostore.uploads.charsets import Charsets
from photostore.web.readers import Readers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = Readers(Charsets(Bodies(get_wsgi_application())))
