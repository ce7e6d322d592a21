"""A worker takes orders only once its model can be drawn with; until then they wait, and health says why."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from generation import tasks
from generation.accounts.seed import seed_local_provider
from generation.engine.small import WEIGHTS
from generation.life import doorbell
from generation.models import Attempt, Offer, Worker
from generation.work import presence, run
from generation.work.process import Drain, readiness
from tests.beats import let_loops_be_well
from tests.easel import Easel
from tests.offers import place
from tests.patience import patience
from tests.steps import attempt_states, submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
NAME = "worker@tests"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues that were rung."""
    queues: list[str] = []
    monkeypatch.setattr(doorbell, "ring", queues.append)
    return queues


@pytest.fixture
def start(drain: Drain, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Start this process as Celery starts a worker of the local queue; it drains at the end."""
    monkeypatch.setattr(presence, "FIRST_PAUSE_SECONDS", 0.1)
    consumer = SimpleNamespace(queues=[SimpleNamespace(name="local")])
    sender = SimpleNamespace(
        hostname=NAME, task_consumer=consumer, controller=SimpleNamespace(concurrency=3)
    )
    yield lambda: tasks.start_presence(sender)
    drain.set()
    for thread in threading.enumerate():
        if thread.name in {"keep_beating", "keep_warming"}:
            thread.join(patience())
    readiness.unready = ""


@pytest.fixture(autouse=True)
def _loops_are_well() -> None:
    let_loops_be_well()


def read_health() -> tuple[int, str]:
    answer = Client().get("/api/v1/health")
    return answer.status_code, answer.json()["checks"]["worker local"]


def await_health(status: int, said: str) -> None:
    pause = threading.Event()
    for _ in range(round(patience() * 20)):
        if read_health() == (status, said):
            return
        pause.wait(0.05)
    assert read_health() == (status, said)


def test_worker_that_is_loading_says_so_and_takes_nothing(
    alice: APIClient, easel: Easel, rung: list[str], start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def warm(card: object) -> None:
        await_health(503, presence.LOADING)
        seen.extend(run.run_queue("local"))

    monkeypatch.setattr(easel, "warm", warm)
    task = submit(alice)
    start()
    assert seen == []
    assert attempt_states(task) == ["queued"]
    # No beat is waited for: who has seen the worker get ready may ask for its health.
    assert read_health() == (200, "ok")
    assert [entry["ended"] for entry in run.run_queue("local")] == ["completed"]
    assert attempt_states(task) == ["succeeded"]


def test_worker_leaves_when_it_drains_also_while_it_cannot_get_ready(
    easel: Easel, start: Any, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easel, "warm", lambda card: 1 // 0)
    start()
    await_health(503, presence.UNLOADABLE)
    drain.set()
    struck("J3")
    await_health(503, "no live worker")
    assert not Worker.objects.exists()


@pytest.mark.xdist_group("torch")
def test_orders_wait_until_the_model_can_be_loaded(
    alice: APIClient, start: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seed_local_provider()
    # As a disk that is not mounted yet.
    folder = tmp_path / "model"
    place(Offer.objects.get(alias="z-image-small"), folder=str(folder))
    task = submit(alice, "a red circle", width=128, height=128, steps=2)
    rung: list[str] = []
    ringing = threading.Event()

    def ring(queue: str) -> None:
        rung.append(queue)
        ringing.set()

    monkeypatch.setattr(doorbell, "ring", ring)
    start()
    await_health(503, presence.UNLOADABLE)
    assert run.run_queue("local") == []
    [attempt] = Attempt.objects.filter(task=task)
    assert (attempt.state, attempt.lease_token) == ("queued", 0)
    assert rung == []
    folder.symlink_to(WEIGHTS)
    assert ringing.wait(patience())
    assert (rung, read_health()) == (["local"], (200, "ok"))
    assert [entry["ended"] for entry in run.run_queue("local")] == ["completed"]
    connection.close()


def test_worker_without_the_library_of_clips_takes_nothing_and_says_what_to_start(
    alice: APIClient, easel: Easel, rung: list[str], start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "can_look", lambda: False)
    task = submit(alice)
    start()
    await_health(503, presence.SIGHTLESS)
    assert "genhub-worker" in presence.SIGHTLESS
    assert run.run_queue("local") == []
    assert attempt_states(task) == ["queued"]


def test_worker_that_stops_while_it_loads_waits_for_no_sign_of_life(
    easel: Easel, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(easel, "warm", lambda card: drain.set())

    def load() -> None:
        presence.get_ready(NAME, ["local"])
        connection.close()

    loading = threading.Thread(target=load, daemon=True)
    # As another thread holds it that tells a database which is away.
    with presence.beating:
        loading.start()
        loading.join(patience())
        assert not loading.is_alive()
    assert drain.is_set()
