"""A move that waits for another move of its purse goes on from what the other left, or is refused."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from credits import freezes, ledger
from credits.audit import audit
from credits.errors import HoldNotOpen, InsufficientCredits, PurseFrozen
from credits.expiry import expire_lots
from credits.ledger import Terms, Why
from credits.models import Budget, Count, Hold, Lot, Purse
from genhub.platforms.models import ApiKey
from tests.races import told_after

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Why("staff", "one of two hands")
Rich = Callable[..., Purse]


def hold(purse: Purse, amount: int) -> uuid.UUID:
    return ledger.hold(purse.pk, amount, reference=uuid.uuid4())


def balance(purse: Purse) -> tuple[int, int]:
    purse.refresh_from_db()
    assert audit() == []
    return purse.available, purse.held


def test_hold_draws_the_lot_that_came_while_it_waited(rich: Rich) -> None:
    purse = rich("alice", 100)
    soon = timezone.now() + timedelta(days=1)
    told_after(
        lambda: ledger.grant(purse.pk, 20, key="lot", why=STAFF, expires_at=soon),
        lambda: hold(purse, 15),
    )
    assert Lot.objects.get().remaining == 5
    assert balance(purse) == (105, 15)


def test_hold_that_waited_for_a_freeze_is_refused(rich: Rich) -> None:
    purse = rich("alice", 100)
    told = told_after(lambda: freezes.freeze(purse.pk, ["x"]), lambda: hold(purse, 15))
    assert told is PurseFrozen
    assert not Hold.objects.exists()


def test_hold_that_waited_while_the_last_credits_went_is_refused(rich: Rich) -> None:
    purse = rich("alice", 100)
    told = told_after(
        lambda: ledger.adjust(purse.pk, -90, key="down", why=STAFF), lambda: hold(purse, 15)
    )
    assert told is InsufficientCredits
    assert balance(purse) == (10, 0)


def test_hold_that_came_before_the_top_up_was_committed_is_refused(rich: Rich) -> None:
    purse = rich("alice", 10)
    told = told_after(
        lambda: ledger.grant(purse.pk, 90, key="top up", why=STAFF), lambda: hold(purse, 15)
    )
    assert told is InsufficientCredits
    assert balance(purse) == (100, 0)
    hold(purse, 15)
    assert balance(purse) == (85, 15)


def test_budget_made_while_a_hold_waits_counts_from_the_next_hold(rich: Rich) -> None:
    purse = rich("alice", 100)
    key = ApiKey.objects.issue(purse.platform, name="tests")[0]

    def order() -> uuid.UUID:
        terms = Terms(api_key_id=key.pk)
        return ledger.hold(purse.pk, 15, reference=uuid.uuid4(), terms=terms)

    waited = told_after(
        lambda: ledger.adjust(purse.pk, 1, key="up", why=STAFF),
        order,
        meanwhile=lambda: Budget.objects.create(api_key=key, period="total", most=20),
    )
    assert balance(purse) == (86, 15)
    assert isinstance(waited, uuid.UUID)
    order()
    assert Count.objects.get().used == 15
    ledger.release(waited)
    assert Count.objects.get().used == 15
    assert balance(purse) == (86, 15)


def test_settlement_that_waited_for_the_end_of_a_freeze_moves_on_from_there(rich: Rich) -> None:
    purse = rich("alice", 100)
    soon = timezone.now() + timedelta(days=1)
    ledger.grant(purse.pk, 20, key="lot", why=STAFF, expires_at=soon)
    order = hold(purse, 30)
    freezes.freeze(purse.pk, ["x"])
    told = told_after(
        lambda: freezes.unfreeze(purse.pk, available=7, key="counted", why=STAFF),
        lambda: ledger.settle(order, 25),
    )
    assert told == 25
    assert balance(purse) == (12, 0)


def test_end_of_a_freeze_that_waited_for_a_settlement_states_the_balance(rich: Rich) -> None:
    purse = rich("alice", 100)
    order = hold(purse, 30)
    freezes.freeze(purse.pk, ["x"])
    told = told_after(
        lambda: ledger.settle(order, 25),
        lambda: freezes.unfreeze(purse.pk, available=7, key="counted", why=STAFF),
    )
    assert told is None
    assert balance(purse) == (7, 0)


def test_refund_that_waited_while_its_lot_expired_makes_a_new_lot(rich: Rich) -> None:
    purse = rich("alice", 0)
    end = timezone.now() + timedelta(days=1)
    ledger.grant(purse.pk, 20, key="lot", why=STAFF, expires_at=end)
    order = hold(purse, 10)
    ledger.settle(order, 10)
    told = told_after(
        lambda: expire_lots(at=end),
        lambda: ledger.refund(order, 10, key="back", why=STAFF, at=end),
    )
    assert told is True
    assert balance(purse) == (10, 0)
    assert Lot.objects.get(remaining__gt=0).expires_at > end


def test_second_settlement_waits_for_the_first_and_is_refused(rich: Rich) -> None:
    purse = rich("alice", 100)
    order = hold(purse, 30)
    told = told_after(lambda: ledger.settle(order, 25), lambda: ledger.settle(order, 30))
    assert told is HoldNotOpen
    assert balance(purse) == (75, 0)


def test_same_order_that_waited_is_answered_with_the_first_ones_hold(rich: Rich) -> None:
    purse = rich("alice", 100)
    reference = uuid.uuid4()

    def order() -> uuid.UUID:
        return ledger.hold(purse.pk, 30, reference=reference)

    assert told_after(order, order) == Hold.objects.get().pk
    assert balance(purse) == (70, 30)
