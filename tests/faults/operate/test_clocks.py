"""Workers and loops whose clocks are an hour ahead and an hour behind, stepping: no lease ends early, since
the database's clock is the only one that counts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account, Attempt, Event, Task
from generation.states import TASK_ENDS
from tests.books import find_mistakes
from tests.faults.processes import COUNT, running, wait_until, worker
from tests.steps import submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
TASKS = COUNT or 4
# Runs a module under a clock that is so many seconds off, to one side and the other every few seconds.
SHIFTED = """
import runpy, sys, time
right, seconds = time.time, float(sys.argv[1])
def wrong():
    now = right()
    return now + (seconds if now // 3 % 2 else -seconds)
time.time = wrong
time.time_ns = lambda: int(wrong() * 1e9)
sys.argv = sys.argv[2:]
if sys.argv[0] == "-m":
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""
LOOPS = ("-c", SHIFTED, "3600", "manage.py", "loops")
# Far more than a busy machine delays a beat, and far less than the clocks are off.
QUICK = {"SWEEP_SECONDS": "1", "REAP_SECONDS": "1", "LEASE_SECONDS": "60"}


def all_ended() -> bool:
    return not Task.objects.exclude(state__in=TASK_ENDS).exists()


def test_clock_of_nobody_but_the_database_counts(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account, tmp_path: Path
) -> None:
    rich("carol", 10 * TASKS)
    app = client_of("carol")
    shifted = ("-c", SHIFTED, "-3600", *worker("local"))
    with (
        running(tmp_path / "loops.log", *LOOPS, **QUICK),
        running(tmp_path / "worker.log", *shifted, **QUICK),
    ):
        for seed in range(TASKS):
            submit(app, seed=seed, width=32, height=32)
        wait_until(all_ended, 120, "the end of every task")
    struck("J11", TASKS)
    assert set(Task.objects.values_list("state", flat=True)) == {"completed"}
    assert set(Attempt.objects.values_list("state", "lease_token")) == {("succeeded", 1)}
    assert not Event.objects.filter(kind=Event.Kind.ABANDONED).exists()
    assert find_mistakes() == []
