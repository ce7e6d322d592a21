"""Budgets: what a key or a purse may spend in a window, exact to the credit, in the platform's time zone."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from credits import ledger
from credits.audit import audit
from credits.budgets import list_budgets
from credits.counts import find_window
from credits.errors import BudgetExceeded
from credits.ledger import Terms
from credits.models import Budget, Count, Hold, Period, Purse
from genhub.platforms.models import ApiKey, Platform

NOON = datetime(2031, 3, 30, 12, tzinfo=UTC)


@pytest.fixture
def purse(rich: Callable[..., Purse]) -> Purse:
    return rich("alice", 1000)


@pytest.fixture
def key(shop: Platform) -> ApiKey:
    return ApiKey.objects.issue(shop, name="tests")[0]


def hold(
    purse: Purse, amount: int, *, key: ApiKey | None = None, at: datetime | None = NOON
) -> uuid.UUID:
    terms = Terms(api_key_id=key.pk if key else None, at=at)
    return ledger.hold(purse.pk, amount, reference=uuid.uuid4(), terms=terms)


def refused(
    purse: Purse, amount: int, *, key: ApiKey | None = None, at: datetime | None = NOON
) -> dict[str, object]:
    """Return what the refusal of a hold says; nothing may have moved."""
    before = Purse.objects.values().get(pk=purse.pk), list(Count.objects.values()), audit()
    with pytest.raises(BudgetExceeded) as refusal, transaction.atomic():
        hold(purse, amount, key=key, at=at)
    assert (
        Purse.objects.values().get(pk=purse.pk),
        list(Count.objects.values()),
        audit(),
    ) == before
    assert before[-1] == []
    assert refusal.value.status == (429 if refusal.value.code == "concurrency_reached" else 402)
    assert str(refusal.value.params["limit"]) in str(refusal.value)
    return dict(refusal.value.params)


@pytest.mark.django_db
def test_day_begins_anew_in_the_platforms_time_zone(purse: Purse, shop: Platform) -> None:
    Platform.objects.filter(pk=shop.pk).update(time_zone="Asia/Shanghai")
    Budget.objects.create(purse=purse, period="day", most=50)
    hold(purse, 40)
    assert refused(purse, 11) == {
        "scope": "purse", "period": "day", "limit": 50, "spent": 40, "wanted": 11,
        "resets_at": "2031-03-30T16:00:00+00:00",
    }  # fmt: skip
    hold(purse, 10)
    refused(purse, 1, at=NOON + timedelta(hours=3, minutes=59))
    hold(purse, 50, at=NOON + timedelta(hours=4))
    assert audit() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("period", "starts_at", "ends_at"),
    [
        ("hour", "2031-03-30T11:30", "2031-03-30T12:30"),
        ("day", "2031-03-29T18:30", "2031-03-30T18:30"),
        ("month", "2031-02-28T18:30", "2031-03-31T18:30"),
        ("total", "1970-01-01T00:00", None),
        ("concurrent", "1970-01-01T00:00", None),
    ],
)
def test_windows_of_a_zone_with_half_an_hour(
    period: str, starts_at: str, ends_at: str | None
) -> None:
    window = find_window(Period(period), "Asia/Kolkata", NOON)
    assert window.starts_at == datetime.fromisoformat(f"{starts_at}+00:00")
    assert window.ends_at == (datetime.fromisoformat(f"{ends_at}+00:00") if ends_at else None)


@pytest.mark.django_db
def test_changes_of_clocks_are_counted_through() -> None:
    # Berlin: on 30 March 2031 the day has 23 hours, on 26 October the hour from 2 to 3 comes twice.
    day = find_window(Period.DAY, "Europe/Berlin", NOON)
    assert day.ends_at is not None
    assert day.ends_at - day.starts_at == timedelta(hours=23)
    twice = datetime(2031, 10, 26, 0, 15, tzinfo=UTC)
    hours = [find_window(Period.HOUR, "Europe/Berlin", twice + timedelta(hours=n)) for n in (0, 1)]
    assert [hour.starts_at.hour for hour in hours] == [0, 1]
    assert hours[0].ends_at == hours[1].starts_at


@pytest.mark.django_db
def test_what_is_released_counts_back_in_the_window_of_its_hold(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="hour", most=50)
    order = hold(purse, 50)
    refused(purse, 1)
    later = NOON + timedelta(hours=1)
    hold(purse, 50, at=later)
    ledger.settle(order, 20, at=later)
    # 30 are free again in the hour of the order; the hour after it stays used up.
    hold(purse, 30)
    refused(purse, 1)
    refused(purse, 1, at=later)
    assert [count.used for count in Count.objects.order_by("starts_at")] == [50, 50]


@pytest.mark.django_db
def test_total_never_begins_anew_and_refunds_do_not_count_back(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="total", most=50)
    order = hold(purse, 50)
    ledger.settle(order, 50)
    ledger.refund(order, 50, key="a", why=ledger.Why("staff", "a gift of the house"))
    assert refused(purse, 1, at=NOON + timedelta(days=10_000))["resets_at"] is None


@pytest.mark.django_db
def test_tasks_at_the_same_time_are_counted_while_they_live(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="concurrent", most=2)
    first, second = hold(purse, 10), hold(purse, 10)
    assert refused(purse, 1) | {"resets_at": None} == {
        "scope": "purse", "period": "concurrent", "limit": 2, "spent": 2, "wanted": 1, "resets_at": None,
    }  # fmt: skip
    ledger.settle(first, 10)
    third = hold(purse, 10)
    refused(purse, 1)
    for order in (second, third):
        ledger.release(order)
    assert Count.objects.get().used == 0


@pytest.mark.django_db
def test_key_and_purse_bind_together(purse: Purse, key: ApiKey, rich: Callable[..., Purse]) -> None:
    Budget.objects.create(api_key=key, period="day", most=60)
    Budget.objects.create(purse=purse, period="day", most=100)
    hold(purse, 50, key=key)
    assert refused(purse, 11, key=key)["scope"] == "key"
    # The key counts over all purses it spends from; the purse counts whoever spends.
    assert refused(rich("bob", 100), 11, key=key)["scope"] == "key"
    hold(purse, 50)
    assert refused(purse, 1)["scope"] == "purse"
    views = {view.scope: (view.limit, view.spent) for view in list_budgets(purse.pk, key.pk, NOON)}
    assert views == {"key": (60, 50), "purse": (100, 100)}
    Budget.objects.update(is_active=False)
    hold(purse, 100, key=key)
    assert audit() == []


@pytest.mark.django_db
def test_order_of_nothing_left_to_spend_is_refused_at_once(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="month", most=0)
    assert refused(purse, 1)["spent"] == 0
    assert not Count.objects.exists()


@pytest.mark.django_db
def test_batch_order_counts_as_a_whole(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="total", most=50)
    orders = [(uuid.uuid4(), 20) for _ in range(3)]
    with pytest.raises(BudgetExceeded), transaction.atomic():
        ledger.hold_many(purse.pk, orders)
    assert not Hold.objects.exists()
    for hold_id in ledger.hold_many(purse.pk, orders[:2]):
        ledger.release(hold_id)
    assert Count.objects.get().used == 0
    assert audit() == []


@pytest.mark.django_db
def test_refusal_cannot_be_swallowed_into_a_commit(purse: Purse) -> None:
    Budget.objects.create(purse=purse, period="total", most=5)
    with transaction.atomic():
        with pytest.raises(BudgetExceeded):
            hold(purse, 6)
        assert connection.needs_rollback
    assert not Hold.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_key_budget_is_exact_over_many_purses_at_once(
    key: ApiKey, rich: Callable[..., Purse]
) -> None:
    purses = [rich(f"user {number}", 1000) for number in range(8)]
    for period in ("day", "total", "concurrent"):
        Budget.objects.create(
            api_key=key, period=period, most=70 if period != "concurrent" else 1000
        )

    def spend(purse: Purse) -> int:
        taken = 0
        for _ in range(10):
            try:
                order = hold(purse, 7, key=key)
            except BudgetExceeded:
                continue
            taken += 7
            if taken % 2:
                ledger.release(order)
                taken -= 7
        connections.close_all()
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(spend, purses))
    assert Count.objects.get(limit_id=Budget.objects.get(period="day").pk).used == taken <= 70
    assert Hold.objects.count() > 10
    assert audit() == []
