"""Credits that expire: the earliest go first, a live hold keeps its own, a refund finds the way back."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from credits import ledger
from credits.audit import audit
from credits.errors import ExpiryPast, InsufficientCredits
from credits.expiry import expire_lots
from credits.ledger import Terms, Why
from credits.models import Lot, Purse, Transfer

pytestmark = pytest.mark.django_db

STAFF = Why("staff", "a present for the holidays")


@pytest.fixture
def now(db: None) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


@pytest.fixture
def days(now: datetime) -> Callable[[float], datetime]:
    return lambda number: now + timedelta(days=number)


Days = Callable[[float], datetime]


@pytest.fixture
def purse(rich: Callable[..., Purse], days: Days) -> Purse:
    """100 credits for ever, 30 that expire in 10 days and 20 in 5."""
    purse = rich("alice", 100)
    ledger.grant(purse.pk, 30, key="later", why=STAFF, expires_at=days(10))
    ledger.grant(purse.pk, 20, key="sooner", why=STAFF, expires_at=days(5))
    return purse


def hold(purse: Purse, amount: int, at: datetime | None = None) -> uuid.UUID:
    return ledger.hold(purse.pk, amount, reference=uuid.uuid4(), terms=Terms(at=at))


def balance(purse: Purse) -> tuple[int, int]:
    purse.refresh_from_db()
    assert audit() == []
    return purse.available, purse.held


def remaining(purse: Purse) -> list[int]:
    """What is free of each lot, the earliest expiring first."""
    return list(Lot.objects.filter(purse=purse).values_list("remaining", flat=True))


def last(purse: Purse) -> tuple[str, int, str]:
    move = Transfer.objects.filter(purse=purse).latest("purse_version")
    return move.kind, move.amount, move.reason


def test_lot_expires_and_the_statement_says_so(purse: Purse, days: Days) -> None:
    assert expire_lots(at=days(4)) == 0
    assert (expire_lots(at=days(6)), expire_lots(at=days(6))) == (1, 0)
    assert balance(purse) == (130, 0)
    assert last(purse) == ("expire", 20, "lot_expired")
    assert expire_lots(at=days(11)) == 1
    assert balance(purse) == (100, 0)
    assert expire_lots(at=days(10_000)) == 0


def test_what_expires_first_is_spent_first(purse: Purse) -> None:
    hold(purse, 5)
    assert remaining(purse) == [15, 30]
    hold(purse, 25)
    assert remaining(purse) == [0, 20]
    hold(purse, 100)
    assert remaining(purse) == [0, 0]
    assert balance(purse) == (20, 130)
    with pytest.raises(InsufficientCredits):
        hold(purse, 21)


def test_what_is_behind_a_live_hold_waits_for_it(purse: Purse, days: Days) -> None:
    order = hold(purse, 15)
    assert expire_lots(at=days(6)) == 1
    assert last(purse) == ("expire", 5, "lot_expired")
    assert balance(purse) == (130, 15)
    ledger.settle(order, 10, at=days(6))
    # 10 are paid; the 5 that came back had outlived their lot.
    assert last(purse) == ("expire", 5, "lot_expired")
    assert balance(purse) == (130, 0)
    assert list(Lot.objects.filter(amount=20).values_list("remaining", "expired")) == [(0, 10)]


def test_released_credits_come_back_to_their_lot_while_it_lives(purse: Purse, days: Days) -> None:
    order = hold(purse, 60)
    ledger.settle(order, 15)
    # The 15 were of the sooner lot; 5 of it, the whole later lot and 10 for ever come back.
    assert remaining(purse) == [5, 30]
    assert balance(purse) == (135, 0)
    assert expire_lots(at=days(11)) == 2
    assert balance(purse) == (100, 0)


def test_expired_credits_are_not_spent_even_before_anybody_swept(purse: Purse, days: Days) -> None:
    with pytest.raises(InsufficientCredits) as refusal:
        hold(purse, 131, at=days(6))
    assert refusal.value.params == {"price": 131, "available": 130}
    hold(purse, 130, at=days(6))
    assert balance(purse) == (0, 130)
    assert ("expire", 20) in Transfer.objects.values_list("kind", "amount")


def test_refund_goes_back_to_the_lot_it_came_from(purse: Purse) -> None:
    order = hold(purse, 60)
    ledger.settle(order, 60)
    ledger.refund(order, 15, key="a", why=STAFF)
    # 20 of the sooner lot, 30 of the later one and 10 for ever were paid: those that live longest return first.
    assert remaining(purse) == [0, 5]
    ledger.refund(order, 45, key="b", why=STAFF)
    assert remaining(purse) == [20, 30]
    assert balance(purse) == (150, 0)


def test_refund_to_an_expired_lot_gets_a_new_one_with_grace(purse: Purse, days: Days) -> None:
    order = hold(purse, 20)
    ledger.settle(order, 20)
    ledger.refund(order, 8, key="a", why=STAFF, at=days(6))
    lot = Lot.objects.filter(restores__isnull=False).select_related("restores").get()
    assert (lot.amount, lot.remaining, lot.restores and lot.restores.amount) == (8, 8, 20)
    assert lot.expires_at == days(6 + settings.REFUND_GRACE_DAYS)
    assert balance(purse) == (138, 0)
    assert expire_lots(at=days(6 + settings.REFUND_GRACE_DAYS - 0.5)) == 1
    assert balance(purse) == (108, 0)
    assert expire_lots(at=days(6.5 + settings.REFUND_GRACE_DAYS)) == 1
    assert balance(purse) == (100, 0)


def test_refund_of_a_restored_lot_finds_its_way_back_again(purse: Purse, days: Days) -> None:
    first = hold(purse, 20)
    ledger.settle(first, 20)
    ledger.refund(first, 20, key="a", why=STAFF, at=days(6))
    second = hold(purse, 50, at=days(6))
    ledger.settle(second, 50, at=days(6))
    ledger.refund(second, 50, key="b", why=STAFF, at=days(7))
    assert balance(purse) == (150, 0)
    assert remaining(purse) == [0, 30, 20]


def test_grant_that_would_be_dead_at_once_is_refused(purse: Purse, days: Days) -> None:
    before = balance(purse)
    for at in (days(0), days(-1)):
        with pytest.raises(ExpiryPast):
            ledger.grant(purse.pk, 5, key="late", why=STAFF, expires_at=at)
    assert balance(purse) == before
    assert not Transfer.objects.filter(key="grant:late").exists()


def test_adjustment_takes_what_lives_longest_first(purse: Purse, days: Days) -> None:
    ledger.adjust(purse.pk, -90, key="a", why=STAFF)
    assert remaining(purse) == [20, 30]
    ledger.adjust(purse.pk, -35, key="b", why=STAFF)
    assert remaining(purse) == [20, 5]
    assert balance(purse) == (25, 0)
    ledger.adjust(purse.pk, -25, key="c", why=STAFF)
    assert balance(purse) == (0, 0)
    assert expire_lots(at=days(11)) == 0


def test_frozen_purse_waits_with_its_expiry(purse: Purse, days: Days) -> None:
    Purse.objects.filter(pk=purse.pk).update(frozen_at=days(0))
    assert expire_lots(at=days(11)) == 0
    Purse.objects.filter(pk=purse.pk).update(frozen_at=None)
    assert expire_lots(at=days(11)) == 2
    assert balance(purse) == (100, 0)


def test_batch_order_draws_lots_hold_by_hold(purse: Purse) -> None:
    orders = [(uuid.uuid4(), amount) for amount in (15, 15, 30)]
    holds = ledger.hold_many(purse.pk, orders)
    assert remaining(purse) == [0, 0]
    ledger.release(holds[1])
    assert remaining(purse) == [5, 10]
    assert balance(purse) == (105, 45)


def test_purse_that_cannot_expire_does_not_stop_the_others(
    purse: Purse, rich: Callable[..., Purse], days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    other = rich("bob", 0)
    ledger.grant(other.pk, 7, key="bob's", why=STAFF, expires_at=days(5))
    purse.refresh_from_db()
    # A transfer written past the ledger takes the version that the purse's next move needs.
    words = {
        "source": "issued",
        "target": "available",
        "amount": 1,
        "kind": "grant",
        "key": "forged",
    }
    after = {"available_after": 151, "held_after": 0, "purse_version": purse.version + 1}
    Transfer.objects.create(purse=purse, actor="x", reason="x", **words, **after)
    assert expire_lots(at=days(6)) == 1
    other.refresh_from_db()
    assert other.available == 0
    assert "is left for later" in caplog.text
    assert remaining(purse) == [20, 30]
