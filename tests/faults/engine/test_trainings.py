"""The worker of a training is killed in the middle of it: another one goes on, and learns the same to the bit."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from django.db.models.functions import Now
from safetensors.torch import load_file

from generation.life import doorbell
from generation.models import TrainingJob
from tests.faults.engine.orders import START_SECONDS
from tests.faults.processes import running, wait_until, worker
from tests.fine_tuning.conftest import ask, loras, squares

__all__ = ["ask", "loras", "squares"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(900),
]
STEPS, KILLED_AFTER = 24, 6
State = TrainingJob.State
# Of the usual machine, with eight small pictures of the sheet.
TRAINING_SECONDS = 60


def read(job: TrainingJob) -> TrainingJob:
    job.refresh_from_db()
    return job


def test_killed_training_goes_on_in_another_worker_to_the_same_weights(
    ask: Callable[..., TrainingJob], tmp_path: Path, loras: Path
) -> None:
    words = {"LORA_FOLDER": str(loras), "TRAINING_CHECKPOINT_SECONDS": "0", "LOCAL_THREADS": "1"}
    job = ask(steps=STEPS)
    with running(tmp_path / "first.log", *worker("local", "first"), **words) as first:

        def has_learned() -> bool:
            return read(job).checkpoint_step >= 2 and job.step >= KILLED_AFTER

        wait_until(has_learned, START_SECONDS + TRAINING_SECONDS, "half of a training")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert (read(job).state, job.file) == (State.RUNNING, "")
    assert job.step < STEPS
    known = job.checkpoint_step
    whole = ask(steps=STEPS)

    def is_free() -> bool:
        return TrainingJob.objects.filter(pk=job.pk, lease_expires_at__lt=Now()).exists()

    wait_until(is_free, 30, "the end of the dead worker's lease")
    with running(tmp_path / "second.log", *worker("local", "second"), **words):
        doorbell.ring("local")

        def are_done() -> bool:
            return {read(job).state, read(whole).state} <= {State.DONE, State.FAILED}

        wait_until(are_done, START_SECONDS + 3 * TRAINING_SECONDS, "both trainings")
    assert (job.state, whole.state) == (State.DONE, State.DONE), (
        job.error_detail,
        whole.error_detail,
    )
    # It was not begun anew: the chart has each step once, those before the death by the first worker.
    assert known >= 2
    assert [point[0] for point in job.losses] == list(range(1, STEPS + 1))
    assert job.losses == whole.losses
    own, others = load_file(job.file), load_file(whole.file)
    assert own.keys() == others.keys()
    assert all(torch.equal(own[name], others[name]) for name in own)
