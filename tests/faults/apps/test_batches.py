"""A batch whose workers are killed in the middle: counts and credits are right, and its end is told once."""

import signal
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import pytest
from rest_framework.test import APIClient

from generation.models import Attempt, Batch, Task
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Message
from tests.api.batches import row_of, send
from tests.books import find_mistakes
from tests.faults.apps.test_webhooks import is_all_told
from tests.faults.processes import COUNT, running, wait_until
from tests.patience import patience
from tests.steps import die
from tests.webhooks.receiver import Receiver, allowed, receiving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("stub", "right_books"),
]
ORDERS = 100 if COUNT else 10
KILLS = COUNT or 1
PATIENCE_SECONDS = 120


def working(folder: Path, receiver: Receiver, *words: str) -> AbstractContextManager[Popen[bytes]]:
    """Run a worker that does this."""
    more = {"WEBHOOK_HOSTS": receiver.name, "OMP_NUM_THREADS": "1"}
    return running(folder / "worker.log", "-m", "tests.faults.apps.telling", *words, **more)


def ended(batch: Batch) -> int:
    """Return how many tasks of a batch have ended by its own counts."""
    batch.refresh_from_db()
    return batch.total - batch.pending - batch.processing


def test_batch_ends_right_though_its_workers_are_killed_in_the_middle(
    alice: APIClient, shop: Platform, tmp_path: Path
) -> None:
    orders = [{"prompt": "stub:fail" if n % 5 == 4 else f"star {n}"} for n in range(ORDERS)]
    with receiving() as receiver, allowed(receiver):
        endpoints.create(shop.pk, url=receiver.url(), events=["batch.completed"])
        batch = row_of(send(alice, orders=orders))
        for _ in range(KILLS):
            # Each in the middle of its third order: with two of theirs behind it, or of others.
            with (
                working(tmp_path, receiver, "draw", "dies=3") as first,
                working(tmp_path, receiver, "draw", "tell", "dies=3") as second,
            ):
                for process in (first, second):
                    assert process.wait(patience(PATIENCE_SECONDS)) == -signal.SIGKILL
            assert ORDERS > ended(batch) > 0
            die()
        with (
            working(tmp_path, receiver, "draw", "tell", "here"),
            working(tmp_path, receiver, "draw", "tell", "here"),
        ):
            wait_until(lambda: ended(batch) == ORDERS, PATIENCE_SECONDS, "the end of the batch")
            wait_until(is_all_told, PATIENCE_SECONDS, "the telling")
    assert batch.state == "completed"
    states = Counter(Task.objects.filter(batch=batch).values_list("state", flat=True))
    assert states == {"completed": batch.completed, "failed": batch.failed}
    assert batch.failed == ORDERS // 5
    assert Attempt.objects.filter(state="abandoned").exists()
    [message] = Message.objects.all()
    assert {told.id for told in receiver.told} == {str(message)}
    assert find_mistakes() == []
