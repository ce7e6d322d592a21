"""Queues and providers held up by staff: nothing new is claimed, what runs goes on, and waiting orders say so."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from generation.accounts import standing
from generation.errors import QueueUnknown
from generation.life import chains, claims, dues, rerouting, rescue, steering
from generation.models import Account, Attempt, Offer, Queue, QueueChange, Rest
from generation.providers.errors import Fault, ProviderError
from generation.selectors.line import find_places
from generation.work import run
from tests.patience import patience
from tests.races import together
from tests.steps import claim, collect, submit

WHY: dict[str, Any] = {"by": "carol", "reason": "The card is being changed."}
pytestmark = pytest.mark.django_db(transaction=True)


def hold_up_provider(account: Account) -> None:
    steering.pause_account(account.pk, **WHY)


def hold_up_queue(account: Account) -> None:
    steering.pause(account.queue, **WHY)


def drain_queue(account: Account) -> None:
    steering.drain(account.queue, **WHY)


WAYS = [
    pytest.param(hold_up_queue, "queue_paused", id="queue"),
    pytest.param(drain_queue, "queue_paused", id="drain"),
    pytest.param(hold_up_provider, "provider_paused", id="provider"),
]


def let_go(account: Account) -> None:
    steering.resume(account.queue, **WHY)
    steering.resume_account(account.pk, **WHY)


@pytest.mark.parametrize(("hold_up", "code"), WAYS)
def test_orders_are_taken_wait_and_say_so_until_it_goes_on(
    alice: APIClient, stub: Account, hold_up: Any, code: str
) -> None:
    before = submit(alice)
    hold_up(stub)
    after = submit(alice)
    assert claims.claim_next("local", worker="tests") is None
    assert run.run_queue("local") == []
    assert not dues.is_due("local")
    assert rescue.sweep() == 0
    assert rerouting.reroute() == 0
    said = set()
    for task in (before, after):
        for language in ("en", "zh-hans"):
            address = f"/api/v1/tasks/{task}/status"
            found = alice.get(address, HTTP_ACCEPT_LANGUAGE=language).json()
            assert (found["status"], found["paused"]["code"]) == ("pending", code)
            assert found["message"] == found["paused"]["message"]
            said.add(found["message"])
            assert found["queue"]["starts_in_seconds"] is None
    assert len(said) == 2
    let_go(stub)
    assert [ended["ended"] for ended in run.run_queue("local")] == ["completed"] * 2


@pytest.mark.parametrize(("hold_up", "code"), WAYS)
def test_what_is_at_work_ends_as_it_began(
    alice: APIClient, stub: Account, hold_up: Any, code: str
) -> None:
    task = submit(alice)
    mine = claim()
    hold_up(stub)
    claims.heartbeat(mine, progress=0.5)
    chains.finish(mine, collect(mine))
    found = alice.get(f"/api/v1/tasks/{task}").json()
    assert (found["status"], found["paused"]) == ("completed", None)


def test_no_claim_begins_beside_a_pause_or_follows_it(alice: APIClient, stub: Account) -> None:
    """Many hands claim as fast as they can while a queue is paused; whoever claimed did so before it was."""
    for _ in range(10):
        submit(alice)
    late: list[Any] = []

    def take() -> object:
        try:
            return claims.claim_next("local", worker="tests")
        finally:
            connection.close()

    def hold_up_then_look() -> object:
        steering.pause("local", **WHY)
        running = Attempt.objects.filter(state="running").count()
        late.append(running)
        return running

    for _ in range(2):
        together(take, take, take, hold_up_then_look)
        assert Attempt.objects.filter(state="running").count() == late[-1]
        steering.resume("local", **WHY)
        claim()


def test_claim_that_looked_before_a_pause_does_not_claim_after_it(stub: Account) -> None:
    """Its statement began before: what decides is how the rows stand when it reaches the gate."""
    found: list[bool] = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(8), generation_closed_accounts('local') IS NULL"
            )
            found.append(cursor.fetchone()[1])
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(8)")
        asking = threading.Thread(target=ask)
        asking.start()
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 8 AND NOT granted"
        try:
            until(lambda: bool(cursor.execute(waits) or cursor.fetchone()))
            steering.pause("local", **WHY)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(8)")
            asking.join(patience())
    assert found == [True]


def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + patience()
    while not holds():
        assert time.monotonic() < ends_at


def test_paused_queue_holds_up_no_other(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    steering.pause("remote", **WHY)
    assert claim().task_id == task.pk


def test_drain_tells_when_the_last_one_ended(alice: APIClient, stub: Account) -> None:
    submit(alice)
    mine = claim()
    steering.drain("local", **WHY)
    assert steering.note_drained() == 0
    assert Queue.objects.get().drained_at is None
    chains.finish(mine, collect(mine))
    assert steering.note_drained() == 1
    assert steering.note_drained() == 0
    assert Queue.objects.get().drained_at is not None
    deeds = QueueChange.objects.order_by("id").values_list("deed", "actor", "reason")
    assert list(deeds) == [
        ("draining", "carol", WHY["reason"]),
        ("drained", steering.NOBODY, ""),
    ]


def test_what_was_paused_stays_so_whatever_its_vendor_says(stub: Account) -> None:
    Account.objects.update(failures=1)
    steering.pause_account(stub.pk, **WHY)
    standing.hear_success(stub.pk, None)
    failure = ProviderError("away", code="provider_unavailable", fault=Fault.ACCOUNT)
    for _ in range(standing.MOST_FAILURES):
        standing.hear_failure(stub.pk, None, failure)
    standing.hear_check(stub.pk, None)
    stub.refresh_from_db()
    assert stub.resting_why == Rest.PAUSED
    steering.resume_account(stub.pk, **WHY)
    steering.resume_account(stub.pk, **WHY)
    stub.refresh_from_db()
    assert (stub.resting_until, stub.resting_why) == (None, "")
    assert QueueChange.objects.filter(deed="resumed", provider="stub").count() == 1


def test_other_provider_takes_what_waits_for_a_paused_one(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    other = Account.objects.create(alias="other", adapter="stub", queue="local")
    offer = Offer.objects.get(account=stub)
    offer.pk, offer.account = None, other
    offer.save(force_insert=True)
    steering.pause_account(stub.pk, **WHY)
    assert rerouting.reroute() == 1
    mine = claim()
    assert (mine.task_id, mine.account.alias) == (task.pk, "other")


def test_queue_that_nobody_has_is_refused() -> None:
    for act in (steering.pause, steering.drain, steering.resume):
        with pytest.raises(QueueUnknown) as caught:
            act("lokal", **WHY)
        assert caught.value.params == {"queue": "lokal", "queues": "local, remote"}
    assert not Queue.objects.exists()


def test_resuming_what_is_open_changes_nothing(stub: Account) -> None:
    steering.resume("local", **WHY)
    assert not QueueChange.objects.exists()


def test_estimates_are_unknown_only_while_it_is_held_up(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    steering.pause("local", **WHY)
    assert find_places([task.pk])[task.pk].position == 1
    assert find_places([task.pk])[task.pk].starts_in_seconds is None
