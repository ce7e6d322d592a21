"""The project: wiring only, no business rules."""

from genhub.celery import app as celery_app

__all__ = ["celery_app"]
