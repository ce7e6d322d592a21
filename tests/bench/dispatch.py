"""From an order's first byte to the first line of the job that takes it up, beside a bare Celery job on the same broker
and in the same worker. Queues are empty and the worker idle each time."""

import random
import time
import uuid
from collections.abc import Callable

from generation.life import doorbell
from genhub.celery import app
from tests import servers
from tests.bench.accept import GENERATE, open_shop, order
from tests.bench.door import Door
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.bench.timed_worker import BEGAN, ENDED, NOTHING, QUEUE, book
from tests.faults.processes import running, wait_until

CALLS, QUICK_CALLS = 20, 8
MOST = 2.0
GIVE_UP_SECONDS = 60
# The worker rests between two jobs, and for other lengths of time: no poll of the broker's may fall in step.
REST_SECONDS = (0.01, 0.06)
WORKER = (
    "-m", "celery", "-A", "tests.bench.timed_worker", "worker", f"--queues=local,{QUEUE}", "--pool=threads",
    "--concurrency=1", "--hostname=dispatch@bench", "--without-gossip", "--without-mingle", "--loglevel=WARNING",
)  # fmt: skip


class Clock:
    """Times how long a job's first line takes to come."""

    def __init__(self) -> None:
        self.book = book()

    def time(self, begin: Callable[[], object]) -> float:
        """Begin something and return the milliseconds until the job's first line."""
        time.sleep(random.uniform(*REST_SECONDS))
        began = time.monotonic()
        begin()
        first = self._take(BEGAN)
        self._take(ENDED)
        return (first - began) * 1000

    def _take(self, name: str) -> float:
        found = self.book.blpop([name], timeout=GIVE_UP_SECONDS)
        if not found:
            raise AssertionError(f"no job within {GIVE_UP_SECONDS} s")
        return float(found[1])


def run(*, is_quick: bool) -> Report:
    """Order, ring and begin nothing, in turn."""
    door, _, _ = open_shop(past=0)
    clock = Clock()

    def begin_nothing() -> None:
        app.send_task(NOTHING, queue=QUEUE)

    def submit(through: Door) -> None:
        through.post(GENERATE, order(), str(uuid.uuid4()))

    with running(servers.HOME / "worker.log", *WORKER):
        wait_until(lambda: bool(app.control.ping(timeout=1)), 120, "the worker's start")
        clock.time(begin_nothing)
        for _ in range(3):
            clock.time(lambda: submit(door))
        found = interleave(
            {
                "Celery": lambda: clock.time(begin_nothing),
                "hub": lambda: clock.time(lambda: submit(door)),
                "bell": lambda: clock.time(lambda: doorbell.ring("local")),
            },
            rounds=3 if is_quick else 9,
            calls=QUICK_CALLS if is_quick else CALLS,
            unit="ms",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
    return Report(
        arms=found.summary("ms"),
        goals=[Goal("hub / Celery", found.ratios("hub", "Celery"), most=MOST)],
        control=found.control,
        facts={"bell_of_celery": [round(ratio, 2) for ratio in found.ratios("bell", "Celery")]},
    )
