"""Refunds by staff as services: who may move what, when a second person must approve, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.errors import InvalidAmount, KeyReused, RefundTooLarge
from credits.models import Kind, Purse, Transfer
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Event, RefundRequest, RefundState, Task
from generation.refunds.errors import (
    NothingToRefund,
    OwnRefund,
    RefundAskedBefore,
    RefundDecided,
    RefundTooEarly,
)
from generation.refunds.one import approve_refund, reject_refund, request_refund
from genhub.lib.errors import NotFound, Problem
from genhub.lib.ids import new_id
from genhub.lib.reasons import ReasonTooShort
from genhub.users.models import User
from tests.books import find_mistakes
from tests.paid_orders import pay
from tests.races import told
from tests.steps import submit

REASON = "The star came out as a circle."
Paid = Callable[..., Task]


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.REFUND_APPROVAL_ABOVE = 50


@pytest.fixture
def dave(db: None) -> User:
    """Who asks."""
    return User.objects.create_user("dave", is_staff=True)


@pytest.fixture
def erin(db: None) -> User:
    """Who approves."""
    return User.objects.create_user("erin", is_staff=True)


@pytest.fixture
def paid(rich: Callable[..., Purse], stub: Account) -> Paid:
    """Make one of alice's tasks that cost 100 credits, unless another price is given."""
    purse = rich("alice", 10_000)

    def make(price: int = 100) -> Task:
        return pay(purse, stub, 1, price)[0]

    return make


def ask(task: Task, amount: Any, person: User, **words: Any) -> RefundRequest:
    values: dict[str, Any] = {"request_id": new_id(), "reason": REASON} | words
    return request_refund(task.pk, amount, person=person, **values)[0]


def refunds() -> list[int]:
    moves = Transfer.objects.filter(kind=Kind.REFUND).order_by("purse_version")
    return list(moves.values_list("amount", flat=True))


@pytest.mark.django_db
def test_below_the_limit_the_credits_go_back_at_once(paid: Paid, dave: User) -> None:
    task = paid()
    row = ask(task, 50, dave)
    assert (row.state, row.decided_by) == (RefundState.DONE, None)
    move = Transfer.objects.get(kind=Kind.REFUND)
    assert (move.amount, move.actor, move.reason) == (50, "dave", REASON)
    assert move.key.endswith(f"request:{row.pk}")
    assert Event.objects.get(kind=Event.Kind.REFUNDED).data == {"amount": 50, "actor": "dave"}
    assert find_mistakes() == []


@pytest.mark.django_db
def test_above_the_limit_nothing_moves_until_another_person_approves(
    paid: Paid, dave: User, erin: User
) -> None:
    task = paid()
    row = ask(task, 51, dave)
    assert row.state == RefundState.PENDING
    assert refunds() == []
    approve_refund(row.pk, person=erin, reason="I looked at the picture too.")
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (RefundState.DONE, erin)
    assert row.decision == "I looked at the picture too."
    assert row.decided_at is not None
    event = Event.objects.get(kind=Event.Kind.REFUNDED).data
    assert event == {"amount": 51, "actor": "dave", "approved_by": "erin"}
    assert refunds() == [51]
    assert find_mistakes() == []


@pytest.mark.django_db
def test_splitting_does_not_evade_the_limit(paid: Paid, dave: User, erin: User) -> None:
    """What is refunded and what waits both count, whoever asked."""
    task = paid()
    assert ask(task, 50, dave).state == RefundState.DONE
    waiting = ask(task, 1, erin)
    assert waiting.state == RefundState.PENDING
    other = paid()
    assert ask(other, 60, dave).state == RefundState.PENDING
    assert ask(other, 1, erin).state == RefundState.PENDING
    assert refunds() == [50]
    reject_refund(waiting.pk, person=dave, reason="It was split on purpose.")
    assert find_mistakes() == []


