"""States that no ordinary day brings: caches that lie, limits that change under a hold, the largest amounts."""

import uuid
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from credits import freezes, ledger
from credits.audit import audit
from credits.errors import (
    BudgetExceeded,
    CreditsProblem,
    HoldNotOpen,
    InsufficientCredits,
    KeyReused,
    NotFrozen,
    PurseUnknown,
)
from credits.expiry import expire_lots
from credits.ledger import LARGEST_AMOUNT, Terms, Why
from credits.models import Budget, Count, Hold, Lot, Purse, Transfer
from genhub.platforms.models import Platform, validate_time_zone
from tests.races import told

pytestmark = pytest.mark.django_db

STAFF = Why("staff", "counted by hand")
NOON = datetime(2031, 3, 30, 12, tzinfo=UTC)
ROUNDS = 10
Rich = Callable[..., Purse]


def hold(purse: Purse, amount: int, at: datetime | None = None) -> uuid.UUID:
    return ledger.hold(purse.pk, amount, reference=uuid.uuid4(), terms=Terms(at=at))


def balance(purse: Purse) -> tuple[int, int]:
    purse.refresh_from_db()
    assert audit() == []
    return purse.available, purse.held


@pytest.fixture
def soon() -> datetime:
    return timezone.now() + timedelta(days=1)


@pytest.fixture
def lotted(rich: Rich, soon: datetime) -> Purse:
    """10 credits for ever and 20 that expire soon."""
    purse = rich("alice", 10)
    ledger.grant(purse.pk, 20, key="lot", why=STAFF, expires_at=soon)
    return purse


def test_settlement_leaves_the_lots_of_a_frozen_purse_alone(lotted: Purse, soon: datetime) -> None:
    order = hold(lotted, 5)
    freezes.freeze(lotted.pk, ["cached_balance_equals_transfers"])
    ledger.settle(order, 5, at=soon + timedelta(days=1))
    assert not Transfer.objects.filter(kind="expire").exists()
    assert balance(lotted) == (25, 0)


def test_frozen_purse_with_less_than_its_lots_still_settles(lotted: Purse, soon: datetime) -> None:
    order = hold(lotted, 5)
    Purse.objects.filter(pk=lotted.pk).update(available=3)
    freezes.freeze(lotted.pk, ["cached_balance_equals_transfers"])
    assert ledger.settle(order, 5, at=soon + timedelta(days=1)) == 5
    freezes.unfreeze(lotted.pk, available=25, key="counted", why=STAFF)
    assert balance(lotted) == (25, 0)


def test_lot_found_wrong_is_mended_so_that_its_hold_can_be_released(lotted: Purse) -> None:
    order = hold(lotted, 5)
    Lot.objects.update(remaining=20)
    assert [finding.check for finding in audit()] == ["lot_adds_up"]
    freezes.freeze(lotted.pk, ["lot_adds_up"])
    freezes.unfreeze(lotted.pk, available=25, key="counted", why=STAFF)
    ledger.release(order)
    assert balance(lotted) == (30, 0)


def test_freeze_does_not_end_under_a_key_of_another_correction(rich: Rich) -> None:
    purse = rich("alice", 10)
    ledger.adjust(purse.pk, 5, key="used", why=STAFF)
    freezes.freeze(purse.pk, ["x"])
    with pytest.raises(KeyReused):
        freezes.unfreeze(purse.pk, available=3, key="used", why=STAFF)
    assert balance(purse) == (15, 0)
    assert purse.frozen_at


@pytest.mark.django_db(transaction=True)
def test_same_order_of_two_hands_is_one_hold(rich: Rich) -> None:
    purse = rich("alice", 100)
    references = [uuid.uuid4() for _ in range(ROUNDS)]

    def order_each() -> Callable[[], object]:
        rest = iter(references)
        return lambda: ledger.hold(purse.pk, 10, reference=next(rest))

    assert told(order_each(), order_each(), rounds=ROUNDS) == [["done", "done"]] * ROUNDS
    assert Hold.objects.count() == ROUNDS
    assert balance(purse) == (0, 100)


def test_time_zone_that_the_database_does_not_know_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    assert "Asia/Shanghai" in known
    # A zone that Python finds on the machine need not be the database's.
    for name in {"localtime"} | zoneinfo.available_timezones() - known:
        with pytest.raises(ValidationError):
            validate_time_zone(name)


