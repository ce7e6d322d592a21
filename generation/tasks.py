"""Celery's side of this app: the doorbell's job, and what a worker process does when it starts and stops."""

import gc
import threading
from collections.abc import Callable
from typing import Any

from celery import shared_task, signals

from generation.life import doorbell
from generation.work import bells, presence, run
from generation.work.process import draining, readiness


@shared_task(name=doorbell.WORK, throws=(bells.OrdersFailed,))
def work(queue: str) -> str:
    """Work on a queue. What it returns, or fails with, tells Flower how many orders ended how."""
    return bells.tell(queue, run.run_queue(queue))


@signals.worker_ready.connect
def start_presence(sender: Any, **_: Any) -> None:
    """Beat until the process ends, and warm up; where that fails, again and again beside the worker's other work."""
    queues = sorted(str(getattr(queue, "name", queue)) for queue in sender.task_consumer.queues)
    readiness.unready, readiness.threads = presence.LOADING, sender.controller.concurrency
    # What was loaded stays, unlike a model: to look for garbage among it would hold up all threads for some 0.2 s.
    gc.freeze()
    begin(presence.keep_beating, sender.hostname, queues)
    if not presence.get_ready(sender.hostname, queues):
        begin(presence.keep_warming, sender.hostname, queues)


def begin(act: Callable[[str, list[str]], None], name: str, queues: list[str]) -> None:
    """Do something in a thread of its own that ends with the process."""
    threading.Thread(target=act, args=(name, queues), name=act.__name__, daemon=True).start()


@signals.worker_shutting_down.connect
def drain(**_: Any) -> None:
    """Claim no more: the attempt under way ends or is given back, then the process ends."""
    draining.set()
