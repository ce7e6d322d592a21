"""Orders of the small model, and the workers that draw them."""

import math
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rest_framework.test import APIClient

from generation.life import rescue
from generation.models import Attempt, Task
from generation.states import TASK_ENDS
from tests.faults.processes import running, wait_until, worker
from tests.patience import slowness
from tests.steps import submit

# To start is to import torch and to load the model, on a machine that does other things too.
START_SECONDS = 120


def submit_alike(client: APIClient, number: int, steps: int) -> list[Task]:
    """Submit orders that fit into one batch; each is drawn, whatever was drawn before."""
    words = {"steps": steps, "cache": "off"}
    return [
        submit(client, "a red circle on a white background", seed=seed, **words)
        for seed in range(number)
    ]


@contextmanager
def drawing(folder: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of the local engine; what it says is in worker.log."""
    settings = {
        "LOCAL_THREADS": "1",
        "LOCAL_BATCH": "8",
        # Short, and long enough for a heart that the steps leave little time.
        "LEASE_SECONDS": str(math.ceil(2 * slowness())),
        **more,
    }
    with running(log_of(folder), *worker("local"), **settings) as process:
        yield process


def log_of(folder: Path) -> Path:
    return folder / "worker.log"


def is_in_mid_batch(members: int) -> bool:
    """Return whether a batch of so many attempts is being denoised."""
    running_now = Attempt.objects.filter(state="running", batch_size=members, progress__gt=0)
    return running_now.filter(progress__lt=0.5).count() == members


def await_batch(members: int) -> None:
    """Wait until a batch of so many is in the middle of its steps."""
    wait_until(lambda: is_in_mid_batch(members), START_SECONDS, f"a batch of {members}")


def await_ends() -> None:
    """Wait until every task has ended, taking back what dead workers held meanwhile."""

    def have_ended() -> bool:
        rescue.reap()
        return not Task.objects.exclude(state__in=TASK_ENDS).exists()

    wait_until(have_ended, START_SECONDS, "the end of every task")


def take_back() -> None:
    """Wait until the attempts of a dead worker are taken back."""

    def is_taken_back() -> bool:
        rescue.reap()
        return not Attempt.objects.filter(state="running").exists()

    wait_until(is_taken_back, 30, "the end of every lease")