def test_hold_counts_back_in_the_windows_of_the_zone_it_was_made_in(rich: Rich) -> None:
    purse = rich("alice", 1000)
    for period, most in (("day", 50), ("hour", 50), ("concurrent", 5)):
        Budget.objects.create(purse=purse, period=period, most=most)
    before = hold(purse, 50, NOON)
    Platform.objects.update(time_zone="Asia/Kolkata")
    # Another zone has other windows, which are empty.
    after = hold(purse, 50, NOON)
    ledger.settle(before, 20)
    ledger.release(after)
    # A day and an hour of each zone, and the tasks under way.
    assert sorted(Count.objects.values_list("used", flat=True)) == [0, 0, 0, 20, 20]
    assert balance(purse) == (980, 0)


def test_budget_lowered_and_switched_off_still_counts_back(rich: Rich) -> None:
    purse = rich("alice", 1000)
    Budget.objects.create(purse=purse, period="total", most=50)
    Budget.objects.create(purse=purse, period="concurrent", most=5)
    orders = [hold(purse, 25), hold(purse, 25)]
    Budget.objects.update(most=1, is_active=False)
    orders.append(hold(purse, 100))
    for order in orders:
        ledger.release(order)
    assert list(Count.objects.values_list("used", flat=True)) == [0, 0]
    Budget.objects.update(is_active=True)
    hold(purse, 1)
    with pytest.raises(BudgetExceeded), transaction.atomic():
        hold(purse, 1)
    assert balance(purse) == (999, 1)


def test_sums_far_above_the_largest_amount_add_up(rich: Rich) -> None:
    purse = rich("alice", 0)
    for number in range(12):
        expires_at = None if number % 2 else NOON
        ledger.grant(purse.pk, LARGEST_AMOUNT, key=str(number), why=STAFF, expires_at=expires_at)
    orders = ledger.hold_many(purse.pk, [(uuid.uuid4(), LARGEST_AMOUNT) for _ in range(11)])
    for order in orders:
        ledger.settle(order, LARGEST_AMOUNT - 1)
    for order in orders:
        ledger.refund(order, LARGEST_AMOUNT - 1, key="back", why=STAFF)
    assert balance(purse) == (12 * LARGEST_AMOUNT, 0)
    small = hold(purse, 1)
    ledger.settle(small, LARGEST_AMOUNT)
    assert Hold.objects.get(pk=small).overrun == LARGEST_AMOUNT - 1
    assert balance(purse) == (12 * LARGEST_AMOUNT - 1, 0)


def test_lot_shrunk_by_a_freeze_takes_back_refund_and_release(rich: Rich) -> None:
    purse = rich("alice", 0)
    ledger.grant(purse.pk, 50, key="lot", why=STAFF, expires_at=NOON)
    ended, under_way = hold(purse, 30), hold(purse, 5)
    ledger.settle(ended, 20)
    freezes.freeze(purse.pk, ["x"])
    freezes.unfreeze(purse.pk, available=0, key="counted", why=STAFF)
    assert balance(purse) == (0, 5)
    ledger.refund(ended, 20, key="back", why=STAFF)
    ledger.release(under_way)
    assert balance(purse) == (25, 0)
    assert Lot.objects.get().remaining == 25
    assert expire_lots(at=NOON + timedelta(days=1)) == 1
    assert balance(purse) == (0, 0)


def test_refusals_leave_the_callers_transaction_usable(rich: Rich) -> None:
    purse = rich("alice", 10)
    refused: list[tuple[type[CreditsProblem], Callable[[], object]]] = [
        (InsufficientCredits, lambda: hold(purse, 11)),
        (HoldNotOpen, lambda: ledger.settle(uuid.uuid4(), 1)),
        (InsufficientCredits, lambda: ledger.adjust(purse.pk, -11, key="down", why=STAFF)),
        (PurseUnknown, lambda: ledger.hold(uuid.uuid4(), 1, reference=uuid.uuid4())),
        (NotFrozen, lambda: freezes.unfreeze(purse.pk, available=1, key="counted", why=STAFF)),
    ]
    with transaction.atomic():
        for problem, act in refused:
            with pytest.raises(problem):
                act()
        ledger.grant(purse.pk, 1, key="last", why=STAFF)
    assert balance(purse) == (11, 0)
