"""A day of orders on some workers, simulated: `python -m tests.bench.fleet --workers 10 --seconds 0.75`.

Orders come at random, more of them at the day's peak; whoever is free takes the one that has waited longest. As
`make bench ID=fleet` it is checked against real workers. What it leaves out: priorities and fair shares change who
waits, not how long all wait together; orders that are drawn as one batch count by their seconds a picture.
"""

import argparse
import heapq
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Fleet:
    """So many workers. `seconds` is what each picture keeps one busy, the hub's own part included; `bell_seconds` what
    passes until one that is idle hears of an order. A worker dies every `hours_between_deaths` and is then away for
    `seconds_away`, and the picture under way is made anew."""

    workers: int
    seconds: float
    bell_seconds: float = 0.0
    hours_between_deaths: float = math.inf
    seconds_away: float = 60.0


@dataclass(frozen=True)
class Outcome:
    """What came of all orders, in the order in which they came: seconds until each was begun, and when it was done."""

    waits: list[float]
    ends: list[float]
    busy_share: float

    def wait_at(self, share: float) -> float:
        """Return the wait that this share of the orders did not exceed."""
        return sorted(self.waits)[min(int(share * len(self.waits)), len(self.waits) - 1)]

    @property
    def mean_seconds(self) -> float:
        """Return the mean wait."""
        return sum(self.waits) / len(self.waits)


def draw_arrivals(
    pictures: float, length: float, peak: float, dice: random.Random
) -> Iterator[float]:
    """Yield the times of so many orders (in the mean) over a length in seconds: a wave with its peak at the middle,
    `peak` times the mean rate, and as far below it at both ends."""
    if not 1 <= peak <= 2:
        raise ValueError(
            "a peak is once to twice the mean: below, the night would have less than no orders"
        )
    mean, now = pictures / length, 0.0
    while (now := now + dice.expovariate(mean * peak)) < length:
        rate = 1 - (peak - 1) * math.cos(2 * math.pi * now / length)
        if dice.random() * peak < rate:
            yield now


def simulate(arrivals: Sequence[float], fleet: Fleet, dice: random.Random) -> Outcome:
    """Return what becomes of orders that come at these times (ascending)."""
    free = [0.0] * fleet.workers
    waits, ends = [], []
    busy = 0.0
    deaths_a_second = 1 / (fleet.hours_between_deaths * 3600)
    for came in arrivals:
        at = heapq.heappop(free)
        begins = max(at, came + fleet.bell_seconds)
        took = fleet.seconds
        if deaths_a_second and dice.random() < deaths_a_second * fleet.seconds:
            took += dice.random() * fleet.seconds + fleet.seconds_away
        waits.append(begins - came)
        ends.append(begins + took)
        busy += took
        heapq.heappush(free, begins + took)
    return Outcome(waits, ends, busy / (fleet.workers * max(ends)))


def longest_line(arrivals: Sequence[float], waits: Sequence[float]) -> int:
    """Return the most orders that waited at one time."""
    begins = sorted(came + wait for came, wait in zip(arrivals, waits, strict=True))
    most = turn = 0
    for number, came in enumerate(arrivals, 1):
        while turn < len(begins) and begins[turn] <= came:
            turn += 1
        most = max(most, number - turn)
    return most


def main() -> None:
    """Simulate a day and say what it was like."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fleet")
    parser.add_argument("--pictures", type=float, default=1e6, help="pictures a day")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument(
        "--seconds", type=float, required=True, help="that a picture keeps a worker"
    )
    parser.add_argument("--peak", type=float, default=1.6, help="rate at the peak / mean rate")
    parser.add_argument("--deaths-every", type=float, default=24.0, help="hours, of each worker")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    dice = random.Random(words.seed)
    fleet = Fleet(words.workers, words.seconds, hours_between_deaths=words.deaths_every)
    arrivals = list(draw_arrivals(words.pictures, DAY_SECONDS, words.peak, dice))
    found = simulate(arrivals, fleet, dice)
    told = {
        "orders": len(arrivals),
        "busy_share": round(found.busy_share, 3),
        "wait_s": {f"p{share:g}": round(found.wait_at(share / 100), 1) for share in (50, 95, 99, 100)},
        "longest_line": longest_line(arrivals, found.waits),
        "last_end_h": round(max(found.ends) / 3600, 2),
    }  # fmt: skip
    print(json.dumps(told))  # noqa: T201 (its answer)


if __name__ == "__main__":
    main()
