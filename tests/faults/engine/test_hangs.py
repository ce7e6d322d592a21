"""A step, a decode and a store that never return: the watchdog ends the worker, and another one ends the task."""

import math
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.life import claims
from tests.faults.engine.orders import (
    START_SECONDS,
    await_ends,
    drawing,
    log_of,
    submit_alike,
    take_back,
)
from tests.faults.processes import COUNT
from tests.patience import patience, slowness
from tests.steps import attempt_states
from tests.strikes import struck

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
# What the log must say: the stack of the thread that hangs and, while other threads run, the stage.
STAGES = {
    "step": ["in hang_holding_the_lock", "_denoise"],
    "decode": ["in hang_beside_the_others", "in decode", "the stage decode moves no more"],
    "store": ["in hang_beside_the_others", "in save_pixels", "the stage store moves no more"],
}
# The step holds the interpreter's lock: what can end that worker, can end any.
TRIED = tuple(STAGES) if COUNT else ("step",)


@pytest.mark.parametrize("number", range(COUNT or 1))
def test_worker_that_hangs_ends_itself_and_loses_nothing(
    carol: APIClient, tmp_path: Path, number: int
) -> None:
    [task] = submit_alike(carol, 1, steps=4)
    for stage in TRIED:
        folder = tmp_path / stage
        folder.mkdir()
        hang(folder, stage)
        log = log_of(folder).read_text()
        assert "Timeout (0:" in log
        assert [words for words in STAGES[stage] if words not in log] == []
        take_back()
    assert claims.count_deaths(task.pk) == len(TRIED)
    with drawing(tmp_path):
        await_ends()
    assert attempt_states(task) == ["abandoned"] * len(TRIED) + ["succeeded"]


def hang(folder: Path, stage: str) -> None:
    """Run a worker until its watchdog has ended it."""
    mark = folder / "mark"
    with drawing(
        folder,
        DJANGO_SETTINGS_MODULE="tests.faults.engine.settings",
        LOCAL_STALL_SECONDS=str(math.ceil(5 * slowness())),
        FAULT_STAGE=stage,
        FAULT_MARK=str(mark),
    ) as process:
        assert process.wait(patience(START_SECONDS)) == 1
    assert mark.exists(), "the fault was never injected"
    for fault in ("J2", "J19"):
        struck(fault)
