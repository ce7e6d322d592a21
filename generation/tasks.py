"""Celery's side of this app: the doorbell's job, and what a worker process does when it starts and stops."""

import logging
import threading
from typing import Any

from celery import shared_task, signals
from django.db import DatabaseError, connection

from generation import dispatch
from generation.services import presence, run

logger = logging.getLogger(__name__)


@shared_task(name=dispatch.WORK)
def work(queue: str) -> list[dict[str, str]]:
    """Work on a queue; the result tells Flower which tasks were run and how they ended."""
    ended = run.run_queue(queue)
    if len(ended) == run.MOST_TASKS_A_JOB:
        dispatch.ring(queue)
    return ended


@signals.worker_ready.connect
def start_presence(sender: Any, **_: Any) -> None:
    """Warm up, then beat from a thread until the process ends."""
    queues = sorted(sender.task_consumer.queues, key=str)
    names = [getattr(queue, "name", str(queue)) for queue in queues]
    presence.warm_up(names)
    threading.Thread(target=keep_beating, args=(sender.hostname, names), daemon=True).start()


def keep_beating(name: str, queues: list[str]) -> None:
    """Beat until the worker drains, then say so; a database that is away is outlived."""
    while True:
        try:
            if run.draining.is_set():
                presence.leave(name)
                return
            presence.beat(name, queues)
        except DatabaseError as error:
            logger.warning("sign of life not noted: %s", error)
            if run.draining.is_set():
                return
        finally:
            connection.close()
        run.draining.wait(presence.BEAT_SECONDS)


@signals.worker_shutting_down.connect
def drain(**_: Any) -> None:
    """Claim no more: the attempt under way ends, then the process does."""
    run.draining.set()
