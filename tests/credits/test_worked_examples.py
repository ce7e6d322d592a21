"""The ledger's manual: each example is one order's money from beginning to end."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from credits import ledger, lots
from credits.audit import audit
from credits.errors import (
    HoldNotOpen,
    InsufficientCredits,
    InvalidAmount,
    KeyReused,
    PurseUnknown,
    RefundTooLarge,
)
from credits.expiry import expire_holds
from credits.ledger import LARGEST_AMOUNT, Terms, Why
from credits.models import Hold, Purse, Transfer
from credits.selectors import view_holds

pytestmark = pytest.mark.django_db

STAFF = Why("staff", "the customer complained, rightly")


@pytest.fixture
def purse(rich: Callable[..., Purse]) -> Purse:
    return rich("alice", 100)


def balance(purse: Purse) -> tuple[int, int]:
    purse.refresh_from_db()
    return purse.available, purse.held


def statement(purse: Purse) -> list[tuple[str, str, str, int]]:
    moves = Transfer.objects.filter(purse=purse).order_by("purse_version")
    return list(moves.values_list("kind", "source", "target", "amount"))


def test_success_takes_what_was_held(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    assert balance(purse) == (60, 40)
    ledger.settle(hold, 40)
    assert balance(purse) == (60, 0)
    assert statement(purse) == [
        ("grant", "issued", "available", 100),
        ("hold", "available", "held", 40),
        ("capture", "held", "revenue", 40),
    ]
    assert audit() == []


def test_failure_gives_the_whole_hold_back(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    ledger.release(hold)
    assert balance(purse) == (100, 0)
    assert statement(purse)[-1] == ("release", "held", "available", 40)
    reasons = Transfer.objects.filter(purse=purse).order_by("purse_version")
    assert list(reasons.values_list("reason", flat=True))[1:] == [
        "ai_generation",
        "ai_generation_failed",
    ]
    assert audit() == []


def test_three_of_four_delivered_cost_three(purse: Purse) -> None:
    order = uuid.uuid4()
    hold = ledger.hold(purse.pk, 40, reference=order)
    ledger.settle(hold, 30)
    assert balance(purse) == (70, 0)
    assert statement(purse)[-2:] == [
        ("capture", "held", "revenue", 30),
        ("release", "held", "available", 10),
    ]
    assert vars(view_holds([order])[order]) == {
        "held": 0, "captured": 30, "released": 10, "refunded": 0
    }  # fmt: skip
    assert audit() == []


def test_refund_gives_a_part_back_then_the_rest(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    ledger.settle(hold, 30)
    assert ledger.refund(hold, 10, key="a", why=STAFF)
    assert balance(purse) == (80, 0)
    assert ledger.refund(hold, 20, key="b", why=STAFF)
    assert balance(purse) == (100, 0)
    with pytest.raises(RefundTooLarge):
        ledger.refund(hold, 1, key="c", why=STAFF)
    assert statement(purse)[-1] == ("refund", "revenue", "available", 20)
    assert Transfer.objects.filter(kind="refund").first().actor == "staff"  # type: ignore[union-attr]
    assert audit() == []


def test_whole_refund_in_one(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 100, reference=uuid.uuid4())
    ledger.settle(hold, 100)
    ledger.refund(hold, 100, key="a", why=STAFF)
    assert balance(purse) == (100, 0)
    assert audit() == []


def test_refund_of_more_than_was_captured_is_refused(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    with pytest.raises(RefundTooLarge):
        ledger.refund(hold, 1, key="while open", why=STAFF)
    ledger.settle(hold, 30)
    with pytest.raises(RefundTooLarge):
        ledger.refund(hold, 31, key="too much", why=STAFF)
    assert balance(purse) == (70, 0)


def test_same_refund_key_refunds_once(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    ledger.settle(hold, 40)
    assert ledger.refund(hold, 10, key="click", why=STAFF) is True
    assert ledger.refund(hold, 10, key="click", why=STAFF) is False
    with pytest.raises(KeyReused):
        ledger.refund(hold, 11, key="click", why=STAFF)
    assert balance(purse) == (70, 0)
    assert audit() == []


def test_same_grant_key_grants_once(purse: Purse, rich: Callable[..., Purse]) -> None:
    told = [ledger.grant(purse.pk, 50, key="payment 7", why=STAFF) for _ in range(10)]
    assert told == [True] + [False] * 9
    assert balance(purse) == (150, 0)
    with pytest.raises(KeyReused):
        ledger.grant(purse.pk, 51, key="payment 7", why=STAFF)
    with pytest.raises(KeyReused):
        ledger.grant(rich("bob", 0).pk, 50, key="payment 7", why=STAFF)
    assert balance(purse) == (150, 0)
    assert audit() == []


def test_hold_of_more_than_is_available_is_refused_and_leaves_nothing(purse: Purse) -> None:
    ledger.hold(purse.pk, 95, reference=uuid.uuid4())
    with pytest.raises(InsufficientCredits) as refusal:
        ledger.hold(purse.pk, 6, reference=uuid.uuid4())
    assert refusal.value.params == {"price": 6, "available": 5}
    assert Hold.objects.count() == 1
    assert balance(purse) == (5, 95)


@pytest.mark.parametrize("captured", [0, 1, 39, 40])
def test_second_settlement_is_refused(purse: Purse, captured: int) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    ledger.settle(hold, captured)
    before = statement(purse)
    for again in (0, 1, 40):
        with pytest.raises(HoldNotOpen):
            ledger.settle(hold, again)
    with pytest.raises(HoldNotOpen):
        ledger.release(hold)
    assert statement(purse) == before
    assert audit() == []


@pytest.mark.parametrize("due", [41, 90, LARGEST_AMOUNT])
def test_what_is_delivered_beyond_the_hold_is_the_operators_loss(purse: Purse, due: int) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    assert ledger.settle(hold, due) == 40
    assert balance(purse) == (60, 0)
    assert statement(purse)[-2:] == [
        ("capture", "held", "revenue", 40),
        ("overrun", "exposure", "revenue", due - 40),
    ]
    with pytest.raises(RefundTooLarge):
        ledger.refund(hold, 41, key="not paid by the customer", why=STAFF)
    assert audit() == []


def test_delivery_after_the_hold_expired_is_the_operators_loss_too(purse: Purse) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4(), terms=Terms(lifetime=timedelta(0)))
    assert (expire_holds(), expire_holds()) == (1, 0)
    assert statement(purse)[-1] == ("release", "held", "available", 40)
    assert Transfer.objects.filter(kind="release").get().reason == "hold_expired"
    for _ in range(2):
        ledger.expose(hold, 30)
    assert balance(purse) == (100, 0)
    assert statement(purse)[-1] == ("overrun", "exposure", "revenue", 30)
    assert statement(purse).count(("overrun", "exposure", "revenue", 30)) == 1
    assert audit() == []


def test_one_order_is_held_once(purse: Purse) -> None:
    order = uuid.uuid4()
    hold = ledger.hold(purse.pk, 10, reference=order)
    assert ledger.hold(purse.pk, 10, reference=order) == hold
    with pytest.raises(KeyReused):
        ledger.hold(purse.pk, 11, reference=order)
    assert balance(purse) == (90, 10)
    assert audit() == []


def test_holds_of_one_batch_order_are_all_there_or_none(purse: Purse) -> None:
    orders = [(uuid.uuid4(), amount) for amount in (30, 20, 50)]
    with pytest.raises(InsufficientCredits) as refusal:
        ledger.hold_many(purse.pk, [*orders, (uuid.uuid4(), 1)])
    assert refusal.value.params == {"price": 101, "available": 100}
    assert balance(purse) == (100, 0)
    assert ledger.hold_many(purse.pk, []) == []
    holds = ledger.hold_many(purse.pk, orders)
    assert ledger.hold_many(purse.pk, orders) == holds
    with pytest.raises(KeyReused):
        ledger.hold_many(purse.pk, [*orders[:2], (uuid.uuid4(), 1)])
    assert balance(purse) == (0, 100)
    assert [row.amount for hold in holds for row in [Hold.objects.get(pk=hold)]] == [30, 20, 50]
    ledger.settle(holds[1], 20)
    ledger.release(holds[0])
    assert balance(purse) == (30, 50)
    assert audit() == []


def test_adjustment_corrects_a_mistaken_grant_once(purse: Purse) -> None:
    for _ in range(2):
        ledger.adjust(purse.pk, -30, key="slip", why=STAFF)
    assert balance(purse) == (70, 0)
    assert statement(purse)[-1] == ("adjust", "available", "issued", 30)
    for amount in (30, -31):
        with pytest.raises(KeyReused):
            ledger.adjust(purse.pk, amount, key="slip", why=STAFF)
    with pytest.raises(InsufficientCredits):
        ledger.adjust(purse.pk, -71, key="more", why=STAFF)
    ledger.adjust(purse.pk, 5, key="up", why=STAFF)
    assert balance(purse) == (75, 0)
    assert audit() == []


def test_purse_that_nobody_opened_is_unknown() -> None:
    for act in (
        lambda: ledger.hold(uuid.uuid4(), 1, reference=uuid.uuid4()),
        lambda: ledger.grant(uuid.uuid4(), 1, key="a", why=STAFF),
        lambda: ledger.adjust(uuid.uuid4(), 1, key="a", why=STAFF),
        lambda: lots.expire_purse(uuid.uuid4()),
    ):
        with pytest.raises(PurseUnknown):
            act()
    assert not Transfer.objects.exists()


NO_AMOUNT: list[Any] = [
    0, -1, True, False, 1.0, 1.5, float("nan"), float("inf"), "5", "", None, LARGEST_AMOUNT + 1, 2**63 - 1, 2**63, [1],
]  # fmt: skip


@pytest.mark.parametrize("amount", NO_AMOUNT, ids=repr)
def test_amount_that_is_no_whole_number_of_credits_is_refused(purse: Purse, amount: Any) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    before = statement(purse)
    with pytest.raises(InvalidAmount):
        ledger.grant(purse.pk, amount, key="x", why=STAFF)
    with pytest.raises(InvalidAmount):
        ledger.hold(purse.pk, amount, reference=uuid.uuid4())
    with pytest.raises(InvalidAmount):
        ledger.refund(hold, amount, key="x", why=STAFF)
    if amount != -1:
        with pytest.raises(InvalidAmount):
            ledger.adjust(purse.pk, amount, key="x", why=STAFF)
    assert statement(purse) == before


@pytest.mark.parametrize(
    "captured",
    [-1, True, False, 1.0, 0.5, "5", None, float("nan"), [1], LARGEST_AMOUNT + 1, 2**63],
    ids=repr,
)
def test_capture_that_is_no_whole_number_is_refused(purse: Purse, captured: Any) -> None:
    hold = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    with pytest.raises(InvalidAmount):
        ledger.settle(hold, captured)
    assert balance(purse) == (60, 40)


def test_largest_amount_fits(rich: Callable[..., Purse]) -> None:
    purse = rich("bob", LARGEST_AMOUNT)
    hold = ledger.hold(purse.pk, LARGEST_AMOUNT, reference=uuid.uuid4())
    ledger.settle(hold, LARGEST_AMOUNT - 1)
    ledger.refund(hold, LARGEST_AMOUNT - 1, key="all", why=STAFF)
    assert balance(purse) == (LARGEST_AMOUNT, 0)
    assert audit() == []


def test_move_that_fails_later_in_its_transaction_never_was(purse: Purse) -> None:
    with transaction.atomic():
        ledger.hold(purse.pk, 40, reference=uuid.uuid4())
        assert balance(purse) == (60, 40)
        transaction.set_rollback(True)
    assert balance(purse) == (100, 0)
    assert not Hold.objects.exists()
