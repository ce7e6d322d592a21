"""The Celery application; its jobs are doorbells that carry ids only (the database row is the truth)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genhub.settings.embedded")

app = Celery("genhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
