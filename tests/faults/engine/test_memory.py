"""Many tasks in a row, each of another prompt and of two models in turn, do not make the worker grow."""

import re
from pathlib import Path
from statistics import median

import pytest
from rest_framework.test import APIClient

from generation.models import Task
from tests.faults.engine.orders import START_SECONDS, drawing
from tests.faults.processes import COUNT, wait_until
from tests.steps import submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
TASKS = COUNT * 20 or 24
MODELS = ("z-image-small", "z-image-small-outlines")
# By then every buffer of the allocator and every pool has its size.
SETTLED_AFTER = 9
# From task to task the size swings by 50 MiB, which a short run hardly averages out.
MOST_GROWTH_MIB = 16 if COUNT else 40


def test_worker_stays_as_large_as_it_was(carol: APIClient, tmp_path: Path) -> None:
    for number in range(TASKS):
        prompt = f"a red circle on a white background, {number}"
        submit(carol, prompt, model=MODELS[number % 4 == 3], seed=number, steps=2)
    sizes: dict[int, float] = {}
    with drawing(tmp_path) as process:

        def have_ended() -> bool:
            done = Task.objects.filter(state="completed").count()
            sizes[done] = resident_mib(process.pid)
            return done == TASKS

        wait_until(have_ended, START_SECONDS + 3 * TASKS, "the end of every task")
    settled = [size for done, size in sizes.items() if done >= SETTLED_AFTER]
    part = len(settled) // 3
    assert part, sizes
    assert median(settled[-part:]) - median(settled[:part]) < MOST_GROWTH_MIB, sizes


def resident_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found, "the worker is gone"
    return int(found[1]) / 1024
