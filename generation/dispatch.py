"""The only sender of jobs. A job is a doorbell: it names a queue, and losing it costs seconds."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

WORK = "generation.work"


def ring_after_commit(queue: str) -> None:
    """Ring a queue once the transaction is durable."""
    transaction.on_commit(partial(ring, queue), robust=True)


def ring(queue: str) -> None:
    """Ring a queue; a broker that is down is logged and left to the sweeper."""
    try:
        current_app.send_task(WORK, kwargs={"queue": queue}, queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("doorbell of %s not delivered (the sweeper will ring): %s", queue, error)
