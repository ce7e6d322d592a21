"""The small model learns in a worker's own loop, and its LoRA is drawn with, once staff offer it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.engine.loras import judge_lora
from generation.fine_tuning import jobs
from generation.models import Attempt, TrainingJob
from generation.work.run import run_queue
from storage.models import Artifact
from storage.selectors import read_bytes
from tests.fine_tuning.taught import WORD
from tests.steps import submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("torch"),
    pytest.mark.usefixtures("right_books"),
]


def test_small_model_learns_and_its_lora_is_ordered(
    alice: APIClient, ask: Callable[..., TrainingJob]
) -> None:
    job = ask(steps=3, rank=2, rate=0.05)
    run_queue("local")
    job.refresh_from_db()
    assert (job.state, job.error_detail) == (TrainingJob.State.DONE, "")
    assert judge_lora(Path(job.file)).ranks == (2,)
    # The same seed with and without it: other pixels.
    rows = Artifact.objects.in_bulk([one["artifact"] for one in job.samples])
    by_id = {row.pk.hex: read_bytes(row) for row in rows.values()}
    plain, worn = (by_id[one["artifact"]] for one in job.samples[:2])
    assert plain != worn
    jobs.offer_lora(job.pk, WORD, 0.8)
    task = submit(alice, WORD, loras=[{"name": WORD}], width=128, height=128)
    run_queue("local")
    attempt = Attempt.objects.get(task=task)
    assert [(one["name"], one["scale"]) for one in attempt.facts["loras"]] == [(WORD, 0.8)]
