"""Orders that are asked for together: claimed by one statement, listed where the vendor can, left by another statement;
and nobody waits for what is slow or broken of the others."""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.life import polls, waiting
from generation.models import Account, AccountKey, Attempt, Event
from generation.providers.base import Waiting
from generation.providers.errors import Fault, ProviderError, Sent
from generation.providers.stub import StubProvider
from generation.work import finisher, poll, run, storing
from generation.work.process import draining, readiness
from storage.outputs import save_output
from tests.patience import patience
from tests.steps import die, submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books", "stub"),
]
FOR_EVER = "stub:wait=1000000"
DONE = "stub:wait=0"


class Asked:
    """Who was asked for, each by itself or in a list; the list tells what a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alone: list[str] = []
        self.listed: list[list[str]] = []
        self.list: dict[str, Waiting] = {}
        self.error: Exception | None = None
        plain = StubProvider.poll

        def ask(provider: StubProvider, remote_id: str) -> Any:
            self.alone.append(remote_id)
            return plain(provider, remote_id)

        def ask_for_list(_: StubProvider, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
            self.listed.append(sorted(remote_ids))
            if self.error:
                raise self.error
            return self.list

        monkeypatch.setattr(StubProvider, "poll", ask)
        monkeypatch.setattr(StubProvider, "poll_many", ask_for_list)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


@pytest.fixture(autouse=True)
def _much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is due before a test says so."""
    monkeypatch.setattr(waiting, "pause_of", lambda turn, told: 3600)


def work() -> list[str]:
    """Let a worker come once, and return how what it did ended."""
    return [entry["ended"] for entry in run.run_queue("local")]


def be_due() -> None:
    """Let the time pass until each order is to be asked for."""
    Attempt.objects.filter(state="waiting").update(run_at=Now())


def wait_with(client: APIClient, *prompts: str) -> list[str]:
    """Have these orders wait at their vendor, where they are due, and return their ids there."""
    for prompt in prompts:
        submit(client, prompt)
    assert work() == ["waiting"] * len(prompts)
    be_due()
    return list(Attempt.objects.order_by("created_at").values_list("remote_id", flat=True))


def test_orders_that_still_wait_cost_two_writes_and_no_event(
    alice: APIClient, asked: Asked
) -> None:
    ids = wait_with(alice, *[FOR_EVER] * 5)
    events = Event.objects.count()
    tokens = set(Attempt.objects.values_list("lease_token", flat=True))
    with CaptureQueriesContext(connection) as queries:
        assert work() == ["waiting"] * 5
    # The claim of a new order, in vain, is the third.
    written = [query["sql"] for query in queries if "UPDATE generation_attempt" in query["sql"]]
    writes = [statement for statement in written if "generation_event" not in statement]
    assert (len(written), len(writes)) == (3, 2)
    assert not any("UPDATE generation_task" in statement for statement in writes)
    assert Event.objects.count() == events
    assert sorted(asked.alone) == sorted(ids)
    rows = Attempt.objects.values_list("state", "lease_expires_at", "lease_token")
    assert set(rows) == {("waiting", None, 1 + token) for token in tokens}


def test_whom_the_vendor_lists_nobody_asks_for(alice: APIClient, asked: Asked) -> None:
    ids = wait_with(alice, FOR_EVER, FOR_EVER, DONE)
    asked.list = {ids[0]: Waiting(0.25), ids[1]: Waiting()}
    Attempt.objects.filter(remote_id=ids[1]).update(progress=0.5)
    assert sorted(work()) == ["completed", "waiting", "waiting"]
    assert (asked.listed, asked.alone) == ([sorted(ids)], [ids[2]])
    told = Attempt.objects.filter(state="waiting").order_by("created_at")
    # Of the second one nothing was said.
    assert list(told.values_list("progress", flat=True)) == [0.25, 0.5]


