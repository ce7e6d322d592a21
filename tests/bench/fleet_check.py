"""The simulation of `tests.bench.fleet` against real workers: a day of seconds, its peak above what they can do.

How soon an idle worker hears of an order and a busy one takes the next is measured first; the same orders, at the very
times at which they came and as long as they took in the mean, are then simulated.
"""

import os
import random
import statistics
import time
import uuid
from contextlib import ExitStack

from generation.models import Task
from generation.states import TASK_ENDS
from genhub.celery import app
from tests import servers
from tests.bench.accept import GENERATE, open_shop, order
from tests.bench.door import Door
from tests.bench.fleet import Fleet, Outcome, draw_arrivals, simulate
from tests.bench.measure import Goal, Report
from tests.bench.server import say
from tests.faults.processes import running, wait_until

WORKERS, PACE_SECONDS = 4, 4.0
# Of a day, in seconds, and of the mean rate what the workers can do.
FULL, QUICK, LOAD, PEAK = 240.0, 90.0, 0.85, 1.6
ALONE, BACK_TO_BACK = 4, 5
# Shares of the prediction.
THROUGHPUT_WITHIN, WAIT_WITHIN = 0.05, 0.25
Times = list[tuple[float, float, float]]


def worker(name: str) -> tuple[str, ...]:
    """Return the arguments of a worker of one thread, as that of the engine is."""
    return (
        "-m", "celery", "-A", "tests.bench.paced_worker", "worker", "--queues=local", "--pool=threads", "--concurrency=1",
        f"--hostname={name}-{os.getpid()}@bench", "--without-gossip", "--without-mingle", "--loglevel=WARNING",
    )  # fmt: skip


def submit(door: Door) -> None:
    """Order one small picture."""
    words = {**order(), "width": 128, "height": 128}
    door.post(GENERATE, words, str(uuid.uuid4()))


def all_ended() -> bool:
    return not Task.objects.exclude(state__in=TASK_ENDS).exists()


def take_times() -> Times:
    """Return when each task came, was begun and ended, by the database's clock, in the order in which they came."""
    wait_until(all_ended, 600, "the last end")
    rows = Task.objects.order_by("created_at")
    found = [
        (one.created_at.timestamp(), one.started_at.timestamp(), one.completed_at.timestamp())
        for one in rows
        if one.started_at and one.completed_at
    ]
    if len(found) != rows.count():
        raise AssertionError("some were not completed")
    return found


def hear(door: Door) -> float:
    """Return the seconds until an idle worker hears of an order."""
    for _ in range(ALONE):
        submit(door)
        wait_until(all_ended, 60, "an end")
    # The first has loaded what the others find loaded.
    return statistics.median(began - came for came, began, _ in take_times()[1:])


def keep_busy(door: Door) -> float:
    """Return the seconds from a picture's end to the next one's begin at the same worker, while none of them rests."""
    before = Task.objects.count()
    for _ in range(WORKERS * BACK_TO_BACK):
        submit(door)
    times = take_times()[before:]
    begins = sorted(began for _, began, _ in times)
    period = WORKERS * (begins[-1] - begins[0]) / (len(begins) - WORKERS)
    return max(0.0, period - mean_work(times))


def mean_work(times: Times) -> float:
    """Return the mean seconds from a begin to its end."""
    return statistics.fmean(ended - began for _, began, ended in times)


def run(*, is_quick: bool) -> Report:
    """Measure what keeps workers busy, let them have a day, and simulate the same day."""
    door, _, _ = open_shop(past=0)
    dice = random.Random(1)
    with ExitStack() as workers:
        for number in range(WORKERS):
            log = servers.HOME / f"w{number}.log"
            workers.enter_context(running(log, *worker(f"w{number}"), PACE_SECONDS=str(PACE_SECONDS)))  # fmt: skip
        wait_until(lambda: len(app.control.ping(timeout=2) or ()) == WORKERS, 120, "their start")
        bell, between = hear(door), keep_busy(door)
        say(f"· between two pictures {between:.3f} s; a bell takes {bell:.3f} s")
        before = Task.objects.count()
        length = QUICK if is_quick else FULL
        pictures = LOAD * WORKERS / (PACE_SECONDS + between) * length
        began = time.monotonic()
        for at in draw_arrivals(pictures, length, PEAK, dice):
            time.sleep(max(0.0, began + at - time.monotonic()))
            submit(door)
        real = take_times()[before:]
    start = real[0][0]
    # As long as they took that day: others on this machine make it longer at one time than at another, and what is
    # checked is what follows from it.
    seconds = mean_work(real) + between
    fleet = Fleet(WORKERS, seconds, bell)
    predicted = simulate([came - start for came, _, _ in real], fleet, dice)
    return compare(real, predicted, {"seconds": round(seconds, 3), "bell_s": round(bell, 3)})


def reach(outcome: Outcome, real: Times) -> float:
    """Return the seconds from the first order until three quarters of all were done."""
    return sorted(outcome.ends)[len(real) * 3 // 4]


def compare(real: Times, predicted: Outcome, facts: dict[str, float]) -> Report:
    """Return how near the simulation came."""
    start = real[0][0]
    waits = [began - came for came, began, _ in real]
    found = Outcome(waits, [end - start for _, _, end in real], 0.0)
    throughput = reach(predicted, real) / reach(found, real)
    wait = found.mean_seconds / predicted.mean_seconds
    arms = {
        name: {
            "median": round(one.wait_at(0.5), 2),
            "unit": "s of wait",
            "mean": round(one.mean_seconds, 2),
            "p95": round(one.wait_at(0.95), 2),
            "last_end": round(max(one.ends), 1),
        }
        for name, one in (("real", found), ("predicted", predicted))
    }
    return Report(
        arms=arms,
        goals=[
            Goal("throughput, real / predicted", [throughput] * 2, least=1 - THROUGHPUT_WITHIN),
            Goal("mean wait, real / predicted", [wait] * 2, most=1 + WAIT_WITHIN),
            Goal("mean wait, real / predicted, not less", [wait] * 2, least=1 - WAIT_WITHIN),
        ],
        control=1.0,
        facts={"orders": len(real), "workers": WORKERS, "pace_s": PACE_SECONDS, **facts},
    )
