"""The test suite's settings: the servers of `tests/servers.py`, fast hashes, short leases."""

from genhub.settings.embedded import *  # noqa: F403
from genhub.settings.embedded import DATABASES, STORAGES
from genhub.settings.parts import at_least

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A pool would keep connections to the test database open while it is dropped.
DATABASES["default"]["OPTIONS"].pop("pool")
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
LEASE_SECONDS = at_least("LEASE_SECONDS", 2, 1)
# A bell that a busy machine delays must not be lost where no sweeper runs.
BROKER_PATIENCE_MS = at_least("BROKER_PATIENCE_MS", 5000, 10)
# Each process counts wrong tries by itself; each test begins with none.
THROTTLE_URL = ""
# Static files straight from the apps: nothing is collected for tests.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Whoever runs the tests may have keys of vendors in the environment.
VENDORS = {}
# Tests kill workers on purpose.
BREAKER_DEATHS = 0
