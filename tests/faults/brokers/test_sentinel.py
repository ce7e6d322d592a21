"""Valkey or Redis behind sentinels: bells and counts find the master, and the next one when it is killed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import doorbell
from generation.models import Account, Task
from generation.states import TASK_ENDS
from genhub.celery import app
from genhub.doctor import servers
from genhub.doctor.findings import Verdict
from genhub.lib import sentinels as watched
from genhub.lib import throttle
from genhub.settings import parts
from tests.faults.processes import COUNT, LOOPS, running, wait_until, worker
from tests.faults.test_doorbells import check_ends
from tests.sentinel import NAME, Sentinels, sentinels
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
PASSWORD = "canary-of-sentinels"
KILLS = min(COUNT, 2) or 1
ORDERS = 4
# What each order waited for a broker that did not answer, before.
FAILURE_SECONDS_BEFORE = 6.0


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Sentinels]:
    with sentinels(tmp_path, PASSWORD) as group:
        yield group


@pytest.fixture
def broker(group: Sentinels, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Sentinels]:
    """This process rings and counts there, too."""
    for name, value in group.settings().items():
        monkeypatch.setenv(name, value)
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **parts.sentinel_options()}
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = options
    before, app.conf.broker_transport_options = app.conf.broker_transport_options, options
    monkeypatch.setitem(app.conf, "broker_write_url", parts.broker_url())
    monkeypatch.setattr(doorbell, "SILENCE_SECONDS", 0.5)
    settings.THROTTLE_URL = parts.counters_url(parts.broker_url())
    doorbell.broker_of_bells.cache_clear()
    doorbell.silence.end()
    yield group
    doorbell.silence.end()
    app.conf.broker_transport_options = before
    doorbell.broker_of_bells.cache_clear()


@pytest.fixture
def customer(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    rich("carol", 10 * ORDERS * (KILLS + 1))
    return client_of("carol")


def all_ended() -> bool:
    return not Task.objects.exclude(state__in=TASK_ENDS).exists()


def test_orders_go_on_when_the_master_is_killed(
    broker: Sentinels, customer: APIClient, stub: Account, tmp_path: Path
) -> None:
    said = {**broker.settings(), "SWEEP_SECONDS": "1"}
    log = tmp_path / "worker.log"
    tries = throttle.per(600, 1, "sentinel")
    with (
        running(log, *worker("local"), **said) as child,
        running(tmp_path / "loops.log", *LOOPS, **said),
    ):
        submit(customer, width=32, height=32)
        wait_until(all_ended, 60, "the first order")
        assert throttle.count(tries, "carol") == 0
        assert throttle.count(tries, "carol") > 0
        for _ in range(KILLS):
            # Written there, and on one of its replicas at least.
            assert broker.ask(broker.master()).wait(1, 5000) >= 1
            gone = broker.kill_master()
            began = time.monotonic()
            for seed in range(ORDERS):
                submit(customer, seed=seed, width=32, height=32)
            taken = time.monotonic() - began
            assert taken < ORDERS * FAILURE_SECONDS_BEFORE / 2
            wait_until(lambda: broker.master() != gone, 60, "another master")  # noqa: B023 (called at once)
            wait_until(all_ended, 60, "the end of every order")
            took = time.monotonic() - began
            assert child.poll() is None, log.read_text()
            said_at_end = f"{ORDERS} orders took {taken:.2f} s without a master, all ended {took:.1f} s after its death"
            print(said_at_end)  # noqa: T201
        # Bells themselves are heard, not only what the sweeper finds.
        wait_until(lambda: doorbell.ring("local"), 20, "a bell")
        # What was counted is known to the new master.
        wait_until(lambda: not throttle.counters().find_fault(), 20, "the counters")
        assert throttle.count(tries, "carol") > 0
    check_ends()
    assert PASSWORD not in log.read_text()


def test_health_and_doctor_reach_it_through_its_sentinels(broker: Sentinels) -> None:
    assert doorbell.find_fault(50) == ""
    [found] = servers.look_at_broker()
    assert (found.verdict, found.name) == (Verdict.GOOD, "broker")
    for port in broker.ports:
        broker.servers[port].kill()
    assert doorbell.find_fault(5)
    [found] = servers.look_at_broker()
    assert found.verdict == Verdict.FAULT
    assert PASSWORD not in found.said


@pytest.mark.parametrize(
    "url",
    ["sentinel://", "sentinel://one;redis://two", "sentinel://one:26379/0;two:26379/0", "sentinel://one/zero"],
)  # fmt: skip
def test_a_url_that_names_no_sentinels_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", url)
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL"):
        parts.broker_url()


def test_a_url_says_where_the_sentinels_are_and_how_to_speak_to_their_master() -> None:
    found = watched.read("sentinel://user:p%40ss@one:26380/3;sentinel://two")
    assert found == watched.Watched((("one", 26_380), ("two", 26_379)), "user", "p@ss", 3)
    assert watched.options_of("redis://one/0", NAME, "") == {}
    assert watched.options_of("sentinel://one", NAME, "")["master_name"] == NAME
