"""The hub killed between the end of a task and its telling, and in mid-telling: each end is told at least once, under
one id."""

import os
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, EventType, Message
from tests.books import find_mistakes
from tests.faults.processes import COUNT, running, wait_until
from tests.patience import patience
from tests.steps import submit
from tests.webhooks.receiver import Receiver, Says, Told, allowed, receiving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("stub", "right_books"),
]
# `make faults` counts 10 of each fault; of this one 50.
KILLS = COUNT * 5 or 2
START_SECONDS = 120
ENDS = (EventType.COMPLETED, EventType.FAILED, EventType.CANCELED)


class Gate:
    """Lets a receiver take what comes and answer nothing, until it is opened."""

    def __init__(self) -> None:
        self.came, self.opened = threading.Event(), threading.Event()
        self.opened.set()

    def says(self, _: Told) -> Says:
        self.came.set()
        self.opened.wait(patience())
        return Says()

    def close(self) -> None:
        self.came.clear()
        self.opened.clear()


@contextmanager
def working(folder: Path, receiver: Receiver, *words: str) -> Iterator[int]:
    """Run a worker that does this; yield its process."""
    more = {"WEBHOOK_HOSTS": receiver.name, "WEBHOOK_SECONDS": "10", "OMP_NUM_THREADS": "1"}
    program = ("-m", "tests.faults.apps.telling", *words)
    with running(folder / "worker.log", *program, **more) as process:
        yield process.pid


def kill(pid: int) -> None:
    """Kill a process as a lack of memory does."""
    os.kill(pid, signal.SIGKILL)


def count(**words: str) -> int:
    return Delivery.objects.filter(**words).count()


def is_all_told() -> bool:
    """Look whether nothing waits; the clock is moved on for what a slow machine tries again much later."""
    later = Now() + timedelta(minutes=1)
    Delivery.objects.filter(state="waiting", due_at__gt=later).update(due_at=Now())
    return count(state="waiting") == 0


def test_each_end_is_told_under_one_id_though_the_hub_dies_in_between(
    alice: APIClient, shop: Platform, tmp_path: Path
) -> None:
    gate = Gate()
    with receiving(gate.says) as receiver, allowed(receiver):
        endpoints.create(shop.pk, url=receiver.url(), events=[str(end) for end in ENDS])
        endpoints.create(shop.pk, url="", events=[str(end) for end in ENDS])
        tasks = []
        for number in range(KILLS):
            words = {"webhook": receiver.url("/own")} if number % 3 == 0 else {}
            tasks.append(submit(alice, "stub:fail" if number % 5 == 4 else "a star", **words))
            if number % 2:
                # Its end is committed, and nobody has begun to tell it.
                with working(tmp_path, receiver, "draw") as pid:
                    wait_until(
                        lambda: Message.objects.count() == len(tasks), START_SECONDS, "the end"
                    )
                    kill(pid)
            else:
                # The receiver has it, and the hub never hears so.
                gate.close()
                with working(tmp_path, receiver, "draw", "tell") as pid:
                    # What it has may be an earlier end: nobody here takes up what dies while it is drawn.
                    wait_until(
                        lambda: gate.came.is_set() and Message.objects.count() == len(tasks),
                        START_SECONDS,
                        "the telling",
                    )
                    kill(pid)
                gate.opened.set()
        assert count(state="delivered") < Delivery.objects.count()
        with working(tmp_path, receiver, "tell"):
            wait_until(is_all_told, START_SECONDS, "all tellings")
    ids = defaultdict(set)
    for told in receiver.told:
        ids[told.payload["data"]["id"]].add(told.id)
    assert {task: len(found) for task, found in ids.items()} == {str(task): 1 for task in tasks}
    own = {told.payload["data"]["id"] for told in receiver.told if told.path == "/own"}
    assert own == {str(task) for number, task in enumerate(tasks) if number % 3 == 0}
    # What was in the receiver's hands when the hub died came again.
    assert len(receiver.told) > Delivery.objects.count() - KILLS // 2 - 1
    assert Message.objects.count() == len(tasks)
    assert find_mistakes() == []
