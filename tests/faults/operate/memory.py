"""The memory of a hub's processes over time, from the kernel's own sums, and how fast it rises."""

import statistics
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from tests.bench.cpu import list_children
from tests.embedded.hubs import HubProcess
from tests.faults.operate.strikes import PARTS

SAMPLE_SECONDS = 3.0
# What a part allocates at first is no leak, however long it lived before.
SETTLING = 0.2
# Of more samples every so-manieth is enough to know a slope.
MOST_POINTS = 200


@dataclass(frozen=True)
class Sample:
    """One part at one time: seconds of a monotonic clock, KiB in all (PSS) and of these its own (anonymous)."""

    at: float
    part: str
    pid: int
    pss_kib: int
    anon_kib: int


class Watch:
    """Samples every part until it is stopped."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        self.samples: list[Sample] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            for part, find in PARTS.items():
                with suppress(OSError):
                    if pid := find(self.hub):
                        self.samples.append(take_sample(part, pid))


def take_sample(part: str, pid: int) -> Sample:
    """Return what a part has now, its children with it; raise OSError when it is gone."""
    sums = [read_sums(one) for one in (pid, *list_children(pid))]
    return Sample(time.monotonic(), part, pid, *(sum(column) for column in zip(*sums, strict=True)))


def read_sums(pid: int) -> tuple[int, int]:
    """Return a process's KiB in all and of its own; shared pages count in shares."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = dict(line.split(":", 1) for line in text.splitlines() if line.startswith("Pss"))
    return int(found["Pss"].split()[0]), int(found["Pss_Anon"].split()[0])


def find_slope(points: list[tuple[float, float]]) -> float:
    """Return the median slope between any two points: a step of an allocator does not tilt it."""
    thin = points[:: max(1, len(points) // MOST_POINTS)]
    slopes = [(y - x) / (t - s) for (s, x), (t, y) in combinations(thin, 2) if t > s]
    return statistics.median(slopes) if slopes else 0.0


def weigh(samples: list[Sample], began: float, ended: float) -> Mapping[str, dict[str, Any]]:
    """Return each part's memory between two times: what it settled at, where it ended, its rise and slope.

    MiB; the rise is from the median of the first quarter to that of the last one, and so is `rise_share` of it.
    """
    since = began + SETTLING * (ended - began)
    found = {}
    for part in PARTS:
        mine = [one for one in samples if one.part == part and since <= one.at <= ended]
        if len(mine) < 8:
            raise AssertionError(f"{part} was seen {len(mine)} times: too few to tell")
        quarter = len(mine) // 4
        first = statistics.median(one.anon_kib for one in mine[:quarter])
        last = statistics.median(one.anon_kib for one in mine[-quarter:])
        slope = find_slope([(one.at, float(one.anon_kib)) for one in mine])
        found[part] = {
            "pss_mib": round(statistics.median(one.pss_kib for one in mine) / 1024, 1),
            "own_mib": round(first / 1024, 1),
            "rise_mib": round((last - first) / 1024, 2),
            "rise_share": round((last - first) / first, 4),
            "slope_mib_per_hour": round(slope * 3600 / 1024, 2),
            "samples": len(mine),
            "lives": len({one.pid for one in mine}),
        }
    return found
