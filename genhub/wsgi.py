"""The WSGI entry for API and admin, which genhub.front serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genhub.settings.embedded")

_django = get_wsgi_application()

# Its words of refusal are read from installed apps, so it comes after them.
from genhub.front.guard import Guard  # noqa: E402

application = Guard(_django)
