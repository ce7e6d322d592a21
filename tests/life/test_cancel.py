"""A cancel through the API while the small model really draws: how many steps are begun after its answer?"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from itertools import cycle, pairwise
from statistics import median
from typing import Any

import pytest
from diffusers import ZImageTransformer2DModel
from django.db import connection, connections
from rest_framework.test import APIClient

from generation.accounts.seed import seed_local_provider
from generation.api import views
from generation.life.unpaid_ends import cancel_task
from generation.work import run
from tests.patience import patience
from tests.steps import attempt_states, submit

pytestmark = [
    pytest.mark.whole,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books"),
    pytest.mark.xdist_group("torch"),
]
logger = logging.getLogger(__name__)
# The cancels come after so many steps: far more are ordered than are drawn.
STEPS, STEPS_BEFORE = 50, range(4, 20)
# The shortest steps that there are.
SMALLEST = {"width": 128, "height": 128, "cfg_scale": 0}


class Steps:
    """Notes when each step begins, and says when the drawing is well under way."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, number: int) -> None:
        """Begin anew; so many steps, and the drawing is under way."""
        self.number = number
        self.begun_at: list[float] = []
        self.under_way = threading.Event()

    def note(self) -> None:
        """Note one."""
        self.begun_at.append(time.monotonic())
        if len(self.begun_at) == self.number:
            self.under_way.set()


@pytest.fixture
def pooled() -> Iterator[None]:
    """Connections from a pool, as workers have them."""
    connection.close()
    options = connection.settings_dict["OPTIONS"]
    options["pool"] = {"min_size": 1, "max_size": 8, "timeout": patience(10)}
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    del options["pool"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The steps that the engine begins."""
    steps = Steps()
    forward = ZImageTransformer2DModel.forward

    def noted(*values: Any, **words: Any) -> Any:
        steps.note()
        return forward(*values, **words)

    monkeypatch.setattr(ZImageTransformer2DModel, "forward", noted)
    return steps


@pytest.fixture
def committed_at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each cancel of the API was durable: a little before its answer."""
    times: list[float] = []

    def cancel(task_id: uuid.UUID) -> None:
        cancel_task(task_id)
        times.append(time.monotonic())

    monkeypatch.setattr(views, "cancel_task", cancel)
    return times


@pytest.mark.usefixtures("pooled")
def test_a_cancel_is_obeyed_within_one_step(
    alice: APIClient, steps: Steps, committed_at: list[float]
) -> None:
    seed_local_provider()
    after: list[int] = []
    chosen = cycle(STEPS_BEFORE)
    while len(after) < len(STEPS_BEFORE):
        steps.begin(next(chosen))
        task = submit(alice, "a red circle", steps=STEPS, **SMALLEST)
        worker = threading.Thread(target=work)
        worker.start()
        assert steps.under_way.wait(patience(60))
        answer = alice.post(f"/api/v1/tasks/{task}/cancel")
        worker.join(patience(60))
        if answer.status_code == 409:
            # Others had this machine until the picture was done.
            continue
        assert answer.json()["status"] == "canceled"
        assert attempt_states(task) == ["canceled"]
        after.append(sum(begun_at > committed_at[-1] for begun_at in steps.begun_at))
        each = median(later - earlier for earlier, later in pairwise(steps.begun_at))
        logger.info("a step: %.3f s; begun after the cancel: %d", each, after[-1])
    # The one under way is finished; where that ends at once, one more is begun before the cancel is seen.
    assert median(after) <= 1, after


def work() -> None:
    try:
        run.run_queue("local")
    finally:
        connections.close_all()
