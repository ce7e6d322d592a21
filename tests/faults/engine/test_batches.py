"""A worker dies, or is stopped, in the middle of a batch: every member ends completed, and nobody pays for it."""

import signal
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Attempt, Task
from tests.faults.engine.orders import (
    START_SECONDS,
    await_batch,
    drawing,
    submit_alike,
    take_back,
)
from tests.faults.processes import COUNT
from tests.patience import patience
from tests.steps import attempt_states
from tests.strikes import struck

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
MEMBERS = 4
# Long enough to be met in the middle.
STEPS = 20


@pytest.mark.parametrize("number", range(COUNT or 1))
def test_batch_outlives_its_workers(carol: APIClient, tmp_path: Path, number: int) -> None:
    tasks = submit_alike(carol, MEMBERS, STEPS)
    with drawing(tmp_path) as process:
        await_batch(MEMBERS)
        process.send_signal(signal.SIGKILL)
        assert process.wait(patience(10)) == -signal.SIGKILL
    take_back()
    check_states(tasks, ["abandoned", "queued"])

    # The retaken ones are older, and each goes alone, before the next batch.
    others = submit_alike(carol, MEMBERS, STEPS)
    with drawing(tmp_path, DRAIN_SECONDS="0") as process:
        await_batch(MEMBERS)
        check_states(tasks, ["abandoned", "succeeded"])
        second = Attempt.objects.filter(number=2)
        assert set(second.values_list("batch_size", "isolated")) == {(1, True)}
        assert {claims.count_deaths(task.pk) for task in tasks} == {0}
        process.terminate()
        struck("J3")
        assert process.wait(patience(30)) == 0
    check_states(others, ["canceled", "queued"])
    check_paid(carol, tasks)

    with drawing(tmp_path, DRAIN_SECONDS="100") as process:
        await_batch(MEMBERS)
        process.terminate()
        struck("J3")
        assert process.wait(patience(START_SECONDS)) == 0
    # Together again, since nobody died; and all of them were finished and stored before the process ended.
    check_states(others, ["canceled", "succeeded"])
    last = Attempt.objects.filter(task__in=others, number=2)
    assert set(last.values_list("batch_size", "isolated")) == {(MEMBERS, False)}
    check_paid(carol, others)


def check_states(tasks: list[Task], states: list[str]) -> None:
    assert [attempt_states(task) for task in tasks] == [states] * len(tasks)


def check_paid(client: APIClient, tasks: list[Task]) -> None:
    for task in tasks:
        answer = client.get(f"/api/v1/tasks/{task}").json()
        assert answer["status"] == "completed"
        assert (answer["credits"]["captured"], answer["credits"]["held"]) == (task.price, 0)
