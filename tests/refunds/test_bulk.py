"""Refunds of a whole incident: frozen when confirmed, approved as a whole, done by any number of loops, each once."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import QuerySet
from pytest_django import Settings

from credits import ledger
from credits.errors import KeyReused
from credits.models import Kind, Purse, Transfer
from credits.selectors import find_hold
from generation.models import Account, Event, RefundBatch, RefundRequest, RefundState, Task
from generation.refunds import bulk
from generation.refunds.bulk import (
    Preview,
    approve_refunds,
    preview_refunds,
    refund_approved,
    reject_refunds,
    request_refunds,
)
from generation.refunds.errors import (
    BulkTooLarge,
    NothingToRefund,
    OwnRefund,
    PreviewChanged,
    RefundDecided,
)
from generation.refunds.one import approve_refund, give_back, request_refund
from generation.selectors.refunds import count_refunds, mark_batches
from genhub.lib.errors import NotFound
from genhub.lib.ids import new_id
from genhub.lib.reasons import ReasonTooShort
from genhub.users.models import User
from tests.books import find_mistakes
from tests.paid_orders import pay
from tests.steps import submit

REASON = "All pictures of Monday came out black."
Pay = Callable[..., list[Task]]


@pytest.fixture
def dave(db: None) -> User:
    """Who asks."""
    return User.objects.create_user("dave", is_staff=True)


@pytest.fixture
def erin(db: None) -> User:
    """Who approves."""
    return User.objects.create_user("erin", is_staff=True)


@pytest.fixture
def purse(rich: Callable[..., Purse]) -> Purse:
    return rich("alice", 100_000)


@pytest.fixture
def make(purse: Purse, stub: Account) -> Pay:
    return lambda number, price=10: pay(purse, stub, number, price)


def all_tasks() -> QuerySet[Task]:
    return Task.objects.order_by("-pk")


def confirm(person: User, tasks: QuerySet[Task] | None = None, **words: Any) -> RefundBatch:
    tasks = all_tasks() if tasks is None else tasks
    seen = preview_refunds(tasks)
    values: dict[str, Any] = {"id": new_id(), "reason": REASON, "requested_by": person} | words
    batch = RefundBatch(**values)
    return request_refunds(tasks, seen=(seen.count, seen.total), batch=batch)[0]


def state_of(batch: RefundBatch) -> str:
    return str(mark_batches(RefundBatch.objects.filter(pk=batch.pk)).get().state)


def refunds() -> list[int]:
    return list(Transfer.objects.filter(kind=Kind.REFUND).values_list("amount", flat=True))


@pytest.mark.django_db
def test_a_thousand_tasks_are_frozen_in_one_statement_and_refunded_in_turns(
    make: Pay, dave: User, django_assert_max_num_queries: Any
) -> None:
    make(1_000, 1)
    assert preview_refunds(all_tasks()) == Preview(tasks=1_000, count=1_000, total=1_000, largest=1)
    with django_assert_max_num_queries(8):
        batch = request_refunds(
            all_tasks(),
            seen=(1_000, 1_000),
            batch=RefundBatch(id=new_id(), reason=REASON, requested_by=dave),
        )[0]
    assert count_refunds(batch)[RefundState.APPROVED] == (1_000, 1_000)
    assert refunds() == []
    assert refund_approved() == bulk.MOST_AT_A_TIME
    assert count_refunds(batch)[RefundState.DONE] == (200, 200)
    assert count_refunds(batch)[RefundState.APPROVED] == (800, 800)
    assert refunds() == [1] * 200
    assert state_of(batch) == RefundState.APPROVED
    assert find_mistakes() == []


@pytest.mark.django_db
def test_what_is_left_is_refunded_whatever_went_before(
    make: Pay, purse: Purse, dave: User, alice: Any, settings: Settings
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 30
    part, whole, waits, fresh = make(4, 20)
    free = make(1, 0)[0]
    submit(alice, prompt="still pending")
    for task, amount in ((part, 5), (whole, 20), (waits, 12)):
        request_refund(task.pk, amount, request_id=new_id(), person=dave, reason=REASON)
    assert RefundRequest.objects.get(task=waits).state == RefundState.PENDING
    settings.REFUND_APPROVAL_ABOVE = 1_000
    assert preview_refunds(all_tasks()) == Preview(tasks=6, count=3, total=43, largest=20)
    batch = confirm(dave)
    amounts = dict(batch.requests.values_list("task_id", "amount"))
    assert amounts == {part.pk: 15, waits.pk: 8, fresh.pk: 20}
    assert refund_approved() == 3
    assert free.pk not in amounts
    assert sorted(refunds()) == [5, 8, 15, 20, 20]
    events = Event.objects.filter(kind=Event.Kind.REFUNDED, task=fresh)
    assert [event.data for event in events] == [{"amount": 20, "actor": "dave"}]
    assert find_mistakes() == []


@pytest.mark.django_db
def test_tasks_that_come_later_are_not_part_of_it(make: Pay, dave: User) -> None:
    make(3)
    batch = confirm(dave)
    make(2)
    refund_approved()
    assert refunds() == [10] * 3
    assert batch.requests.count() == 3


@pytest.mark.django_db
def test_above_the_limit_in_total_the_whole_waits(make: Pay, dave: User, erin: User) -> None:
    make(101)
    batch = confirm(dave)
    assert state_of(batch) == RefundState.PENDING
    assert refund_approved() == 0
    with pytest.raises(OwnRefund):
        approve_refunds(batch.pk, person=dave, reason=REASON)
    one = batch.requests.all()[0]
    with pytest.raises(NotFound):
        approve_refund(one.pk, person=erin, reason=REASON)
    assert refunds() == []
    assert approve_refunds(batch.pk, person=erin, reason="The log shows the fault.") == 101
    assert state_of(batch) == RefundState.APPROVED
    assert refund_approved() == 101
    one.refresh_from_db()
    assert (one.state, one.decided_by) == (RefundState.DONE, erin)
    assert one.decision == "The log shows the fault."
    event = Event.objects.filter(kind=Event.Kind.REFUNDED, task=one.task_id).get()
    assert event.data == {"amount": 10, "actor": "dave", "approved_by": "erin"}
    assert find_mistakes() == []


@pytest.mark.django_db
def test_what_makes_a_bulk_wait(make: Pay, dave: User, erin: User, settings: Settings) -> None:
    settings.REFUND_APPROVAL_ABOVE = 50
    task = make(1, 60)[0]
    # Most of it went back with approval: the task's refunds exceed the limit with the rest.
    row = request_refund(task.pk, 55, request_id=new_id(), person=dave, reason=REASON)[0]
    approve_refund(row.pk, person=erin, reason=REASON)
    assert state_of(confirm(dave)) == RefundState.PENDING
    # A person's bulks of a day add up, before and after the loops did them.
    assert state_of(confirm(dave, tasks_of(make(3)))) == RefundState.APPROVED
    assert state_of(confirm(dave, tasks_of(make(3)))) == RefundState.PENDING
    refund_approved()
    assert state_of(confirm(dave, tasks_of(make(2)))) == RefundState.APPROVED
    assert state_of(confirm(dave, tasks_of(make(1)))) == RefundState.PENDING
    assert state_of(confirm(erin, tasks_of(make(5)))) == RefundState.APPROVED
    settings.REFUND_APPROVAL_ABOVE = 0
    assert state_of(confirm(erin, tasks_of(make(1)))) == RefundState.PENDING


def tasks_of(made: list[Task]) -> QuerySet[Task]:
    return Task.objects.filter(pk__in=[task.pk for task in made])


@pytest.mark.django_db
def test_a_rejected_bulk_moves_nothing(make: Pay, dave: User, erin: User) -> None:
    make(101)
    batch = confirm(dave)
    with pytest.raises(ReasonTooShort):
        reject_refunds(batch.pk, person=erin, reason=" ")
    assert reject_refunds(batch.pk, person=erin, reason="It was another day.") == 101
    for decide in (approve_refunds, reject_refunds):
        with pytest.raises(RefundDecided):
            decide(batch.pk, person=erin, reason=REASON)
        with pytest.raises(NotFound):
            decide(new_id(), person=erin, reason=REASON)
    assert refund_approved() == 0
    assert (state_of(batch), refunds()) == (RefundState.REJECTED, [])
    assert find_mistakes() == []


@pytest.mark.django_db
def test_refused_confirmations_write_nothing(
    make: Pay, dave: User, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingToRefund):
        confirm(dave)
    make(3)
    for reason in ("", "too short", " " * 50):
        with pytest.raises(ReasonTooShort):
            confirm(dave, reason=reason)
    for seen in ((2, 30), (3, 29), (4, 40), (2, 20)):
        batch = RefundBatch(id=new_id(), reason=REASON, requested_by=dave)
        with pytest.raises(PreviewChanged) as refused:
            request_refunds(all_tasks(), seen=seen, batch=batch)
        assert refused.value.params == {"count": 3, "total": 30}
    monkeypatch.setattr(bulk, "MOST_TASKS", 2)
    with pytest.raises(BulkTooLarge):
        confirm(dave)
    assert not RefundBatch.objects.exists()
    assert not RefundRequest.objects.exists()
    monkeypatch.setattr(bulk, "MOST_TASKS", 3)
    batch = confirm(dave)
    # The same form again: nothing is added; another person's form of this id is refused.
    again = RefundBatch(id=batch.pk, reason=REASON, requested_by=dave)
    assert request_refunds(all_tasks(), seen=(3, 30), batch=again) == (batch, False)
    with pytest.raises(KeyReused):
        confirm(erin, id=batch.pk)
    assert RefundRequest.objects.count() == 3


@pytest.mark.django_db
def test_one_that_is_not_possible_any_more_does_not_stop_the_others(
    make: Pay, dave: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = make(5)
    batch = confirm(dave)
    gone, broken = (batch.requests.get(task=task) for task in tasks[:2])
    # Another path gave a part of it back after the confirmation.
    hold_id = find_hold(gone.task_id)
    assert hold_id
    ledger.refund(hold_id, 1, key="tests", why=ledger.Why("tests", REASON))
    refund = ledger.refund

    def stumble(hold_id: Any, amount: int, **words: Any) -> bool:
        moved = refund(hold_id, amount, **words)
        if str(broken.pk) in words["key"]:
            raise AssertionError("the caches lie")
        return moved

    monkeypatch.setattr(ledger, "refund", stumble)
    assert refund_approved() == 3
    assert refund_approved() == 0
    rows = {row.pk: row for row in batch.requests.all()}
    assert (rows[gone.pk].state, rows[gone.pk].error_code) == ("failed", "refund_too_large")
    assert (rows[broken.pk].state, rows[broken.pk].error_code) == ("failed", "internal_error")
    assert sorted(refunds()) == [1, 10, 10, 10]
    assert (state_of(batch), count_refunds(batch)["failed"]) == (RefundState.DONE, (2, 20))
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
def test_a_crash_anywhere_is_made_good_by_the_next_turn(
    make: Pay, dave: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies after the ledger moved and before the request says so: both are undone, then done once."""
    make(6)
    batch = confirm(dave)
    calls = iter(range(100))

    def die(row: RefundRequest) -> None:
        give_back(row)
        if next(calls) % 2:
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(bulk, "give_back", die)
    for _ in range(20):
        if not batch.requests.filter(state=RefundState.APPROVED).exists():
            break
        with suppress(OperationalError):
            refund_approved()
        connection.close()
    assert refunds() == [10] * 6
    assert Event.objects.filter(kind=Event.Kind.REFUNDED).count() == 6
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
def test_copies_of_the_loop_share_the_work(make: Pay, dave: User) -> None:
    make(80)
    confirm(dave)
    start, done, raised = threading.Barrier(4), list[int](), list[Exception]()

    def work() -> None:
        start.wait()
        try:
            done.append(refund_approved())
        except Exception as error:  # noqa: BLE001 (the test looks at each)
            raised.append(error)
        finally:
            connection.close()

    copies = [threading.Thread(target=work) for _ in range(4)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    assert raised == []
    assert sum(done) + refund_approved() == 80
    assert refunds() == [10] * 80
    assert find_mistakes() == []
