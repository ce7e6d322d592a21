"""Celery's side of this app: the doorbell's job, and what a worker process does when it starts and stops."""

import logging
import threading
from typing import Any

from celery import shared_task, signals
from django.db import close_old_connections, connection

from generation import dispatch
from generation.services import presence, run
from generation.services.heart import draining

logger = logging.getLogger(__name__)


@shared_task(name=dispatch.WORK)
def work(queue: str) -> list[dict[str, str]]:
    """Work on a queue; the result tells Flower which tasks were run and how they ended."""
    return run.run_queue(queue)


@signals.worker_ready.connect
def start_presence(sender: Any, **_: Any) -> None:
    """Warm up, then beat from a thread until the process ends."""
    names = sorted(str(getattr(queue, "name", queue)) for queue in sender.task_consumer.queues)
    unready = ""
    try:
        presence.warm_up(names)
    except Exception:
        # Celery drops what a signal's receiver raises; health must show it, and orders fail with a clear code.
        logger.exception("the worker cannot be warmed up")
        unready = "the model cannot be loaded; see the worker's log"
    finally:
        close_old_connections()
    threading.Thread(
        target=keep_beating, args=(sender.hostname, names, unready), daemon=True
    ).start()


def keep_beating(name: str, queues: list[str], unready: str) -> None:
    """Beat until the worker drains, then say so; whatever goes wrong is logged and outlived."""
    while True:
        stops = draining.is_set()
        try:
            if stops:
                presence.leave(name)
            else:
                presence.beat(name, queues, unready=unready)
        except Exception:
            logger.exception("sign of life not noted")
        finally:
            connection.close()
        if stops:
            return
        draining.wait(presence.BEAT_SECONDS)


@signals.worker_shutting_down.connect
def drain(**_: Any) -> None:
    """Claim no more: the attempt under way ends or is given back, then the process ends."""
    draining.set()