@pytest.mark.django_db
def test_small_refunds_of_one_person_add_up_within_a_day(
    paid: Paid, dave: User, erin: User
) -> None:
    for _ in range(5):
        assert ask(paid(10), 10, dave).state == RefundState.DONE
    waiting = ask(paid(10), 10, dave)
    assert waiting.state == RefundState.PENDING
    # What another person approved, and what other people refund, does not count for dave.
    approve_refund(waiting.pk, person=erin, reason=REASON)
    assert ask(paid(10), 10, erin).state == RefundState.DONE
    assert ask(paid(10), 1, dave).state == RefundState.PENDING
    RefundRequest.objects.update(created_at=F("created_at") - timedelta(hours=24))
    assert ask(paid(10), 10, dave).state == RefundState.DONE
    assert find_mistakes() == []


@pytest.mark.django_db
def test_a_limit_of_zero_lets_every_refund_wait(paid: Paid, dave: User, settings: Settings) -> None:
    settings.REFUND_APPROVAL_ABOVE = 0
    assert ask(paid(), 1, dave).state == RefundState.PENDING
    assert refunds() == []


@pytest.mark.django_db
def test_the_same_id_asks_once(paid: Paid, dave: User, erin: User) -> None:
    task, once = paid(), new_id()
    for amount in (10, 60):
        once = new_id()
        again = partial(request_refund, task.pk, request_id=once, reason=REASON)
        first, is_new = again(amount, person=dave)
        assert is_new
        assert again(amount, person=dave) == (first, False)
        with pytest.raises(KeyReused):
            again(amount + 1, person=dave)
        with pytest.raises(KeyReused):
            again(amount, person=erin)
    assert refunds() == [10]
    assert RefundRequest.objects.count() == 2
    # Also once it was decided.
    approve_refund(once, person=erin, reason=REASON)
    row, is_new = request_refund(task.pk, 60, request_id=once, person=dave, reason=REASON)
    assert (row.state, is_new) == (RefundState.DONE, False)
    assert refunds() == [10, 60]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "amount", [0, -1, 1.5, float("nan"), "10", "", None, True, 2**63, 10**12 + 1]
)
def test_amounts_that_are_none_are_refused(paid: Paid, dave: User, amount: Any) -> None:
    with pytest.raises(InvalidAmount):
        ask(paid(), amount, dave)
    nothing_happened()


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["", "too short", " " * 50, "\n\t" * 20, "x" + " " * 50])
def test_each_step_needs_a_reason(paid: Paid, dave: User, erin: User, reason: str) -> None:
    task = paid()
    with pytest.raises(ReasonTooShort):
        ask(task, 10, dave, reason=reason)
    nothing_happened()
    row = ask(task, 60, dave)
    for decide in (approve_refund, reject_refund):
        with pytest.raises(ReasonTooShort):
            decide(row.pk, person=erin, reason=reason)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (RefundState.PENDING, None)
    assert refunds() == []


@pytest.mark.django_db
def test_more_than_is_left_is_refused(paid: Paid, dave: User, erin: User) -> None:
    task = paid()
    with pytest.raises(RefundTooLarge):
        ask(task, 101, dave)
    ask(task, 40, dave)
    with pytest.raises(RefundTooLarge):
        ask(task, 61, dave)
    waiting = ask(task, 55, dave)
    with pytest.raises(RefundAskedBefore) as refused:
        ask(task, 6, erin)
    assert refused.value.params == {"waiting": 55, "left": 5}
    approve_refund(waiting.pk, person=erin, reason=REASON)
    ask(task, 5, erin)
    approve_refund(RefundRequest.objects.latest("created_at").pk, person=dave, reason=REASON)
    with pytest.raises(RefundTooLarge):
        ask(task, 1, dave)
    assert refunds() == [40, 55, 5]
    assert find_mistakes() == []


@pytest.mark.django_db
def test_tasks_without_anything_to_give_back_are_refused(
    alice: APIClient, stub: Account, paid: Paid, dave: User
) -> None:
    running = submit(alice)
    refused(RefundTooEarly, running, dave)
    cancel_task(running.pk)
    running.refresh_from_db()
    refused(RefundTooLarge, running, dave)
    refused(NothingToRefund, paid(0), dave)
    refused(NotFound, Task(id=new_id()), dave)
    nothing_happened()


def refused(kind: type[Problem], task: Task, person: User) -> None:
    with pytest.raises(kind):
        ask(task, 1, person)


