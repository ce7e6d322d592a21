"""Many pictures of a vendor that thinks long, on one worker process: how near that is to its threads' ideal.

The ideal is arithmetic: so many turns of the vendor's think time as the pictures fill the worker's threads.
"""

import math
import time

from genhub.embedded.programs import other_worker
from tests.bench import remote_hub, vendor
from tests.bench.engine_tax import Work
from tests.bench.measure import Goal, Report, spread
from tests.bench.remote_hub import Ended, RemoteHub
from tests.bench.server import say

# Pictures, seconds of think time, rounds.
FULL, QUICK = (200, 10, 2), (24, 4, 2)
MOST = 1.15


def count_threads() -> int:
    """Return how many orders the hub's worker has at vendors at a time."""
    command = other_worker().command
    (threads,) = (word.partition("=")[2] for word in command if word.startswith("--concurrency="))
    return int(threads)


def count_at_once(ended: list[Ended]) -> int:
    """Return how many orders were at work at a time, at most."""
    moments = [(one.started_at, 1) for one in ended] + [(one.ended_at, -1) for one in ended]
    most = now = 0
    for _, step in sorted(moments):
        now += step
        most = max(most, now)
    return most


def make_all(hub: RemoteHub, number: int) -> tuple[float, list[Ended]]:
    """Order so many pictures at once; return the seconds until the last was completed."""
    began = time.time()
    ended = hub.make_many("bench", number)
    return max(one.ended_at for one in ended) - began, ended


def run(*, is_quick: bool) -> Report:
    """Order them all at once, again and again, and compare with the ideal."""
    number, think_seconds, rounds = QUICK if is_quick else FULL
    threads = count_threads()
    ideal = math.ceil(number / threads) * think_seconds
    model = remote_hub.Model("bench", think_ms=1000 * think_seconds)
    took, at_once = [], 0
    with vendor.running() as seller, remote_hub.running(seller, [model]) as hub:
        # Each thread has its first picture behind it.
        hub.make_many("bench", threads)
        worker, whole = Work(lambda: [hub.worker()]), Work(hub.pids)
        before = seller.count()["orders"]
        rounds_made: list[tuple[float, list[Ended]]] = []

        def make() -> float:
            rounds_made.append(make_all(hub, number))
            return rounds_made[-1][0]

        for turn in range(rounds):
            whole.time(lambda: worker.time(make, number), number)
            seconds, ended = rounds_made[-1]
            took.append(seconds)
            at_once = max(at_once, count_at_once(ended))
            say(f"· round {turn + 1}: {took[-1]:.1f} s; the ideal is {ideal} s")
        sent = seller.count()["orders"] - before
        if sent != number * rounds:
            raise AssertionError(f"{number * rounds} orders, and {sent} were sent")
    return Report(
        arms={"hub": {**spread(took), "unit": "s"}, "ideal": {"median": ideal, "unit": "s"}},
        goals=[Goal("hub / ideal", [seconds / ideal for seconds in took], most=MOST)],
        control=took[0] / took[-1],
        facts={
            "pictures": number,
            "think_seconds": think_seconds,
            "threads": threads,
            "at_once": at_once,
            "cpu_ms_a_picture_worker": round(1000 * worker.seconds / worker.pictures, 1),
            "cpu_ms_a_picture_whole_hub": round(1000 * whole.seconds / whole.pictures, 1),
            "scaled_down": is_quick,
        },
    )
