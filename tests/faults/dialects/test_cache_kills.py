"""The worker that draws for many identical orders is killed: one drawing more, and each pays what is its own."""

import os
import signal
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits.models import Hold, PriceRule
from generation.models import Account, Attempt, Task
from generation.work.run import run_queue
from tests.easel import Easel
from tests.faults.dialects.drawing import BEGUN
from tests.faults.processes import COUNT, running, wait_until
from tests.races import together
from tests.steps import attempt_states, die, submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("right_books"),
]
KILLS, ORDERS = COUNT or 1, 100 if COUNT else 8
START_SECONDS = 120


def test_killed_in_the_middle_of_the_one_drawing(
    alice: APIClient, easel: Easel, tmp_path: Path
) -> None:
    PriceRule.objects.create(name="Picture", effect="price", amount=10)
    PriceRule.objects.create(name="Found", effect="cached", amount=1)
    program = ("-m", "tests.faults.dialects.drawing", Account.objects.get().adapter)
    for seed in range(KILLS):
        log = tmp_path / f"worker{seed}.log"
        with running(log, *program) as process:
            together(*[lambda: submit(alice, seed=seed)] * ORDERS)  # noqa: B023 (run at once)
            wait_until(lambda: BEGUN in log.read_text(), START_SECONDS, "the drawing")  # noqa: B023
            waits = Attempt.objects.filter(state="queued").count()
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait(START_SECONDS) == -signal.SIGKILL
        assert waits == ORDERS - 1
        die()
        easel.batches.clear()
        together(*[lambda: run_queue("local")] * 2)
        run_queue("local")
        tasks = Task.objects.filter(spec__seeds=[seed])
        assert [task.state for task in tasks] == ["completed"] * ORDERS
        assert sum(map(len, easel.batches)) == 1
        drawn = tasks.get(cached_from=None)
        # The death left the lead where it was.
        assert attempt_states(drawn) == ["abandoned", "succeeded"]
        holds = Hold.objects.filter(reference__in=[task.pk for task in tasks])
        assert sorted(holds.values_list("captured", flat=True)) == [1] * (ORDERS - 1) + [10]
