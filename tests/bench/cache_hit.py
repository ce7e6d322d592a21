"""An order that is found instead of drawn, against one that is taken to be drawn: CPU time, with the database's."""

import uuid
from statistics import median

from generation.selectors import drawn
from generation.work.run import run_queue
from tests.bench import accept, books
from tests.bench.accept import GENERATE, order
from tests.bench.cpu import cpu_here, find_postmaster
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

HITS, QUICK_HITS = 200, 40
# As many as a process has at hand.
USERS = drawn.MOST_AT_HAND
# A hit holds, captures, ends, and is read anew for its answer.
LEAST_OF_ACCEPT = 0.75
MOST_CPU_MS = 15.0


def run(*, is_quick: bool) -> Report:
    """Take orders that are drawn and orders that are found, in turn; the books are proved in the end."""
    number = QUICK_HITS if is_quick else HITS
    door, _, _ = accept.open_shop(past=0)
    postmaster = find_postmaster()
    users = [f"user{place}" for place in range(1, USERS + 1)]
    small = {"width": 128, "height": 128, "steps": 1}
    for user in users:
        door.post(GENERATE, order(user) | small, str(uuid.uuid4()))
    run_queue("local")

    def hit() -> float:
        began = cpu_here(postmaster)
        for place in range(number):
            door.post(GENERATE, order(users[place % USERS]) | small, str(uuid.uuid4()))
        return number / (cpu_here(postmaster) - began)

    def take() -> float:
        began = cpu_here(postmaster)
        for _ in range(number):
            door.post(GENERATE, order() | small | {"cache": "off"}, str(uuid.uuid4()))
        return number / (cpu_here(postmaster) - began)

    if len(drawn.AT_HAND.own) < USERS:
        raise AssertionError(f"{len(drawn.AT_HAND.own)} of {USERS} are at hand")
    found = interleave(
        {"hit": hit, "accept": take},
        rounds=3 if is_quick else 7,
        unit="orders per CPU-second",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    books.tidy()
    books.check()
    return Report(
        arms=found.summary("orders per CPU-second"),
        goals=[
            Goal("hit / accept", found.ratios("hit", "accept"), least=LEAST_OF_ACCEPT),
            Goal("cpu_ms_a_hit", [1000 / hits for hits in found.values("hit")], most=MOST_CPU_MS),
        ],
        control=found.control,
        facts={"cpu_ms_a_hit": round(1000 / median(found.values("hit")), 2)},
    )
