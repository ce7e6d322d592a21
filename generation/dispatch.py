"""The only sender of jobs. A job is a doorbell: it names a queue, and losing it costs seconds."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

WORK = "generation.work"


def ring_after_commit(queue: str) -> None:
    """Ring a queue once the transaction is durable."""

    # A function with a name: Django names a robust hook that failed in its log.
    def ring_now() -> None:
        ring(queue)

    transaction.on_commit(ring_now, robust=True)


def ring(queue: str) -> None:
    """Ring a queue; a broker that is down is logged and left to the sweeper."""
    try:
        current_app.send_task(WORK, kwargs={"queue": queue}, queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("doorbell of %s not delivered (the sweeper will ring): %s", queue, error)
