"""RabbitMQ as the broker: bells are heard whoever came first, and it may be killed in the middle of the work."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from amqp import Connection
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import doorbell
from generation.models import Account, Task
from generation.states import TASK_ENDS
from genhub.celery import app
from genhub.doctor import servers
from genhub.doctor.findings import Finding, Verdict
from tests.faults.processes import COUNT, LOOPS, running, wait_until, worker
from tests.faults.test_doorbells import check_ends
from tests.patience import patience
from tests.ports import free_port
from tests.rabbitmq import RabbitMQ, rabbitmq
from tests.steps import submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("rabbitmq")]
TASKS = COUNT * 10 or 12
# What each order waited for a broker that did not answer, before.
FAILURE_SECONDS_BEFORE = 6.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as node:
        yield node


@pytest.fixture
def broker(node: RabbitMQ, monkeypatch: pytest.MonkeyPatch) -> Iterator[RabbitMQ]:
    monkeypatch.setitem(app.conf, "broker_write_url", node.url)
    monkeypatch.setattr(doorbell, "SILENCE_SECONDS", 0.5)
    doorbell.silence.end()
    yield node
    doorbell.silence.end()
    for name in node.queues():
        node.delete(name)


@pytest.fixture
def customer(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    rich("carol", 10 * TASKS)
    return client_of("carol")


def all_ended() -> bool:
    return not Task.objects.exclude(state__in=TASK_ENDS).exists()


def test_a_bell_rung_before_any_worker_began_is_heard(
    broker: RabbitMQ, customer: APIClient, stub: Account, tmp_path: Path
) -> None:
    submit(customer, width=32, height=32)
    kept = broker.queues()["local"]
    assert (kept["type"], kept["durable"]) == ("quorum", True)
    # Nobody sweeps: the bell alone tells the worker.
    with running(tmp_path / "worker.log", *worker("local"), CELERY_BROKER_URL=broker.url):
        wait_until(all_ended, 60, "the end of the order")
    check_ends()


def test_a_broker_killed_and_started_again_in_the_middle_of_the_work(
    broker: RabbitMQ, customer: APIClient, stub: Account, tmp_path: Path
) -> None:
    said = {"CELERY_BROKER_URL": broker.url, "SWEEP_SECONDS": "1"}
    log = tmp_path / "worker.log"
    with (
        running(log, *worker("local"), **said) as child,
        running(tmp_path / "loops.log", *LOOPS, **said),
    ):
        for seed in range(TASKS // 2):
            submit(customer, seed=seed, width=32, height=32)
        wait_until(Task.objects.filter(state="completed").exists, 60, "the first picture")
        broker.kill()
        began = time.monotonic()
        for seed in range(TASKS // 2, TASKS):
            submit(customer, seed=seed, width=32, height=32)
        taken = time.monotonic() - began
        assert taken < TASKS // 2 * FAILURE_SECONDS_BEFORE / 2
        broker.start()
        took = wait_until(all_ended, 60 + TASKS, "the end of every order")
        struck("J5", seconds=time.monotonic() - began)
        assert child.poll() is None
    assert Task.objects.count() == TASKS
    check_ends()
    said_at_end = f"{TASKS // 2} orders without the broker took {taken:.2f} s, all ended {took:.1f} s after its start"
    print(said_at_end)  # noqa: T201


def test_a_broker_that_is_full_keeps_nobody_waiting(
    broker: RabbitMQ, customer: APIClient, stub: Account, settings: Any
) -> None:
    settings.BROKER_PATIENCE_MS = 100
    doorbell.ring("local")
    broker.control("set_vm_memory_high_watermark", "0.00001")
    try:
        wait_until(lambda: look().verdict == Verdict.FAULT, 20, "the alarm")
        assert "takes no bells" in look().said
        began = time.monotonic()
        for _ in range(5):
            submit(customer)
        assert time.monotonic() - began < 5 * FAILURE_SECONDS_BEFORE / 2
    finally:
        broker.control("set_vm_memory_high_watermark", "0.6")
    wait_until(lambda: look().verdict == Verdict.GOOD, 20, "the end of the alarm")


def look() -> Finding:
    [found] = servers.look_at_broker()
    return found


def test_the_doctor_knows_it_and_finds_a_queue_of_the_wrong_kind(broker: RabbitMQ) -> None:
    assert look().verdict == Verdict.GOOD
    assert "quorum" in look().said
    broker.delete("remote")
    with Connection(f"127.0.0.1:{broker.port}") as connection:
        connection.channel().queue_declare("remote", durable=True, auto_delete=False)
    found = look()
    assert found.verdict == Verdict.FAULT
    assert "remote not of type quorum" in found.said
    assert "rabbitmqctl delete_queue remote" in found.mend


def test_flower_shows_bells_and_queues(
    broker: RabbitMQ, customer: APIClient, stub: Account, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"

    def ask(path: str) -> Any:
        try:
            return httpx2.get(f"{address}{path}", trust_env=False, timeout=patience(5)).json()
        except (httpx2.HTTPError, ValueError):
            return {}

    said = {
        "CELERY_BROKER_URL": broker.url,
        "FLOWER_UNAUTHENTICATED_API": "1",
        "FLOWER_BROKER_API": broker.api,
    }
    command = ("-m", "celery", "-A", "genhub", "flower", "--address=127.0.0.1", f"--port={port}")
    with (
        running(tmp_path / "flower.log", *command, **said),
        running(tmp_path / "worker.log", *worker("local"), **said),
    ):
        wait_until(lambda: bool(ask("/api/workers?refresh=1")), 60, "Flower's first worker")
        submit(customer, width=32, height=32)
        wait_until(
            lambda: any(row["state"] == "SUCCESS" for row in ask("/api/tasks").values()),
            60,
            "a bell in Flower",
        )

        def names() -> list[str]:
            """Return the queues that Flower shows: none where the broker does not answer it within two seconds."""
            told = ask("/api/queues/length").get("active_queues", [])
            return [queue["name"] for queue in told]

        wait_until(lambda: names() == ["local"], 60, "the queue in Flower")
