"""The hub's own Celery app with one job more, which does nothing; each job says when it began and when it ended.

`celery -A tests.bench.timed_worker worker`
"""

import os
import time
from pathlib import Path
from typing import Any

import redis
from celery import signals

from genhub.celery import app
from genhub.embedded import paths

NOTHING, QUEUE = "bench.nothing", "bench"
BEGAN, ENDED = "bench:began", "bench:ended"

__all__ = ["app"]


def book() -> "redis.Redis":
    """Return where the times are kept."""
    # Not from tests.servers, which begins a home of its own in each process that loads it.
    home = Path(os.environ["GENHUB_HOME"])
    return redis.Redis(unix_socket_path=str(paths.valkey_socket(paths.run_folder(home))))


written = book()


@app.task(name=NOTHING)
def do_nothing() -> None:
    """Begin and end."""


@signals.task_prerun.connect
def note_begin(**_: Any) -> None:
    """Note the moment before a job's first line."""
    written.rpush(BEGAN, time.monotonic())


@signals.task_postrun.connect
def note_end(**_: Any) -> None:
    """Note that the worker is free."""
    written.rpush(ENDED, time.monotonic())
