"""A broker that is away, in whatever way, costs an order next to nothing: the row is the truth, a bell a hint."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life import doorbell, rescue
from generation.models import Account, Task
from genhub.celery import app
from tests.brokers import AWAY, away, silent
from tests.patience import quick_enough
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)
# The slowest of several, the one that finds out among them.
ACCEPT_SECONDS = 0.3


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> Iterator[None]:
    settings.BROKER_PATIENCE_MS = 100
    doorbell.silence.end()
    yield
    doorbell.silence.end()


@pytest.fixture(params=AWAY)
def gone(request: Any, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("b")
    with away(request.param, folder) as url:
        monkeypatch.setitem(app.conf, "broker_write_url", url)
        yield url


def test_orders_are_taken_at_once(gone: str, alice: APIClient, stub: Account) -> None:
    def slowest_accept() -> float:
        doorbell.silence.end()
        took = []
        for _ in range(2):
            began = time.monotonic()
            submit(alice)
            took.append(time.monotonic() - began)
        return max(took)

    quick_enough(ACCEPT_SECONDS, slowest_accept, "an accept without a broker")
    assert Task.objects.exclude(state="pending").count() == 0
    assert doorbell.silence.is_on()


def test_bell_is_not_delivered_and_health_says_why(gone: str) -> None:
    assert doorbell.ring("local") is False
    assert doorbell.silence.is_on()
    assert doorbell.reaches_broker() is False


def test_failure_is_remembered_by_the_whole_process(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "SILENCE_SECONDS", 600)
    with silent() as server:
        monkeypatch.setitem(app.conf, "broker_write_url", f"redis://127.0.0.1:{server.port}/0")
        for _ in range(5):
            submit(alice)
        rescue.sweep()
        assert len(server.taken) == 1
        doorbell.silence.end()
        # The sweep stops at the first bell that nobody hears.
        assert rescue.sweep() == 0
        assert len(server.taken) == 2


def test_broker_that_is_back_is_rung_again(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.BROKER_PATIENCE_MS = 5000
    assert doorbell.ring("upkeep") is True
    settings.BROKER_PATIENCE_MS = 100
    with silent() as server, monkeypatch.context() as patched:
        patched.setitem(app.conf, "broker_write_url", f"redis://127.0.0.1:{server.port}/0")
        assert doorbell.ring("upkeep") is False
    assert doorbell.ring("upkeep") is False
    monkeypatch.setattr(doorbell, "SILENCE_SECONDS", 0)
    doorbell.silence.begin()
    settings.BROKER_PATIENCE_MS = 5000
    assert doorbell.ring("upkeep") is True
    assert doorbell.reaches_broker() is True


def test_warning_comes_once_a_silence(caplog: pytest.LogCaptureFixture, gone: str) -> None:
    for _ in range(3):
        doorbell.ring("local")
    assert [record.name for record in caplog.records] == ["generation.life.doorbell"]


def test_each_of_two_brokers_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as first, silent() as second:
        url = ";".join(f"redis://127.0.0.1:{server.port}/0" for server in (first, second))
        monkeypatch.setitem(app.conf, "broker_write_url", url)
        assert doorbell.ring("upkeep") is False
        assert (len(first.taken), len(second.taken)) == (1, 1)