def nothing_happened() -> None:
    assert refunds() == []
    assert not RefundRequest.objects.exists()
    assert not Event.objects.filter(kind=Event.Kind.REFUNDED).exists()
    assert find_mistakes() == []


@pytest.mark.django_db
@pytest.mark.parametrize("decide", [approve_refund, reject_refund])
def test_nobody_decides_about_an_own_refund(paid: Paid, decide: Callable[..., Any]) -> None:
    boss = User.objects.create_superuser("boss")
    row = ask(paid(), 60, boss)
    with pytest.raises(OwnRefund):
        decide(row.pk, person=boss, reason=REASON)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (RefundState.PENDING, None)
    assert refunds() == []
    # Whatever code may try: the database keeps the four eyes itself.
    with (
        pytest.raises(IntegrityError, match="refund_request_four_eyes"),
        transaction.atomic(),
    ):
        RefundRequest.objects.filter(pk=row.pk).update(state=RefundState.DONE, decided_by=boss)
    assert find_mistakes() == []


@pytest.mark.django_db
@pytest.mark.parametrize("first", [approve_refund, reject_refund])
@pytest.mark.parametrize("second", [approve_refund, reject_refund])
def test_a_refund_is_decided_once(
    paid: Paid, dave: User, erin: User, first: Callable[..., Any], second: Callable[..., Any]
) -> None:
    row = ask(paid(), 60, dave)
    first(row.pk, person=erin, reason=REASON)
    state = RefundRequest.objects.get().state
    other = User.objects.create_user("frank")
    for person in (erin, other):
        with pytest.raises(RefundDecided):
            second(row.pk, person=person, reason=REASON)
    assert RefundRequest.objects.get().state == state
    assert refunds() == ([60] if first is approve_refund else [])
    assert find_mistakes() == []


@pytest.mark.django_db
def test_an_unknown_refund_is_not_found(erin: User) -> None:
    for decide in (approve_refund, reject_refund):
        with pytest.raises(NotFound):
            decide(new_id(), person=erin, reason=REASON)


@pytest.mark.django_db
def test_approval_looks_again_at_what_is_left(paid: Paid, dave: User, erin: User) -> None:
    task = paid()
    row = ask(task, 100, dave)
    # Something beside the requests gave a part back meanwhile.
    RefundRequest.objects.filter(pk=row.pk).update(amount=40)
    approve_refund(ask(task, 60, dave).pk, person=erin, reason=REASON)
    RefundRequest.objects.filter(pk=row.pk).update(amount=100)
    with pytest.raises(RefundTooLarge):
        approve_refund(row.pk, person=erin, reason=REASON)
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.decided_at) == (RefundState.PENDING, None, None)
    assert refunds() == [60]
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", [approve_refund, reject_refund])
def test_two_deciders_at_once_have_one_effect(
    paid: Paid, dave: User, erin: User, second: Callable[..., Any]
) -> None:
    frank = User.objects.create_user("frank")
    for _ in range(8):
        row = ask(paid(), 60, dave)
        before = len(refunds())
        [ends] = told(
            partial(approve_refund, row.pk, person=erin, reason=REASON),
            partial(second, row.pk, person=frank, reason=REASON),
        )
        assert sorted(ends) == ["done", "refund_decided"]
        row.refresh_from_db()
        assert len(refunds()) - before == (row.state == RefundState.DONE)
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
def test_refunds_of_one_person_at_once_do_not_pass_the_limit_together(
    paid: Paid, dave: User
) -> None:
    tasks = [paid(10) for _ in range(8)]
    assert told(*[partial(ask, task, 10, dave) for task in tasks]) == [["done"] * 8]
    assert refunds() == [10] * 5
    assert RefundRequest.objects.filter(state=RefundState.PENDING).count() == 3
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_do_not_pass_a_tasks_limit_or_capture(
    paid: Paid, dave: User, erin: User
) -> None:
    task = paid()
    acts = [partial(ask, task, 30, person) for person in (dave, erin, dave, erin)]
    [ends] = told(*acts)
    assert sorted(ends) == ["done"] * 3 + ["refund_asked_before"]
    assert refunds() == [30]
    assert RefundRequest.objects.filter(state=RefundState.PENDING).count() == 2
    assert find_mistakes() == []
