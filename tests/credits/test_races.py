"""Two hands on one hold, one key, one purse: exactly one of them wins, and the audit finds nothing."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from credits import ledger
from credits.audit import audit
from credits.errors import HoldNotOpen, InsufficientCredits, RefundTooLarge
from credits.ledger import Why
from credits.models import Hold, Purse, Transfer
from tests.races import told

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Why("staff", "one of many hands")
ROUNDS = 50


def test_capture_release_and_part_capture_of_one_hold_exclude_each_other(
    rich: Callable[..., Purse],
) -> None:
    purse = rich("alice", 10 * ROUNDS)
    holds = [ledger.hold(purse.pk, 10, reference=uuid.uuid4()) for _ in range(ROUNDS)]

    def settle_each(captured: int) -> Callable[[], object]:
        rest = iter(holds)
        return lambda: ledger.settle(next(rest), captured)

    for outcome in told(settle_each(10), settle_each(0), settle_each(7), rounds=ROUNDS):
        assert sorted(outcome) == ["done", HoldNotOpen.code, HoldNotOpen.code]
    purse.refresh_from_db()
    captured = sum(Hold.objects.values_list("captured", flat=True))
    assert (purse.available, purse.held) == (10 * ROUNDS - captured, 0)
    assert Hold.objects.filter(state="settled").count() == ROUNDS
    assert audit() == []


def test_parallel_refunds_give_back_what_was_captured_once(rich: Callable[..., Purse]) -> None:
    purse = rich("alice", 100)
    hold = ledger.hold(purse.pk, 100, reference=uuid.uuid4())
    ledger.settle(hold, 100)
    acts = [
        lambda key=str(number): ledger.refund(hold, 100, key=key, why=STAFF) for number in range(20)
    ]
    [outcome] = told(*acts)
    assert Counter(outcome) == {"done": 1, RefundTooLarge.code: 19}
    purse.refresh_from_db()
    assert purse.available == 100
    assert audit() == []


def test_one_refund_clicked_by_many_hands_happens_once(rich: Callable[..., Purse]) -> None:
    purse = rich("alice", 100)
    hold = ledger.hold(purse.pk, 100, reference=uuid.uuid4())
    ledger.settle(hold, 100)
    [outcome] = told(*[lambda: ledger.refund(hold, 10, key="click", why=STAFF)] * 20)
    assert Counter(outcome) == {"done": 1, "repeated": 19}
    assert Transfer.objects.filter(kind="refund").count() == 1
    assert audit() == []


def test_one_payment_told_by_many_hands_is_granted_once(rich: Callable[..., Purse]) -> None:
    purse = rich("alice", 0)
    [outcome] = told(*[lambda: ledger.grant(purse.pk, 50, key="payment", why=STAFF)] * 20)
    assert Counter(outcome) == {"done": 1, "repeated": 19}
    purse.refresh_from_db()
    assert purse.available == 50
    assert audit() == []


def test_last_credits_are_held_once(rich: Callable[..., Purse]) -> None:
    purse = rich("alice", 10)
    acts = [lambda: ledger.hold(purse.pk, 10, reference=uuid.uuid4())] * 20
    [outcome] = told(*acts)
    assert Counter(outcome) == {"done": 1, InsufficientCredits.code: 19}
    assert audit() == []


def test_purse_is_opened_once(shop: Any) -> None:
    [outcome] = told(*[lambda: ledger.open_purse(shop.pk, "new")] * 20)
    assert Counter(outcome) == {"done": 20}
    assert Purse.objects.filter(user="new").count() == 1


def test_credits_are_conserved_among_many_purses_and_hands(rich: Callable[..., Purse]) -> None:
    purses = [rich(f"user{number}", 50).pk for number in range(4)]

    def spend() -> None:
        for purse in purses:
            hold = ledger.hold(purse, 7, reference=uuid.uuid4())
            ledger.settle(hold, 5)
            ledger.refund(hold, 5, key="back", why=STAFF)

    outcomes = told(*[spend] * 6, rounds=5)
    assert {word for outcome in outcomes for word in outcome} <= {"done", InsufficientCredits.code}
    assert audit() == []
    for row in Purse.objects.all():
        given_back = sum(row.transfers.filter(kind="refund").values_list("amount", flat=True))
        captured = sum(row.transfers.filter(kind="capture").values_list("amount", flat=True))
        assert (row.available, row.held) == (50 - captured + given_back, 0)
