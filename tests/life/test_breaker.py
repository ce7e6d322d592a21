"""The breaker: a model that ends workers is switched off; what is nobody's fault, or another's, does not count."""

import signal
from importlib import reload
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.life import breaker, claims, rescue
from generation.models import Account, Attempt, Offer, WorkerDeath
from generation.work import machine
from generation.work.run import run_queue
from tests.faults.processes import running, wait_until
from tests.steps import die, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
# A worker that takes an order and is killed over it, as by the system for want of memory.
KILLED = """
import django, os, signal
django.setup()
from generation.life import claims
from generation.work.batch import worker_name
assert claims.claim_next("local", worker=worker_name())
os.kill(os.getpid(), signal.SIGKILL)
"""
PATIENCE_SECONDS = 120


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> breaker.Watch:
    """A reaper that has looked on for longer than any lease."""
    settings.BREAKER_DEATHS = 3
    watch = breaker.Watch()
    watch.begin()
    assert watch.since
    watch.since -= 3 * claims.lease()
    monkeypatch.setattr(breaker, "watch", watch)
    return watch


def die_in(*processes: str) -> None:
    """Let a worker of each process take an order and die over it."""
    for process in processes:
        assert claims.claim_next("local", worker=f"{process}:one")
        die()


def is_on() -> bool:
    return Offer.objects.get().is_enabled


def test_a_container_that_starts_anew_is_another_process(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Host and process id come back with it."""
    lives = []
    for _ in range(3):
        reload(machine)
        lives.append(machine.own_process())
    assert len({life.rpartition("-")[0] for life in lives}) == 1
    submit(alice)
    die_in(*lives)
    assert not is_on()


@pytest.mark.whole
def test_model_that_kills_its_workers_is_switched_off_and_waits_like_one(
    alice: APIClient, stub: Account, watch: breaker.Watch, tmp_path: Path
) -> None:
    watch.since = None
    rescue.reap()
    task = submit(alice)
    for number in range(3):
        assert is_on()
        with running(tmp_path / "log", "-c", KILLED) as process:
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL, (tmp_path / "log").read_text()
        wait_until(lambda: rescue.reap() > 0, PATIENCE_SECONDS, "the end of the lease")
        assert WorkerDeath.objects.count() == number + 1
    assert not is_on()
    assert claims.claim_next("local", worker="tests") is None
    assert rescue.sweep() == 0
    said = set()
    for language in ("en", "zh-hans"):
        found: Any = alice.get(f"/api/v1/tasks/{task}", HTTP_ACCEPT_LANGUAGE=language).json()
        assert (found["status"], found["paused"]["code"]) == ("processing", "model_broken")
        said.add(found["message"])
    assert len(said) == 2


def test_hub_that_was_killed_as_a_whole_counts_nothing(
    alice: APIClient, stub: Account, watch: breaker.Watch
) -> None:
    submit(alice), submit(alice)
    watch.since = None
    die_in("host:1", "host:2", "host:3")
    assert is_on()
    assert not WorkerDeath.objects.exists()


def test_other_queues_count_nothing(alice: APIClient, stub: Account) -> None:
    Account.objects.update(queue="remote")
    submit(alice)
    for number in range(3):
        assert claims.claim_next("remote", worker=f"host:{number}:one")
        die()
    assert is_on()
    assert not WorkerDeath.objects.exists()


def test_failures_and_orders_given_back_count_nothing(alice: APIClient, stub: Account) -> None:
    for _ in range(3):
        submit(alice, "stub:fail")
    run_queue("local")
    assert not Attempt.objects.filter(state="queued").exists()
    assert is_on()
    assert not WorkerDeath.objects.exists()


def test_one_process_dies_once_whatever_it_had_in_hand(alice: APIClient, stub: Account) -> None:
    for _ in range(3):
        submit(alice)
    for number in range(3):
        assert claims.claim_next("local", worker=f"host:1:thread-{number}")
    die()
    assert WorkerDeath.objects.count() == 3
    assert is_on()
    die_in("host:2", "host:3")
    assert not is_on()


def test_process_of_two_models_accuses_neither(alice: APIClient, stub: Account) -> None:
    submit(alice)
    for number in range(3):
        WorkerDeath.objects.create(account=stub, model="other", process=f"host:{number}")
    die_in("host:0", "host:1", "host:2")
    assert is_on()


def test_old_deaths_count_no_more(alice: APIClient, stub: Account) -> None:
    submit(alice)
    die_in("host:1", "host:2")
    WorkerDeath.objects.update(died_at="2026-01-01T00:00:00Z")
    die_in("host:3")
    assert is_on()


def test_breaker_may_be_left_out(alice: APIClient, stub: Account, settings: Settings) -> None:
    settings.BREAKER_DEATHS = 0
    submit(alice)
    die_in("host:1", "host:2", "host:3")
    assert is_on()


def test_staff_are_told_and_trust_it_again(
    alice: APIClient, stub: Account, admin_client: Client, client: Client
) -> None:
    submit(alice)
    die_in("host:1", "host:2", "host:3")
    page = reverse("admin:generation_queue_changelist")
    assert "ended several workers within minutes" in admin_client.get(page).content.decode()
    health = client.get("/api/v1/health").json()
    alias = Offer.objects.get().alias
    assert health["checks"]["queues"] == f"model {alias} ended workers and was switched off"
    figures = client.get("/metrics").content.decode()
    assert f'genhub_held_up{{kind="model",name="{alias}",state="broken"}} 1.0' in figures
    breaker.forgive(Offer.objects.get())
    Offer.objects.update(is_enabled=True)
    assert breaker.trip() == 0
    assert is_on()
