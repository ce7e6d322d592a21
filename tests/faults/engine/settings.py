"""The test suite's settings for a worker that hangs where it is told to."""

from genhub.settings.test import *  # noqa: F403

CELERY_IMPORTS = ["tests.faults.engine.failpoints"]
