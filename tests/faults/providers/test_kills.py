"""Workers killed while a paid create is under way: no vendor gets a second one, and no credit goes astray."""

import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.failures import AnswerLost
from generation.life import waiting
from generation.models import Account, Attempt, Task
from tests.books import find_mistakes
from tests.faults.processes import COUNT, LOOPS, running, wait_until, worker
from tests.faults.providers.vendor import (
    Vendor,
    check,
    kinds,
    make_healthy,
    order,
    pass_deadline,
    pictures,
    work_on,
)
from tests.patience import slowness
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Hang, Reply, Stall
from tests.steps import attempt_states, die
from tests.strikes import struck

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
# `make faults` counts 10 of each fault; of this one 50.
KILLS = COUNT * 5 or 2
START_SECONDS = 120
# Nothing of the answer has come, or half of it.
MOMENTS: list[Reply] = [Hang(), Stall(body=pictures(b64()).body)]


SIMPLE = ("-m", "tests.faults.providers.working")


@contextmanager
def working(folder: Path, *program: str) -> Iterator[int]:
    """Run a worker of the vendors' queue; yield its process."""
    lease = str(math.ceil(2 * slowness()))
    more = {"PRIVATE_HOSTS": "127.0.0.1", "LEASE_SECONDS": lease, "OMP_NUM_THREADS": "1"}
    with running(folder / "worker.log", *(program or SIMPLE), **more) as process:
        yield process.pid
        # Whoever ends in another way was not killed.
        assert process.wait(START_SECONDS) == -signal.SIGKILL


def kill_in_mid_order(folder: Path, vendor: Vendor, client: APIClient, moment: Reply) -> Task:
    """Order, and kill the worker once the vendor has the order and before anybody has its answer."""
    vendor.has_order.clear()
    vendor.faults = [moment]
    before = len(vendor.billed)
    with working(folder) as pid:
        task = order(client)
        wait_until(vendor.has_order.is_set, START_SECONDS, "the order's arrival at the vendor")
        attempt = Attempt.objects.get(task=task)
        assert (attempt.state, attempt.remote_id) == ("running", "")
        assert attempt.sending_at is not None
        kill(pid)
    assert len(vendor.billed) == before + 1
    return task


def kill(pid: int) -> None:
    """Kill a process as a lack of memory does."""
    os.kill(pid, signal.SIGKILL)


def test_worker_killed_while_its_vendor_has_the_order(
    dora: APIClient, vendor: Vendor, account: Account, tmp_path: Path
) -> None:
    tasks: list[Task] = []
    for number in range(KILLS):
        moment = MOMENTS[number % len(MOMENTS)]
        tasks.append(kill_in_mid_order(tmp_path, vendor, dora, moment))
        struck("J1")
        die()
        assert attempt_states(tasks[-1]) == ["unknown"]
        # Whatever workers and loops do from here on, the vendor hears no more of it.
        assert work_on() == []
        assert len(vendor.billed) == number + 1
    assert Attempt.objects.filter(state="unknown").count() == KILLS
    assert find_mistakes() == []
    for number, task in enumerate(tasks):
        settle(number, task)
        check(vendor, task, state="failed", captured=0, billed=KILLS)
        assert str(task.cost_usd) == "0.250000"
    assert not Attempt.objects.filter(state__in=["queued", "running", "unknown"]).exists()


def settle(number: int, task: Task) -> None:
    """Let a person give the order up, or its deadline end it."""
    if number % 2:
        pass_deadline(task)
        return
    attempt = Attempt.objects.get(task=task)
    waiting.decide_lost(attempt.pk, AnswerLost())


def test_whole_hub_goes_on_around_a_killed_worker(
    dora: APIClient, vendor: Vendor, account: Account, tmp_path: Path
) -> None:
    """The loops and another worker are real, too: orders behind the lost one are made, and it alone is in doubt."""
    more = {"REAP_SECONDS": "1", "SWEEP_SECONDS": "1"}
    lost = kill_in_mid_order(tmp_path, vendor, dora, Hang())
    vendor.respond = make_healthy
    with (
        running(tmp_path / "loops.log", *LOOPS, **more),
        working(tmp_path, *worker("remote")) as pid,
    ):
        others = [order(dora) for _ in range(3)]
        wait_until(
            lambda: Task.objects.filter(state="completed").count() == len(others),
            START_SECONDS,
            "the end of the other orders",
        )
        wait_until(lambda: attempt_states(lost) == ["unknown"], 60, "the doubt")
        kill(pid)
    assert kinds(lost)[-1] == "unknown"
    check(vendor, lost, state="processing", captured=0, billed=1 + len(others))
    for other in others:
        check(vendor, other, state="completed", captured=other.price, billed=1 + len(others))