@pytest.mark.parametrize(
    "error", [ProviderError("busy", retryable=True), ZeroDivisionError("strange")], ids=repr
)
def test_list_that_cannot_be_had_is_not_needed(
    alice: APIClient, asked: Asked, error: Exception
) -> None:
    ids = wait_with(alice, FOR_EVER, FOR_EVER)
    asked.error = error
    assert work() == ["waiting"] * 2
    assert sorted(asked.alone) == sorted(ids)


def test_one_order_is_asked_for_without_a_list(alice: APIClient, asked: Asked) -> None:
    ids = wait_with(alice, FOR_EVER)
    assert work() == ["waiting"]
    assert (asked.listed, asked.alone) == ([], ids)


def test_account_by_account_and_key_by_key(
    alice: APIClient, asked: Asked, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = wait_with(alice, *[FOR_EVER] * 5)
    other = Account.objects.create(alias="other", adapter="stub", queue="local")
    Attempt.objects.filter(remote_id=ids[1]).update(account=other)
    for place, name in ((2, "one"), (3, "two"), (4, "two")):
        key, _ = AccountKey.objects.get_or_create(account=stub, name=name)
        Attempt.objects.filter(remote_id=ids[place]).update(key=key)
    batches: list[int] = []
    plain = poll.ask

    def ask(batch: Any) -> Any:
        batches.append(len(batch.members))
        return plain(batch)

    monkeypatch.setattr(poll, "ask", ask)
    monkeypatch.setattr(AccountKey, "secret", lambda key: key.name)
    assert work() == ["waiting"] * 5
    assert batches == [4, 1]
    assert asked.listed == [sorted(ids[3:])]
    assert sorted(asked.alone) == sorted(ids)


def test_whose_worker_died_is_asked_for_alone_until_that_was_survived(
    alice: APIClient, asked: Asked
) -> None:
    wait_with(alice, *[FOR_EVER] * 3)
    batch = poll.claim_polls("local")
    assert batch
    assert len(batch.members) == 3
    die()
    sizes = []
    for _ in range(3):
        claimed = poll.claim_polls("local")
        assert claimed
        sizes.append((len(claimed.members), claimed.occupant.is_isolated))
        polls.leave_waiting([(claim, Waiting()) for claim in claimed.members])
    assert sizes == [(1, True)] * 3
    be_due()
    claimed = poll.claim_polls("local")
    assert claimed
    assert (len(claimed.members), claimed.occupant.is_isolated) == (3, False)


def test_who_is_locked_is_left_out_and_nobody_waits(alice: APIClient, asked: Asked) -> None:
    """A cancel locks the task before its attempts."""
    ids = wait_with(alice, *[FOR_EVER] * 3)
    first = Attempt.objects.get(remote_id=ids[0])
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT 1 FROM generation_task WHERE id = %s FOR UPDATE", [first.task_id])
        assert work() == ["waiting"] * 2
        other.rollback()
    assert sorted(asked.alone) == sorted(ids[1:])
    assert work() == ["waiting"]


def test_only_who_is_still_held_and_not_locked_is_left_together(alice: APIClient) -> None:
    ids = wait_with(alice, *[FOR_EVER] * 3)
    held = polls.claim_due("local", worker="tests")
    assert [claim.remote_id for claim in held] == ids
    Attempt.objects.filter(remote_id=ids[0]).update(lease_token=99)
    with psycopg.connect(**connection.get_connection_params()) as other:
        locked = [held[1].attempt_id]
        other.execute("SELECT 1 FROM generation_attempt WHERE id = %s FOR UPDATE", locked)
        left = polls.leave_waiting([(claim, Waiting(math.nan)) for claim in held])
        other.rollback()
    assert left == {held[2].attempt_id}
    states = Attempt.objects.order_by("created_at").values_list("state", "progress")
    assert list(states) == [("running", 0.0), ("running", 0.0), ("waiting", 0.0)]


def test_who_cannot_be_left_together_is_left_alone(
    alice: APIClient, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_with(alice, *[FOR_EVER] * 3)
    monkeypatch.setattr(polls, "leave_waiting", lambda told: 1 / 0)
    assert work() == ["waiting"] * 3
    assert set(Attempt.objects.values_list("state", flat=True)) == {"waiting"}


def test_vendor_that_fails_again_and_again_is_left_in_peace(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_with(alice, *[FOR_EVER] * 12)
    monkeypatch.setattr(poll, "SIDE_BY_SIDE", 1)
    asked: list[str] = []

    def fail(_: StubProvider, remote_id: str) -> Any:
        asked.append(remote_id)
        raise ProviderError("away", retryable=True, sent=Sent.MAYBE, fault=Fault.ACCOUNT)

    monkeypatch.setattr(StubProvider, "poll", fail)
    assert work() == ["waiting"] * 12
    assert len(asked) == poll.MOST_FAULTS


def test_one_that_cannot_be_asked_for_spoils_no_other(alice: APIClient) -> None:
    wait_with(alice, f"{DONE} stub:poll=break", f"{DONE} stub:poll=busy", f"{DONE} stub:fail", DONE)
    assert sorted(work()) == ["completed", "failed", "waiting", "waiting"]


def test_account_that_cannot_be_used_now_ends_no_order(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_with(alice, FOR_EVER, FOR_EVER)
    monkeypatch.setattr(poll, "adapter_of", lambda account, key: 1 / 0)
    assert work() == ["waiting"] * 2


def test_slow_vendor_keeps_one_thread_from_the_others(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = wait_with(alice, *[FOR_EVER] * 3)
    monkeypatch.setattr(polls, "MOST_AT_ONCE", 1)
    other = Account.objects.create(alias="other", adapter="stub", queue="local")
    Attempt.objects.filter(remote_id=ids[2]).update(account=other)
    first = poll.claim_polls("local")
    assert first
    found: list[Any] = []

    def ask(_: StubProvider, remote_id: str) -> Any:
        # Meanwhile another thread looks for something to do.
        batch = poll.claim_polls("local")
        found.append(batch and batch.account.alias)
        return Waiting()

    monkeypatch.setattr(StubProvider, "poll", ask)
    poll.ask(first)
    assert found == ["other"]
    second = poll.claim_polls("local")
    assert second
    assert second.members[0].remote_id == ids[1]


def test_those_that_are_done_are_stored_beside_each_other(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_with(alice, DONE, DONE, FOR_EVER)
    both = threading.Barrier(2)

    def save(*words: Any, **more: Any) -> Any:
        # Neither goes on without the other, and the third is left to its vendor meanwhile.
        assert Attempt.objects.filter(state="waiting").count() == 1
        both.wait(patience())
        return save_output(*words, **more)

    monkeypatch.setattr(storing, "save_output", save)
    finisher.helpers.cache_clear()
    monkeypatch.setattr(readiness, "threads", 2)
    assert sorted(work()) == ["completed", "completed", "waiting"]


def test_worker_that_stops_stores_nothing_more_of_many(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_with(alice, DONE, DONE)
    monkeypatch.setattr(waiting, "pause_of", lambda turn, told: told or 0)
    plain = poll.ask

    def ask(batch: Any) -> Any:
        outcome = plain(batch)
        draining.set()
        return outcome

    monkeypatch.setattr(poll, "ask", ask)
    assert work() == ["waiting"] * 2
    draining.clear()
    monkeypatch.setattr(poll, "ask", plain)
    assert work() == ["completed"] * 2


def test_orders_are_taken_between_two_batches_of_polls(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "MOST_AT_ONCE", 2)
    wait_with(alice, *[FOR_EVER] * 6)
    submit(alice, "stub:fail")
    assert work() == ["waiting", "waiting", "failed", *["waiting"] * 4]


def test_what_is_due_again_at_once_waits_for_the_next_bell(
    alice: APIClient, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one job would ask for few, again and again, as fast as it can."""
    ids = wait_with(alice, FOR_EVER, FOR_EVER)
    monkeypatch.setattr(waiting, "pause_of", lambda turn, told: 0)
    monkeypatch.setattr(run, "ROUND_SECONDS", patience())
    assert work() == ["waiting"] * 2
    assert sorted(asked.alone) == sorted(ids)
    assert work() == ["waiting"] * 2
