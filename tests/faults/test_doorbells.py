"""Doorbells are hints: all of them lost, or each delivered five times, the ends are the same."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import doorbell
from generation.models import Account, Attempt, Task
from generation.states import TASK_ENDS
from tests.books import find_mistakes
from tests.faults.processes import COUNT, LOOPS, running, wait_until, worker
from tests.steps import submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
TASKS = COUNT * 20 or 10


@pytest.fixture
def app(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    """A customer with credits for every task of the test."""
    rich("carol", 10 * TASKS)
    return client_of("carol")


def all_ended() -> bool:
    return not Task.objects.exclude(state__in=TASK_ENDS).exists()


def check_ends() -> None:
    """Each task completed in one execution and was paid once."""
    assert set(Task.objects.values_list("state", flat=True)) == {"completed"}
    assert Attempt.objects.count() == Task.objects.count()
    assert set(Attempt.objects.values_list("lease_token", flat=True)) == {1}
    assert find_mistakes() == []


def test_every_doorbell_dropped(
    app: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dropped: list[str] = []
    monkeypatch.setattr(doorbell, "ring", dropped.append)
    environment = {"SWEEP_SECONDS": "1"}
    with running(tmp_path / "worker.log", *worker("local")):
        for seed in range(TASKS):
            submit(app, seed=seed, width=32, height=32)
        with running(tmp_path / "loops.log", *LOOPS, **environment):
            took = wait_until(all_ended, 60 + TASKS, "the end of every task")
    struck("J8", len(dropped), seconds=took)
    assert len(dropped) == TASKS
    check_ends()


def test_every_doorbell_delivered_five_times(
    app: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rung: list[str] = []
    ring = doorbell.ring
    monkeypatch.setattr(doorbell, "ring", rung.append)
    for seed in range(TASKS):
        submit(app, seed=seed, width=32, height=32)
    bells = rung * 5
    random.shuffle(bells)
    for queue in bells:
        ring(queue)
    with (
        running(tmp_path / "one.log", *worker("local", "first")),
        running(tmp_path / "other.log", *worker("local", "second")),
    ):
        wait_until(all_ended, 60 + TASKS, "the end of every task")
    struck("J7", len(rung))
    assert len(bells) == TASKS * 5
    check_ends()
