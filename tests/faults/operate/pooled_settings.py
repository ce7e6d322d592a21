"""The test suite's settings for a web server with a pool of two connections, which two orders that wait exhaust."""

from genhub.settings.test import *  # noqa: F403
from genhub.settings.test import DATABASES

DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 2, "timeout": 2}
