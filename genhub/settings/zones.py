"""Whose time is told where: the API, logs and workers tell UTC, pages of the admin that of who looks."""

from genhub.settings.parts import time_zone

USE_TZ = True
TIME_ZONE = "UTC"
# Whose days the figures count, and of which zone the admin is for staff who chose none.
HUB_TIME_ZONE = time_zone("HUB_TIME_ZONE", "UTC")
