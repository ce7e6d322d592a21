"""Health: 200 only when a task could run now; each missing part is named, and none of it needs a key."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Account, LoopBeat, Worker
from generation.work import presence
from genhub.celery import app
from tests.api.refusals import GENERATE, nothing_moves
from tests.beats import let_loops_be_well

pytestmark = pytest.mark.django_db

HEALTH = "/api/v1/health"
FACTS = {"gpu_utilization": 40, "memory_used": 5, "memory_total": 10, "temperature": 60,
         "device": "cuda", "dtype": "bfloat16", "model": "z-image", "offload": "resident"}  # fmt: skip

WELL = {
    "database": "ok",
    "broker": "ok",
    "worker local": "ok",
    "queues": "ok",
    "loops": "ok",
    "rate limits": "ok",
}


def read(client: Any, status: int) -> Any:
    with nothing_moves():
        answer = client.get(HEALTH)
    assert answer.status_code == status, answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["status"] == ("healthy" if status == 200 else "unhealthy")
    return answer.json()


@contextmanager
def database_away() -> Iterator[None]:
    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def worker(stub: Account) -> Worker:
    let_loops_be_well()
    return Worker.objects.create(name="w", queues=["local"], beat_at=Now(), facts=FACTS)


def test_hub_with_a_worker_is_healthy(client: Any, worker: Worker) -> None:
    answer = read(client, 200)
    assert answer["checks"] == WELL
    assert answer["loops"]["reap"] == "ok"
    assert {word: answer[word] for word in FACTS} == FACTS
    assert (answer["active_tasks"], answer["waiting_tasks"]) == (0, 0)


def test_hub_without_a_card_is_healthy(client: Any, worker: Worker) -> None:
    Worker.objects.update(facts={})
    assert {read(client, 200)[word] for word in FACTS} == {None}


def test_hub_without_a_worker_is_not(client: Any, stub: Account) -> None:
    assert read(client, 503)["checks"]["worker local"] == "no live worker"


def test_worker_that_stopped_beating_is_none(client: Any, worker: Worker) -> None:
    Worker.objects.update(beat_at=Now() - presence.GONE_AFTER - timedelta(seconds=1))
    assert read(client, 503)["checks"]["worker local"] == "no live worker"


def test_worker_of_another_queue_is_none(client: Any, worker: Worker) -> None:
    Worker.objects.update(queues=["remote"])
    read(client, 503)


def test_each_needed_queue_needs_its_worker(client: Any, worker: Worker) -> None:
    remote = Account.objects.create(alias="remote", adapter="stub", queue="remote")
    assert read(client, 503)["checks"]["worker remote"] == "no live worker"
    Account.objects.filter(pk=remote.pk).update(is_enabled=False)
    read(client, 200)


def test_worker_that_left_is_none(client: Any, worker: Worker) -> None:
    presence.leave("w")
    read(client, 503)


def test_worker_that_is_not_ready_says_why(client: Any, worker: Worker) -> None:
    Worker.objects.update(facts={"unready": presence.LOADING})
    answer = read(client, 503)
    assert answer["checks"]["worker local"] == presence.LOADING
    assert answer["model"] is None


def test_facts_are_those_of_a_worker_that_is_ready(client: Any, worker: Worker) -> None:
    Worker.objects.create(
        name="a", queues=["local"], beat_at=Now(), facts={"unready": "no", "model": "gone"}
    )
    answer = read(client, 200)
    assert answer["checks"]["worker local"] == "ok"
    assert {word: answer[word] for word in FACTS} == FACTS


def test_broker_that_is_away_is_named(
    client: Any, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    answer = read(client, 503)
    assert answer["checks"] == {**WELL, "broker": "unreachable"}


def test_database_that_is_away_is_named(client: Any, worker: Worker) -> None:
    with database_away():
        answer = client.get(HEALTH)
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "unreachable"
    assert "closed the connection" not in answer.content.decode()


def test_health_counts_what_runs_and_waits(client: Any, worker: Worker, alice: APIClient) -> None:
    for _ in range(3):
        alice.post(GENERATE, {"prompt": "a"}, format="json")
    claims.claim_next("local", worker="tests")
    answer = read(client, 200)
    assert (answer["active_tasks"], answer["waiting_tasks"]) == (1, 2)


def test_wrong_key_does_not_make_the_hub_ill(
    worker: Worker, client_of: Callable[..., APIClient]
) -> None:
    client = client_of("alice")
    client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
    read(client, 200)


def test_loop_that_is_late_is_named(client: Any, worker: Worker) -> None:
    LoopBeat.objects.filter(name="reap").update(beat_at=Now() - timedelta(seconds=100))
    answer = read(client, 503)
    assert re.fullmatch(r"reap is late: no turn has ended for 1\d\d s", answer["checks"]["loops"])
    assert (answer["loops"]["reap"], answer["loops"]["sweep"]) == ("late", "ok")


def test_hub_whose_loops_never_ran_is_not_healthy(client: Any, worker: Worker) -> None:
    LoopBeat.objects.all().delete()
    assert set(read(client, 503)["loops"].values()) == {"unknown"}
