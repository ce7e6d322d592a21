"""Celery's side of webhooks: the job of the queue `delivery`."""

from typing import Any

from celery import shared_task, signals

from genhub.webhooks.outbox import JOB
from genhub.webhooks.pump import pump


@shared_task(name=JOB)
def deliver(queue: str) -> int:
    """Send what is due; the result tells Flower how many were begun."""
    return pump.run()


@signals.worker_shutting_down.connect
def drain(**_: Any) -> None:
    """Begin no more; what is under way ends by itself, or is due again."""
    pump.stop()
