"""The WSGI entry for API and admin: bounded blocking threads serve them best (granian --interface wsgi)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genhub.settings.embedded")

application = get_wsgi_application()
